package ports

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
)

// Authorizations are the tenant's authorizations at marketplaces, and what the marketplaces say of their accounts.
type Authorizations interface {
	// Of returns the authorizations of a connection, ended ones too, by region. None for a connection that the tenant does not
	// have. Who changes one holds the lock of its connection (Connections.Lock).
	Of(ctx context.Context, c domain.ConnectionID) ([]*domain.Authorization, error)

	// Insert stores a new authorization. domain.ErrConflict if the connection has one for the region; domain.ErrNotFound if the
	// tenant has no such connection.
	Insert(ctx context.Context, a *domain.Authorization) error

	// Save stores an authorization that is there. domain.ErrNotFound if it is not.
	Save(ctx context.Context, a *domain.Authorization) error

	// Participations returns the marketplaces that the accounts of a connection take part in, by country and id of
	// the marketplace. None for a connection that the tenant does not have.
	Participations(ctx context.Context, c domain.ConnectionID) ([]domain.Participation, error)

	// SetParticipations replaces those of a region of a connection; the Region of each is taken to be region. Of several with
	// the same MarketplaceID the first stands. domain.ErrNotFound if the tenant has no such connection.
	SetParticipations(ctx context.Context, c domain.ConnectionID, region string, all []domain.Participation) error
}
