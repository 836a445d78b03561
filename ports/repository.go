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
//
// Lock order, so that transactions wait for each other and never deadlock: a connection's sync state, the connection, stored
// messages, tickets by rising id, replies. A person's change begins at the ticket and takes nothing before it.
type TxFunc func(ctx context.Context, tx Tx) error

// Tx is what one transaction can reach.
type Tx struct {
	Connections Connections
	SyncStates  SyncStates
	Polls       Polls
	Tickets     Tickets
	Pages       PageStore
	Jobs        Jobs
	Audit       Audit
	Archive     Archive
	DeadLetters DeadLetters
	Quarantine  Quarantine
	Addresses   Addresses
	Sources     Sources
	SourceKeys  SourceKeys

	Authorizations Authorizations
	Consents       Consents
	Orders         Orders

	Conversations Conversations
	Replies       Replies
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
	// the ingests of one connection wait for each other. A state is saved with a page (PageWrite.Store) or at a poll's end
	// (Polls.Save), so that no cursor moves by itself.
	Lock(ctx context.Context, id domain.ConnectionID) (*domain.SyncState, error)
}

// Polls are connections together with how far they have been read: what a poll changes when it stores something and when
// it ends. It is Connections and SyncStates in one round trip each.
type Polls interface {
	// Lock returns a connection and its state, locked as SyncStates.Lock and then Connections.Lock do. domain.ErrNotFound if
	// the tenant has no such connection.
	Lock(ctx context.Context, id domain.ConnectionID) (*domain.Connection, *domain.SyncState, error)

	// Save stores both, which this transaction has locked, as Connections.Save and PageWrite.Store do.
	Save(ctx context.Context, c *domain.Connection, s *domain.SyncState) error
}

// Position is a place in a list that is sorted by time and, within one time, by id. The zero Position is the beginning.
type Position struct {
	At time.Time
	ID string // an id in its text form
}

// TicketFilter selects tickets.
type TicketFilter struct {
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
	List(ctx context.Context, q TicketFilter) ([]*domain.Ticket, error)

	// Messages returns up to limit messages of a ticket behind after with their files, by rising SentAt and id. None for a
	// ticket that the tenant does not have. A Position is a message's SentAt and id.
	Messages(ctx context.Context, id domain.TicketID, after Position, limit int) ([]domain.TicketMessage, error)

	// Events returns up to limit events of a ticket behind after, by rising At and id. None for a ticket that the tenant does
	// not have. A Position is an event's At and id.
	Events(ctx context.Context, id domain.TicketID, after Position, limit int) ([]domain.TicketEvent, error)

	// Message returns a message of a ticket. domain.ErrNotFound if the ticket has none with this id, or is not the tenant's.
	Message(ctx context.Context, id domain.TicketID, message domain.TicketMessageID) (domain.TicketMessage, error)

	// File returns a file of a ticket and the message that holds it, with its raw. domain.ErrNotFound if no message of the
	// ticket has one with this id.
	File(ctx context.Context, id domain.TicketID, file domain.FileID) (domain.File, domain.ExternalMessage, error)
}

// PageWrite is how a page of messages gets in. All of it is set-based: the number of statements does not depend on the
// number of messages. The caller holds the lock of the connection's sync state.
type PageStore interface {
	// Known returns those of the external ids that are stored for the tenant and the marketplace type, by whichever
	// connection they came.
	Known(ctx context.Context, t domain.MarketplaceType, externalIDs []string) (map[string]bool, error)

	// Candidates returns what is known of the conversations that messages with these keys may join (domain.Keys): the connection's
	// tickets whose key is among the threads, whose order is among the orders, whose buyer has one of the relay addresses (as
	// domain.RelayMailbox has them) or names and that were active in the 30 days before now or later, and those that hold a
	// message of one of the threads or with one of the Message-IDs; which thread led to which ticket: that of its newest
	// message; and likewise Message-IDs. Of one address or name a store may leave out tickets beyond the 100 most recently
	// active. With Answers, what AGENT or AI sent on those tickets in the 30 days before now or later. And the connection's
	// messages of these threads and orders that are without a ticket, events and copies only, of each thread and each order
	// the newest 100. Never a MANUAL ticket, never another connection's. now is that of the page: domain.Earliest. The
	// tickets are locked: no other transaction changes them until this one ends.
	Candidates(ctx context.Context, c domain.ConnectionID, keys domain.ConversationKeys, now time.Time) (domain.Candidates, error)

	// Store stores an intake. in.Sync is locked by this transaction; domain.ErrNotFound if it does not exist. Rejected messages that are stored already (same connection, raw and reason) are left as
	// they are. in.Changed are tickets, in.Joined messages and in.Deliveries answers on tickets that this transaction has
	// locked: by its Candidates, Archive.LockConversations or Quarantine.Lock. Everything else is new, and its identity is decided
	// by unique constraints: domain.ErrConflict if a message, a ticket or an event is there already; then the transaction must
	// end with an error. Sources are stored as they are given; those with the same digest and key are stored once. Their keys are
	// kept from being marked as erased until the transaction ends, and one that was erased is domain.ErrConflict too, so that
	// nothing is stored that could never be read. A key that is not here is some vault's that has its own, and is let pass. After any
	// error the transaction must end with an error.
	Store(ctx context.Context, in domain.PageWrite) error
}

// Audit is the record of what people and the system did to a tenant's connections and messages. Entries are added and
// never changed.
type Audit interface {
	// Record adds an entry. domain.ErrInvalid without an action or an actor.
	Record(ctx context.Context, e domain.AuditEntry) error

	// List returns the tenant's entries about a subject, or about all when it is "", behind after, by falling At and id. A
	// Position is an entry's At and id.
	List(ctx context.Context, subject string, after Position, limit int) ([]domain.AuditEntry, error)
}
