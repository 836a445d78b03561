package boot

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// eraseArguments are the flags of the command erase.
type eraseArguments struct {
	tenant string
	yes    bool
}

// command is what the flags ask for. The error says what is wrong with them.
func (a eraseArguments) command() (app.EraseRawsCommand, error) {
	cmd := app.EraseRawsCommand{Actor: domain.ActorAgent, ActorID: "worker erase"}
	if a.tenant == "" {
		return cmd, errors.New("--tenant is missing: say whose messages, such as --tenant acme: see worker erase --help")
	}
	var err error
	if cmd.Tenant, err = domain.ParseTenantID(a.tenant); err != nil {
		return cmd, fmt.Errorf("--tenant: %w", err)
	}
	return cmd, nil
}

// errNotErased ends the command with exit code 1: whoever runs it must not take it for done.
var errNotErased = errors.New("nothing was erased: run again with --yes")

// erase runs the command, or says what it would do.
func erase(ctx context.Context, s *service, cmd app.EraseRawsCommand, yes bool, io Streams) error {
	var stored int
	err := s.repo.View(ctx, cmd.Tenant, func(ctx context.Context, tx ports.Tx) (err error) {
		stored, err = tx.Archive.Count(ctx, domain.MessageID{})
		return err
	})
	if err != nil {
		return err
	}
	if !yes && stored == 0 {
		_, err := fmt.Fprintf(io.Out, "tenant %s has no messages: there is nothing to erase\n", cmd.Tenant)
		return err
	}
	if !yes {
		_, err := fmt.Fprintf(io.Out, "tenant %s has %d messages; as they came, with their attachments, they would be unreadable for good\n", cmd.Tenant, stored)
		return cmp.Or(err, errNotErased)
	}
	if err := s.app.EraseRaws.Run(ctx, cmd); err != nil {
		return fmt.Errorf("%w: run the same again to finish it", err)
	}
	_, err = fmt.Fprintf(io.Out, "tenant %s: %d messages as they came are unreadable for good; other processes may read them for a minute longer\n", cmd.Tenant, stored)
	return err
}

const eraseHelp = `worker erase makes a tenant's messages, as they came, unreadable for good, wherever copies of them are.

Usage:
  worker [--dev] erase --tenant TENANT [--yes]

Flags:
  --tenant TENANT   whose messages
  --yes             do it; without it the command says what it would do
  --dev             development mode, as for the worker

It deletes the tenant's keys in the SecretStore. What was sealed with them, attachments among it, cannot be opened any
more: not here, not in a backup of the database, not in the object store. There is no way back. Running processes may
hold a key for a minute longer. Tickets and their texts stay, and messages that come later are kept under a new key.

If it is interrupted, run it again. It needs the settings of the worker: see worker --help.
`
