package ports

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
)

// Directory knows which connections there are, across all tenants: what a worker needs before it can work for a tenant.
// It shows ids only.
type Directory interface {
	// Connected returns up to limit CONNECTED connections whose id comes after after, by rising id. Begin with the zero
	// id; fewer than limit means that there are no more. A connection that is there during the whole walk is seen once.
	Connected(ctx context.Context, after domain.ConnectionID, limit int) ([]ConnectionRef, error)
}

// ConnectionRef names a connection and whose it is.
type ConnectionRef struct {
	Tenant domain.TenantID
	ID     domain.ConnectionID
	Type   domain.MarketplaceType
}
