package app

import (
	"context"
	"errors"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Connect begins a seller's connection to a marketplace.
type Connect struct {
	repo    ports.Repository
	clients map[domain.MarketplaceType]ports.MarketplaceClient
	clock   ports.Clock
}

// ConnectCommand says who wants to connect to what.
type ConnectCommand struct {
	Tenant      domain.TenantID
	Marketplace domain.MarketplaceType
}

// Run makes sure that the tenant has a connection that is not disabled, and returns it. A new one is PENDING; a
// disabled one is PENDING again, with its id and history; any other stays as it is. Running it again, or many at once,
// gives the same connection. domain.ErrForbidden if the marketplace is not enabled on this installation.
func (u *Connect) Run(ctx context.Context, cmd ConnectCommand) (domain.ConnectionState, error) {
	var out domain.ConnectionState
	err := u.update(ctx, cmd, func(_ context.Context, _ ports.Tx, c *domain.Connection) error {
		out = c.State()
		return nil
	})
	return out, err
}

// update runs fn on the tenant's connection, locked and not disabled, in the transaction that made sure it is there.
func (u *Connect) update(ctx context.Context, cmd ConnectCommand, fn func(context.Context, ports.Tx, *domain.Connection) error) error {
	if u.clients[cmd.Marketplace] == nil {
		return domain.Errorf(domain.ErrForbidden, "%s cannot be connected on this installation", cmd.Marketplace.Title())
	}
	try := func() error {
		return u.repo.Update(ctx, cmd.Tenant, func(ctx context.Context, tx ports.Tx) error {
			c, err := u.ensure(ctx, tx, cmd)
			if err != nil {
				return err
			}
			return fn(ctx, tx, c)
		})
	}
	err := try()
	if errors.Is(err, domain.ErrConflict) { // somebody inserted it first: now it is there to be locked
		err = try()
	}
	return err
}

func (u *Connect) ensure(ctx context.Context, tx ports.Tx, cmd ConnectCommand) (*domain.Connection, error) {
	there, err := ofType(ctx, tx, cmd.Marketplace)
	if err != nil {
		return nil, err
	}
	if there == nil {
		c, err := domain.NewConnection(cmd.Tenant, cmd.Marketplace, u.clock.Now())
		if err != nil {
			return nil, err
		}
		return c, tx.Connections.Insert(ctx, c)
	}
	c, err := tx.Connections.Lock(ctx, there.State().ID)
	if err != nil {
		return nil, err
	}
	if c.State().Status != domain.ConnectionDisabled {
		return c, nil
	}
	c.Reopen(u.clock.Now())
	return c, tx.Connections.Save(ctx, c)
}

// ofType returns the tenant's connection to a marketplace, the one that is not disabled before others; nil if there is
// none.
func ofType(ctx context.Context, tx ports.Tx, t domain.MarketplaceType) (*domain.Connection, error) {
	all, err := tx.Connections.OfType(ctx, t)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}
