package app

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Dismiss takes something out of quarantine that needs no ticket.
type Dismiss struct {
	repo  ports.Repository
	clock ports.Clock
}

// DismissCommand says who dismisses what.
type DismissCommand struct {
	Tenant domain.TenantID
	ID     domain.QuarantineID
	By     string // the token's subject, for the record
}

// Run ends the quarantine and records who did. The message itself stays: a stored one without a ticket, a rejected one as if
// it had been replayed. Running it again is domain.ErrNotFound: it is not in quarantine any more.
func (u *Dismiss) Run(ctx context.Context, cmd DismissCommand) error {
	var connection domain.ConnectionID
	err := u.repo.View(ctx, cmd.Tenant, func(ctx context.Context, tx ports.Tx) error {
		q, err := tx.Quarantine.Get(ctx, cmd.ID)
		connection = q.Connection
		return err
	})
	if err != nil {
		return err
	}
	return u.repo.Update(ctx, cmd.Tenant, func(ctx context.Context, tx ports.Tx) error {
		// A replay of the connection's messages would write back what it read before.
		if _, err := tx.SyncStates.Lock(ctx, connection); err != nil {
			return err
		}
		q, err := tx.Quarantine.Lock(ctx, cmd.ID)
		if err != nil {
			return err
		}
		now := u.clock.Now()
		if q.Rejected {
			err = tx.DeadLetters.MarkReplayed(ctx, domain.RejectedID(cmd.ID), now)
		} else {
			err = tx.Quarantine.Dismiss(ctx, domain.MessageID(cmd.ID))
		}
		if err != nil {
			return err
		}
		return recordQuarantined(ctx, tx, domain.AuditDismissed, q, cmd.By, q.Reason, now)
	})
}
