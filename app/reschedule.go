package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Reschedule gives every CONNECTED connection that is polled the poll job that it should have: after an update from a version without a
// queue, and when somebody deleted jobs by hand.
type Reschedule struct {
	repo      ports.Repository
	directory ports.Directory
	queue     ports.Queue
	clients   map[domain.MarketplaceType]ports.MarketplaceClient
	log       *slog.Logger
}

// Run walks all connections and returns how many jobs were missing. Connections of marketplaces that are not enabled are
// left alone. Running it again, or many at once, schedules nothing twice. domain.ErrForbidden without a queue. A connection
// whose job cannot be scheduled is logged, does not stop the walk, and is part of the error.
func (u *Reschedule) Run(ctx context.Context) (missing int, err error) {
	if u.queue == nil {
		return 0, domain.Errorf(domain.ErrForbidden, "this installation has no queue")
	}
	var failed error
	for refs, err := range connected(ctx, u.directory) {
		if err != nil {
			return missing, err
		}
		ids := make([]domain.ConnectionID, len(refs))
		for i, ref := range refs {
			ids[i] = ref.ID
		}
		there, err := u.queue.Polled(ctx, ids)
		if err != nil {
			return missing, err
		}
		for _, ref := range refs {
			if there[ref.ID] || u.clients[ref.Type] == nil {
				continue
			}
			if err := u.schedule(ctx, ref); err != nil {
				if ctx.Err() != nil {
					return missing, ctx.Err()
				}
				u.log.ErrorContext(ctx, "poll job not scheduled", "tenant", ref.Tenant.String(), "connection", ref.ID.String(), "error", err)
				failed = errors.Join(failed, err)
				continue
			}
			missing++
		}
	}
	if missing > 0 {
		u.log.WarnContext(ctx, "poll jobs were missing and are scheduled", "count", missing)
	}
	return missing, errors.Join(failed, ctx.Err())
}

// schedule gives a connection its job, if it still wants one.
func (u *Reschedule) schedule(ctx context.Context, ref ports.ConnectionRef) error {
	return u.repo.Update(ctx, ref.Tenant, func(ctx context.Context, tx ports.Tx) error {
		c, err := tx.Connections.Lock(ctx, ref.ID)
		if err != nil || !c.State().Polled() {
			return err
		}
		return tx.Jobs.Schedule(ctx, ports.JobPoll, ref.ID, time.Time{})
	})
}
