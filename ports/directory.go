package ports

import (
	"context"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// Directory knows which connections there are, across all tenants: what a worker needs before it can work for a tenant.
// It shows ids only.
type Directory interface {
	// Connected returns up to limit connections that are polled (domain.ConnectionState.Polled) whose id comes after after, by
	// rising id. Begin with the zero id; fewer than limit means that there are no more. A connection that is there
	// during the whole walk is seen once.
	Connected(ctx context.Context, after domain.ConnectionID, limit int) ([]ConnectionRef, error)

	// Expiring returns up to limit authorizations whose sellers are to be warned at now that they end (domain.Authorization.Warn)
	// and whose id comes after after, by rising id. It is walked as Connected is.
	Expiring(ctx context.Context, now time.Time, after domain.AuthorizationID, limit int) ([]AuthorizationRef, error)
}

// ConnectionRef names a connection and whose it is.
type ConnectionRef struct {
	Tenant domain.TenantID
	ID     domain.ConnectionID
	Type   domain.MarketplaceType
}

// AuthorizationRef names an authorization, whose it is and of which connection.
type AuthorizationRef struct {
	Tenant     domain.TenantID
	Connection domain.ConnectionID
	ID         domain.AuthorizationID
}
