package app

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Sync polls a tenant's connection to a marketplace because somebody asked for it.
type Sync struct {
	repo ports.Repository
	poll *Poll
}

// SyncCommand says whose connection to what.
type SyncCommand struct {
	Tenant      domain.TenantID
	Marketplace domain.MarketplaceType
}

// Run is [Poll.Run] for the tenant's connection. domain.ErrConflict if there is none that is CONNECTED.
func (u *Sync) Run(ctx context.Context, cmd SyncCommand) (PollResult, error) {
	var id domain.ConnectionID
	err := u.repo.View(ctx, cmd.Tenant, func(ctx context.Context, tx ports.Tx) error {
		c, err := ofType(ctx, tx, cmd.Marketplace)
		if err != nil {
			return err
		}
		if c == nil {
			return domain.Errorf(domain.ErrConflict, "%s is not connected: connect it first", cmd.Marketplace.Title())
		}
		id = c.State().ID
		return nil
	})
	if err != nil {
		return PollResult{}, err
	}
	return u.poll.runAhead(ctx, PollCommand{Tenant: cmd.Tenant, Connection: id})
}
