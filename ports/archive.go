package ports

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/domain/safety"
)

// Archive is the messages that are stored, to be read again from their raws. Its statements are set-based.
//
// What it changes is derived from raws only. The caller of LockConversations and Rewrite holds the lock of the sync state of
// the connection that the messages came by, which makes replays and ingests of one connection wait for each other.
type Archive interface {
	// Count returns how many messages there are behind after.
	Count(ctx context.Context, after domain.MessageID) (int, error)

	// Message returns a message with its raw, sealed as it is kept, and its files. domain.ErrNotFound if the tenant has none with this id.
	Message(ctx context.Context, id domain.MessageID) (domain.Stored, error)

	// Messages returns messages behind after with their raws, sealed as they are kept, and their files, by rising id: at most
	// limit, and none behind the one with which the plain sizes of their raws reach size bytes. An empty page is the end.
	// limit and size are at least 1.
	Messages(ctx context.Context, after domain.MessageID, limit, size int) ([]domain.Stored, error)

	// Present returns messages as they are now, without the bytes of their raws, by rising id. Ids that the tenant does not have are
	// left out.
	Present(ctx context.Context, ids []domain.MessageID) ([]domain.Stored, error)

	// Conversations returns tickets with the safety flags of their messages, by rising id. Ids that the tenant does not
	// have are left out.
	Conversations(ctx context.Context, ids []domain.TicketID) ([]Conversation, error)

	// LockConversations is Conversations, and keeps other transactions from changing the tickets until this one ends. They
	// may then be saved as Changed of an PageWrite.
	LockConversations(ctx context.Context, ids []domain.TicketID) ([]Conversation, error)

	// Rewrite stores the derived fields of messages: kind, evidence, parser, Message-ID, thread, order, buyer's name and
	// address, language, subject, facts, flags, safety flags, time, quarantine and ticket, and the sender's name, body, quoted
	// text, Message-ID, safety flags and time of those whose OnTicket has an id. Files are replaced: those with an id keep
	// it, those without get one, the others go. Identity, raw and all else stay as they are. domain.ErrNotFound if the tenant
	// has not got them all; then the transaction must end with an error.
	Rewrite(ctx context.Context, messages []domain.Stored) error
}

// Conversation is a ticket and what its safety flags are the union of.
type Conversation struct {
	Ticket *domain.Ticket
	Flags  map[domain.TicketMessageID][]safety.Flag // of the messages that have any
	Events map[domain.MessageID][]safety.Flag       // of the external messages on it that have flags of their own
}
