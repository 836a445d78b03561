package memory

import (
	"cmp"
	"context"
	"slices"

	"github.com/keybuzzio/marketplaces/domain"
)

type connections struct{ *transaction }

func (x connections) Get(ctx context.Context, id domain.ConnectionID) (*domain.Connection, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, ok := x.rows.connections[id]
	if !ok {
		return nil, errNone
	}
	return domain.RestoreConnection(s)
}

func (x connections) Lock(ctx context.Context, id domain.ConnectionID) (*domain.Connection, error) {
	if err := x.change(ctx); err != nil {
		return nil, err
	}
	x.locked[connectionLock(id)] = true
	return x.Get(ctx, id)
}

func (x connections) OfType(ctx context.Context, t domain.MarketplaceType) ([]*domain.Connection, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var states []domain.ConnectionState
	for _, s := range x.rows.connections {
		if s.Type == t {
			states = append(states, s)
		}
	}
	slices.SortFunc(states, func(a, b domain.ConnectionState) int {
		return cmp.Or(disabledLast(a, b), b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.ID.String(), a.ID.String()))
	})
	all := make([]*domain.Connection, len(states))
	for i, s := range states {
		c, err := domain.RestoreConnection(s)
		if err != nil {
			return nil, err
		}
		all[i] = c
	}
	return all, nil
}

func disabledLast(a, b domain.ConnectionState) int {
	switch da, db := a.Status == domain.ConnectionDisabled, b.Status == domain.ConnectionDisabled; {
	case da == db:
		return 0
	case da:
		return 1
	}
	return -1
}

func (x connections) Insert(ctx context.Context, c *domain.Connection) error {
	s := c.State()
	if err := x.change(ctx); err != nil {
		return err
	}
	if s.Tenant != x.tenant {
		return errNone
	}
	if _, there := x.rows.connections[s.ID]; there {
		return x.fail(errThere)
	}
	if err := x.put(s); err != nil {
		return err
	}
	x.rows.syncStates[s.ID] = domain.NewSyncState(s).State()
	x.locked[connectionLock(s.ID)], x.locked[syncStateLock(s.ID)] = true, true
	return nil
}

func (x connections) Save(ctx context.Context, c *domain.Connection) error {
	s := c.State()
	if err := x.change(ctx); err != nil {
		return err
	}
	if _, there := x.rows.connections[s.ID]; !there {
		return errNone
	}
	if err := x.holds(connectionLock(s.ID)); err != nil {
		return err
	}
	return x.put(s)
}

// put stores s unless another connection that is not disabled has its place.
func (x connections) put(s domain.ConnectionState) error {
	for _, other := range x.rows.connections {
		if s.Status != domain.ConnectionDisabled && other.Status != domain.ConnectionDisabled && other.ID != s.ID &&
			other.Type == s.Type && other.MarketplaceID == s.MarketplaceID {
			return x.fail(domain.Errorf(domain.ErrConflict, "there is a connection to this marketplace already"))
		}
	}
	s.LastSyncAt, s.CreatedAt, s.UpdatedAt = stored(s.LastSyncAt), stored(s.CreatedAt), stored(s.UpdatedAt)
	x.rows.connections[s.ID] = s
	return nil
}
