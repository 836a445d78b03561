package app

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Status tells a seller how the connection to a marketplace is.
type Status struct{ repo ports.Repository }

// StatusQuery says whose connection to what.
type StatusQuery struct {
	Tenant      domain.TenantID
	Marketplace domain.MarketplaceType
}

// Run returns the tenant's connection, and found false if there never was one. It changes nothing.
func (u *Status) Run(ctx context.Context, q StatusQuery) (c domain.ConnectionState, found bool, err error) {
	err = u.repo.View(ctx, q.Tenant, func(ctx context.Context, tx ports.Tx) error {
		there, err := ofType(ctx, tx, q.Marketplace)
		if err == nil && there != nil {
			c, found = there.State(), true
		}
		return err
	})
	return c, found, err
}
