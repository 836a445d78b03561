package ports

import (
	"context"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// Orders are what is kept of the orders that the tenant's tickets are about.
type Orders interface {
	// Enqueue has orders of a connection asked for: one that is not kept yet, and one whose FetchedAt is more than freshFor before
	// now, is due at now; one that is due by then stays as it is. One that was never answered is older than anything. A region is
	// completed and never replaced. It reports how many of them are due at now. One statement, whatever the number.
	// domain.ErrNotFound if the tenant has no such connection; domain.ErrInvalid if an order has no id.
	Enqueue(ctx context.Context, c domain.ConnectionID, orders []domain.OrderRequest, freshFor time.Duration, now time.Time) (int, error)

	// EnqueueRecent is Enqueue for the orders of the connection's tickets that were last active after since, the newest limit
	// tickets that have one, as far as they are not kept yet or kept as DENIED: however fresh, these are asked for again. Their
	// regions are those of domain.OrderRequests.
	EnqueueRecent(ctx context.Context, c domain.ConnectionID, since time.Time, limit int, now time.Time) (int, error)

	// Due returns up to limit orders of a connection that are due at now, the longest due first; none for a connection that the
	// tenant does not have.
	Due(ctx context.Context, c domain.ConnectionID, now time.Time, limit int) ([]domain.OrderContext, error)

	// NextDue returns when the next order of a connection is due; zero when none ever is.
	NextDue(ctx context.Context, c domain.ConnectionID) (time.Time, error)

	// Get returns what is kept of an order. domain.ErrNotFound if nothing is.
	Get(ctx context.Context, c domain.ConnectionID, orderID string) (domain.OrderContext, error)

	// Lock is Get, and keeps other transactions from changing it until this one ends.
	Lock(ctx context.Context, c domain.ConnectionID, orderID string) (domain.OrderContext, error)

	// Save stores what is known of an order that is kept. domain.ErrNotFound if it is not.
	Save(ctx context.Context, o domain.OrderContext) error
}
