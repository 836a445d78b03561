package ports

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
)

// SecretStore keeps tenants' secrets, away from the database. domain.ErrUnavailable when it cannot be reached or does
// not let us in; no error holds a secret.
type SecretStore interface {
	// Put stores data at path and replaces what was there, all of it or nothing. When it returns nil the data survives a
	// crash.
	Put(ctx context.Context, path domain.SecretPath, data domain.SecretData) error

	// Create is Put where nothing is. domain.ErrConflict if there is something: then that stays. Of many at once one succeeds.
	Create(ctx context.Context, path domain.SecretPath, data domain.SecretData) error

	// Get returns what was stored last. domain.ErrNotFound if there is nothing.
	Get(ctx context.Context, path domain.SecretPath) (domain.SecretData, error)

	// Delete removes path for good, older versions included. Deleting what is not there is no error.
	Delete(ctx context.Context, path domain.SecretPath) error
}
