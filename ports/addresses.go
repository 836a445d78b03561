package ports

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
)

// Addresses are the tenant's inbound addresses.
type Addresses interface {
	// List returns the tenant's addresses of a marketplace type, retired ones too, by country and rising id.
	List(ctx context.Context, t domain.MarketplaceType) ([]*domain.InboundAddress, error)

	// Lock returns an address and keeps other transactions from locking or saving it until this one ends.
	// domain.ErrNotFound if the tenant has none with this id.
	Lock(ctx context.Context, id domain.InboundAddressID) (*domain.InboundAddress, error)

	// Insert stores a new address. domain.ErrConflict if the connection has one for the country that is not retired, or if
	// the address is anybody's.
	Insert(ctx context.Context, a *domain.InboundAddress) error

	// Save stores an address that was locked by this transaction. domain.ErrNotFound if it does not exist.
	Save(ctx context.Context, a *domain.InboundAddress) error
}

// Routes knows whose an inbound address is, across all tenants. It shows only what it is asked for by name.
type Routes interface {
	// Route returns the address with this name, in the form of domain.NormalAddress. A retired one is returned as such.
	// domain.ErrNotFound if it is nobody's.
	Route(ctx context.Context, address string) (domain.InboundAddressState, error)
}
