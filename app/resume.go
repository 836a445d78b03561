package app

import (
	"context"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Resume has a connection polled again that went to ERROR.
type Resume struct {
	repo       ports.Repository
	operations ports.Operations
	clock      ports.Clock
}

// ResumeCommand says who resumes what, whosever it is.
type ResumeCommand struct {
	Connection domain.ConnectionID
	By         string // the operator's subject, for the record
}

// Run makes a connection in ERROR CONNECTED and schedules its poll for now, in one transaction with the record of who did
// it. A CONNECTED one is polled now; one whose mail is pushed has nothing to poll. Running it again is harmless and recorded again. domain.ErrNotFound if nobody has this
// connection; domain.ErrConflict if only its seller can have it polled; domain.ErrForbidden where operators see nothing.
func (u *Resume) Run(ctx context.Context, cmd ResumeCommand) (domain.ConnectionState, error) {
	if u.operations == nil {
		return domain.ConnectionState{}, errNoOperations
	}
	ref, err := u.operations.FindConnection(ctx, cmd.Connection)
	if err != nil {
		return domain.ConnectionState{}, err
	}
	var out domain.ConnectionState
	err = u.repo.Update(ctx, ref.Tenant, func(ctx context.Context, tx ports.Tx) error {
		c, err := tx.Connections.Lock(ctx, ref.ID)
		if err != nil {
			return err
		}
		was, now := c.State(), u.clock.Now()
		if err := c.Resume(now); err != nil {
			return err
		}
		out = c.State()
		if err := tx.Connections.Save(ctx, c); err != nil {
			return err
		}
		if out.Polled() {
			if err := tx.Jobs.Schedule(ctx, ports.JobPoll, ref.ID, time.Time{}); err != nil {
				return err
			}
		}
		return tx.Audit.Record(ctx, domain.AuditEntry{
			ID: domain.NewID[domain.AuditID](), Tenant: ref.Tenant, Action: domain.AuditResumed, Subject: ref.ID.String(),
			Actor: domain.ActorAgent, ActorID: cmd.By, Cause: resumedFrom(was), At: now,
		})
	})
	return out, err
}

// resumedFrom says what a connection was resumed from.
func resumedFrom(was domain.ConnectionState) string {
	if was.Status == domain.ConnectionConnected {
		return "polled at once"
	}
	return "was in " + string(was.Status) + ": " + was.LastError
}
