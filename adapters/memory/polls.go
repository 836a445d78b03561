package memory

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
)

type polls struct{ *transaction }

func (x polls) Lock(ctx context.Context, id domain.ConnectionID) (*domain.Connection, *domain.SyncState, error) {
	c, err := connections(x).Lock(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	s, err := syncStates(x).Lock(ctx, id)
	return c, s, err
}

func (x polls) Save(ctx context.Context, c *domain.Connection, s *domain.SyncState) error {
	if err := connections(x).Save(ctx, c); err != nil {
		return err
	}
	return x.fail(intake(x).advance(s.State()))
}
