package ports

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
)

// Conversations are tickets as people change them, independent of imports: under the ticket's own lock, never under the
// sync state of its connection.
type Conversations interface {
	// Lock returns a ticket with its buyer's newest message, and keeps other transactions from changing the ticket until
	// this one ends.
	//
	//   - Errors: domain.ErrNotFound if the tenant has no such ticket.
	//   - Buyer is the zero value when the conversation has no buyer's message.
	Lock(ctx context.Context, id domain.TicketID) (domain.Conversation, error)

	// Get is Lock for reading: it keeps nobody from changing the ticket.
	Get(ctx context.Context, id domain.TicketID) (domain.Conversation, error)

	// Save stores what a person changed in a conversation that this transaction has locked.
	//
	//   - Errors: domain.ErrConflict if a message or an event exists; domain.ErrNotFound if the ticket does not exist.
	//   - After any error the transaction must roll back.
	Save(ctx context.Context, w domain.ConversationWrite) error
}
