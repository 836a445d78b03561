package ports

import (
	"context"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// Replies are the tenant's answers to buyers, before and after they leave.
type Replies interface {
	// Insert stores a new reply. The caller holds the lock of its ticket and saves its message in the same transaction.
	//
	//   - Identity: the tenant's Key, and the message. domain.ErrConflict if either is taken.
	//   - Errors: domain.ErrNotFound if the tenant has no such ticket or connection.
	Insert(ctx context.Context, r *domain.Reply) error

	// Get returns a reply. domain.ErrNotFound if the tenant has none with this id.
	Get(ctx context.Context, id domain.ReplyID) (*domain.Reply, error)

	// ByKey returns the reply that was asked for with an Idempotency-Key. domain.ErrNotFound if there is none.
	ByKey(ctx context.Context, key string) (*domain.Reply, error)

	// Lock is Get, and keeps other transactions from changing the reply until this one ends.
	Lock(ctx context.Context, id domain.ReplyID) (*domain.Reply, error)

	// Save stores a reply that this transaction has locked, and its Delivery at its message: then the transaction has
	// locked the ticket too. domain.ErrNotFound if the reply does not exist.
	Save(ctx context.Context, r *domain.Reply) error

	// HandOver stores the mark that the text of a locked reply is handed over. It needs no lock of the ticket.
	HandOver(ctx context.Context, r *domain.Reply) error

	// List returns replies by falling CreatedAt and id, behind q.After. A Position is a reply's CreatedAt and id.
	List(ctx context.Context, q ReplyQuery) ([]domain.ReplyState, error)

	// Due returns up to limit replies of a connection that are to leave by now or are leaving, the longest due first.
	Due(ctx context.Context, c domain.ConnectionID, now time.Time, limit int) ([]domain.ReplyState, error)

	// NextDue returns when the next QUEUED reply of a connection is due; zero when none is QUEUED.
	NextDue(ctx context.Context, c domain.ConnectionID) (time.Time, error)
}

// ReplyQuery selects replies.
type ReplyQuery struct {
	Ticket     domain.TicketID         // zero for any
	Deliveries []domain.DeliveryStatus // none for any
	Before     time.Time               // whose Delivery has not changed since then; zero for any
	After      Position
	Limit      int // at least 1
}
