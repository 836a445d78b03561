package app

import (
	"context"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Status tells a seller how the connection to a marketplace is, and what to do next.
type Status struct {
	repo        ports.Repository
	authorizers map[domain.MarketplaceType]ports.Authorizer
	clock       ports.Clock
}

// StatusQuery says whose connection to what.
type StatusQuery struct {
	Tenant      domain.TenantID
	Marketplace domain.MarketplaceType
}

// StatusResult is how a connection is.
type StatusResult struct {
	domain.OnboardingState
	Found          bool                   // false if there never was a connection
	Participations []domain.Participation // the marketplaces that the seller's accounts take part in
	Next           domain.NextStep
	At             time.Time // when that was so
}

// Run returns how the tenant's connection is. It changes nothing and asks nobody.
func (u *Status) Run(ctx context.Context, q StatusQuery) (out StatusResult, err error) {
	out.CanAuthorize = u.authorizers[q.Marketplace] != nil
	err = u.repo.View(ctx, q.Tenant, func(ctx context.Context, tx ports.Tx) error {
		there, err := ofType(ctx, tx, q.Marketplace)
		if err != nil || there == nil {
			return err
		}
		out.Found, out.Connection = true, there.State()
		id := out.Connection.ID
		if out.Authorizations, err = authorizationsOf(ctx, tx, id); err != nil {
			return err
		}
		if out.Participations, err = tx.Authorizations.Participations(ctx, id); err != nil {
			return err
		}
		addresses, err := tx.Addresses.List(ctx, q.Marketplace)
		for _, a := range addresses {
			if s := a.State(); s.Connection == id {
				out.Addresses = append(out.Addresses, s)
			}
		}
		return err
	})
	out.At = u.clock.Now()
	out.Next = out.OnboardingState.Next(out.At)
	return out, err
}
