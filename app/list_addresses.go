package app

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// ListAddresses shows a tenant its inbound addresses.
type ListAddresses struct{ repo ports.Repository }

// ListAddressesQuery says whose addresses for what.
type ListAddressesQuery struct {
	Tenant      domain.TenantID
	Marketplace domain.MarketplaceType
}

// Run returns all addresses, retired ones too, by country and age. It changes nothing.
func (u *ListAddresses) Run(ctx context.Context, q ListAddressesQuery) (addresses []domain.InboundAddressState, err error) {
	err = u.repo.View(ctx, q.Tenant, func(ctx context.Context, tx ports.Tx) error {
		all, err := tx.Addresses.List(ctx, q.Marketplace)
		addresses = make([]domain.InboundAddressState, len(all))
		for i, a := range all {
			addresses[i] = a.State()
		}
		return err
	})
	return addresses, err
}
