package memory

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
)

type syncStates struct{ *transaction }

func (x syncStates) Get(ctx context.Context, id domain.ConnectionID) (*domain.SyncState, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, ok := x.rows.syncStates[id]
	if !ok {
		return nil, errNone
	}
	return domain.RestoreSyncState(s)
}

func (x syncStates) Lock(ctx context.Context, id domain.ConnectionID) (*domain.SyncState, error) {
	if err := x.change(ctx); err != nil {
		return nil, err
	}
	x.locked[syncStateLock(id)] = true
	return x.Get(ctx, id)
}

// advance saves a state that this transaction has locked.
func (x intake) advance(s domain.SyncStateData) error {
	if _, there := x.rows.syncStates[s.Connection]; !there {
		return errNone
	}
	if err := x.holds(syncStateLock(s.Connection)); err != nil {
		return err
	}
	s.LastPolledAt, s.LastSuccessAt, s.LastArrivalAt = stored(s.LastPolledAt), stored(s.LastSuccessAt), stored(s.LastArrivalAt)
	x.rows.syncStates[s.Connection] = s
	return nil
}
