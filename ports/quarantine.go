package ports

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
)

// Quarantine is the tenant's messages that a person should look at: stored ones with a reason, and rejected ones that were
// not replayed.
type Quarantine interface {
	// List returns them without the bytes of their raws, behind after, by falling StoredAt and id. A Position is a StoredAt
	// and an id.
	List(ctx context.Context, after Position, limit int) ([]domain.Quarantined, error)

	// Get returns one with its raw. domain.ErrNotFound if the tenant has none with this id, or it is not in quarantine any more.
	Get(ctx context.Context, id domain.QuarantineID) (domain.Quarantined, error)

	// Lock is Get without the bytes of the raw, and keeps other transactions from locking it until this one ends.
	Lock(ctx context.Context, id domain.QuarantineID) (domain.Quarantined, error)

	// Assign puts a stored message that this transaction has locked on a ticket, as a buyer's message, and ends its quarantine.
	// domain.ErrNotFound if it is none.
	Assign(ctx context.Context, id domain.MessageID, ticket domain.TicketID) error

	// Dismiss ends the quarantine of a stored message that stays without a ticket. domain.ErrNotFound if it is none.
	Dismiss(ctx context.Context, id domain.MessageID) error
}
