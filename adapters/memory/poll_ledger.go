package memory

import (
	"context"
	"errors"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

var _ ports.PollLedger = (*Store)(nil)

// BeginPoll implements ports.PollLedger.
func (s *Store) BeginPoll(ctx context.Context, tenant domain.TenantID, id domain.ConnectionID) (p ports.PollState, err error) {
	err = s.View(ctx, tenant, func(ctx context.Context, tx ports.Tx) error {
		c, err := tx.Connections.Get(ctx, id)
		if err != nil {
			return err
		}
		state, err := tx.SyncStates.Get(ctx, id)
		if err != nil {
			return err
		}
		p = ports.PollState{Connection: c.State(), Sync: state.State()}
		return nil
	})
	return p, err
}

// EndPoll implements ports.PollLedger.
func (s *Store) EndPoll(ctx context.Context, began ports.PollState, now time.Time) (saved bool, err error) {
	err = s.Update(ctx, began.Connection.Tenant, func(ctx context.Context, tx ports.Tx) error {
		c, state, err := tx.Polls.Lock(ctx, began.Connection.ID)
		if errors.Is(err, domain.ErrNotFound) {
			return nil
		}
		if err != nil || c.State() != began.Connection || state.State() != began.Sync {
			return err
		}
		c.RecordSync(now)
		state.RecordSuccess(now)
		saved = true
		return tx.Polls.Save(ctx, c, state)
	})
	return saved && err == nil, err
}
