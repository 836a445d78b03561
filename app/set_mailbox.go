package app

import (
	"context"
	"errors"
	"log/slog"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// SetMailbox gives a tenant's connection the mailbox that its messages arrive in.
type SetMailbox struct {
	repo    ports.Repository
	connect *Connect
	check   ports.MailboxChecker
	secrets ports.SecretStore
	clock   ports.Clock
	log     *slog.Logger
}

// SetMailboxCommand says whose mailbox it is and how to get in.
type SetMailboxCommand struct {
	Tenant      domain.TenantID
	Marketplace domain.MarketplaceType
	Mailbox     domain.Mailbox
	By          string // the token's subject, for the record
}

// Run logs in to the mailbox; if that works it stores the secret and makes the connection, new or old, CONNECTED with
// source IMAP, one whose mail is pushed too: its addresses take mail all the same. If it does not, nothing is changed: domain.ErrInvalid names the field that cannot be right,
// domain.ErrRejected says what failed. Running it again replaces the mailbox; messages already read stay known.
//
// The secret is stored, at a place of its own, before the connection points at it, and the one before is deleted after.
// So whatever meets or crashes when, a CONNECTED connection has its secret; what may be left behind is a secret that
// nothing points at.
func (u *SetMailbox) Run(ctx context.Context, cmd SetMailboxCommand) (domain.ConnectionState, error) {
	box, err := domain.NewMailbox(cmd.Mailbox)
	if err != nil {
		return domain.ConnectionState{}, err
	}
	if err := u.check.CheckMailbox(ctx, box); err != nil {
		return domain.ConnectionState{}, err
	}
	connected, err := u.connect.Run(ctx, ConnectCommand{Tenant: cmd.Tenant, Marketplace: cmd.Marketplace, By: cmd.By})
	if err != nil {
		return domain.ConnectionState{}, err
	}
	c := connected.ConnectionState
	path, before := domain.NewSecretPath(c), ""
	if err := u.secrets.Put(ctx, path, box.SecretData()); err != nil {
		return domain.ConnectionState{}, err
	}
	link := domain.SourceBinding{
		Source: domain.SourceIMAP, DisplayName: cmd.Marketplace.Title() + " (" + box.Host + ")", VaultPath: path.String(),
	}
	err = u.repo.Update(ctx, cmd.Tenant, func(ctx context.Context, tx ports.Tx) error {
		conn, err := tx.Connections.Lock(ctx, c.ID)
		if err != nil {
			return err
		}
		before = conn.State().VaultPath
		now := u.clock.Now()
		if err := conn.Connect(link, now); err != nil {
			return err
		}
		c = conn.State()
		return startPolling(ctx, tx, conn, cmd.By, now)
	})
	if err != nil {
		if !errors.Is(err, domain.ErrUnavailable) { // then it may have been stored after all
			forget(ctx, u.secrets, path.String(), u.log)
		}
		return domain.ConnectionState{}, err
	}
	forget(ctx, u.secrets, before, u.log)
	return c, nil
}

// forget deletes secrets that nothing points at any more. If that fails they are only left over.
func forget(ctx context.Context, secrets ports.SecretStore, path string, log *slog.Logger) {
	parsed, err := domain.ParseSecretPath(path)
	if err != nil { // there were none
		return
	}
	if err := secrets.Delete(context.WithoutCancel(ctx), parsed); err != nil {
		log.WarnContext(ctx, "unused secret not deleted", "path", path, "error", err)
	}
}
