package ports

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
)

// Consents are the tenant's consents that are under way.
type Consents interface {
	// Insert stores a new consent and removes those of its connection that ended more than a day before its CreatedAt.
	// domain.ErrNotFound if the tenant has no such connection; domain.ErrConflict if anybody has one with its StateHash.
	Insert(ctx context.Context, c *domain.Consent) error

	// Lock returns a consent and keeps other transactions from locking or saving it until this one ends. domain.ErrNotFound
	// if the tenant has none with this id.
	Lock(ctx context.Context, id domain.ConsentID) (*domain.Consent, error)

	// Save stores a consent that was locked by this transaction. domain.ErrNotFound if it does not exist.
	Save(ctx context.Context, c *domain.Consent) error
}

// PendingConsents knows whose a consent is, across all tenants: who comes back from a marketplace has nothing to show but the
// state. It shows only what it is asked for by the state's hash.
type PendingConsents interface {
	// FindConsent returns the consent whose StateHash this is, over or used as it may be. domain.ErrNotFound if there is none.
	FindConsent(ctx context.Context, stateHash []byte) (domain.ConsentState, error)
}
