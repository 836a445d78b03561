package ports

import (
	"context"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// Repository is the transactional home of the domain, one tenant at a time.
type Repository interface {
	// Update runs fn in one transaction: what is done through tx commits together if fn returns nil and is undone
	// together otherwise. fn's error comes back as it is. tx reaches rows of tenant only. fn must not keep tx, share it
	// with a goroutine, start another transaction or wait on the network. An Update whose commit fails with
	// domain.ErrUnavailable may or may not have happened. domain.ErrConflict means that another transaction was first;
	// nothing was done and fn may be run again. A transaction in which a call met a conflict does not commit, even when
	// fn takes no notice. The zero tenant is domain.ErrInvalid.
	Update(ctx context.Context, tenant domain.TenantID, fn TxFunc) error

	// View is Update for reading: a change made through tx fails, a lock too. All reads of one View see the same moment.
	View(ctx context.Context, tenant domain.TenantID, fn TxFunc) error
}

// TxFunc is the body of a transaction.
type TxFunc func(ctx context.Context, tx Tx) error

// Tx is what one transaction can reach.
type Tx struct {
	Connections Connections
	SyncStates  SyncStates
	Tickets     Tickets
	Intake      Intake
}

// Connections are the tenant's accounts on marketplaces.
type Connections interface {
	// Get returns a connection. domain.ErrNotFound if the tenant has none with this id.
	Get(ctx context.Context, id domain.ConnectionID) (*domain.Connection, error)

	// Lock is Get, and keeps other transactions from locking or saving the connection until this one ends.
	Lock(ctx context.Context, id domain.ConnectionID) (*domain.Connection, error)

	// OfType returns the tenant's connections of a marketplace type: the one that is not disabled first, then by
	// falling creation time.
	OfType(ctx context.Context, t domain.MarketplaceType) ([]*domain.Connection, error)

	// Insert stores a new connection and its empty sync state. domain.ErrConflict if the tenant has one of the same
	// type and marketplace that is not disabled.
	Insert(ctx context.Context, c *domain.Connection) error

	// Save stores a connection that was locked by this transaction. domain.ErrNotFound if it does not exist;
	// domain.ErrConflict as with Insert.
	Save(ctx context.Context, c *domain.Connection) error
}

// SyncStates say how far each connection has been read.
type SyncStates interface {
	// Get returns the state of a connection. domain.ErrNotFound if the tenant has no such connection.
	Get(ctx context.Context, id domain.ConnectionID) (*domain.SyncState, error)

	// Lock is Get, and keeps other transactions from locking or saving the state until this one ends. It is what makes
	// the ingests of one connection wait for each other.
	Lock(ctx context.Context, id domain.ConnectionID) (*domain.SyncState, error)

	// Save stores a state that was locked by this transaction. domain.ErrNotFound if it does not exist.
	Save(ctx context.Context, s *domain.SyncState) error
}

// Position is a place in a list that is sorted by time and, within one time, by id. The zero Position is the beginning.
type Position struct {
	At time.Time
	ID string // an id in its text form
}

// TicketQuery selects tickets.
type TicketQuery struct {
	Status  domain.TicketStatus // "" for any
	Channel domain.Channel      // "" for any
	After   Position            // tickets behind this one only
	Limit   int                 // at most so many; at least 1
}

// Tickets are the tenant's conversations, for reading.
type Tickets interface {
	// Get returns a ticket. domain.ErrNotFound if the tenant has none with this id.
	Get(ctx context.Context, id domain.TicketID) (*domain.Ticket, error)

	// List returns tickets, the most recent activity first and, within one time, by falling id. A Position is a ticket's
	// LastMessageAt and id.
	List(ctx context.Context, q TicketQuery) ([]*domain.Ticket, error)

	// Messages returns up to limit messages of a ticket behind after, by rising SentAt and id. None for a ticket that the
	// tenant does not have. A Position is a message's SentAt and id.
	Messages(ctx context.Context, id domain.TicketID, after Position, limit int) ([]domain.TicketMessage, error)

	// Events returns up to limit events of a ticket behind after, by rising At and id. None for a ticket that the tenant does
	// not have. A Position is an event's At and id.
	Events(ctx context.Context, id domain.TicketID, after Position, limit int) ([]domain.TicketEvent, error)
}

// Intake is how a page of messages gets in. All of it is set-based: the number of statements does not depend on the
// number of messages. The caller holds the lock of the connection's sync state.
type Intake interface {
	// Known returns those of the external ids that are stored for the connection.
	Known(ctx context.Context, c domain.ConnectionID, externalIDs []string) (map[string]bool, error)

	// Book returns what is known of the conversations that messages with these keys and orders may join (domain.Keys):
	// the connection's tickets whose key is among threads or whose order is among orders, those that hold a message of
	// one of threads, and which thread led to which ticket: that of its newest message. Never a MANUAL ticket, never
	// another connection's. The tickets are locked: no other transaction changes them until this one ends.
	Book(ctx context.Context, c domain.ConnectionID, threads, orders []string) (domain.Book, error)

	// Store stores an intake. Rejected messages that are stored already (same connection, raw and reason) are left as
	// they are. in.Changed are tickets of this transaction's Book. Everything else is new, and its identity is decided by
	// unique constraints: domain.ErrConflict if a message, a ticket or an event is there already; then the transaction
	// must end with an error.
	Store(ctx context.Context, in domain.Intake) error
}
