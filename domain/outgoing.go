package domain

import (
	"context"
	"io"
	"time"
)

// OutgoingMessage is an answer as a Sender takes it. It is complete: a sender looks nothing up but credentials.
// Fields that a marketplace has no use for are ignored by its sender.
type OutgoingMessage struct {
	Connection ConnectionState // whose account it leaves by
	ID         string          // our id of the answer, the same at every attempt; for logs and for idempotency keys

	To       string // the buyer's relay address; "" where conversations have no addresses
	From     string // the address that received the conversation; "" likewise, and for a mailbox: its own
	Receiver Receiver
	Critical bool // the buyer must get it even after opting out of messages; the marketplace watches for misuse

	Subject  string // the buyer's subject, order id included
	Text     string // plain text; lines end with "\n"
	Language string // of Text, ISO 639-1; "" when not known
	Files    []OutgoingFile

	ThreadID   string   // the marketplace's id of the conversation
	OrderID    string   // "" when there is no order
	ExternalID string   // the marketplace's id of the message it answers
	InReplyTo  string   // the Message-ID of the message it answers, without brackets
	References []string // Message-IDs of the conversation, the oldest first, without brackets

	MessageID string    // its own Message-ID, without brackets; fixed before the first attempt
	Date      time.Time // when it was written
}

// Receiver says who reads an answer.
type Receiver string

// The receivers. Not every marketplace has an operator who takes part in conversations.
const (
	ReceiverCustomer Receiver = "CUSTOMER" // the buyer; "" means the same
	ReceiverOperator Receiver = "OPERATOR" // the marketplace's customer care
)

// OutgoingFile is a file that goes with an answer. Its content is read while it is sent, never whole into memory.
type OutgoingFile struct {
	Name      string
	MediaType string // such as application/pdf
	Size      int64  // in bytes, exactly
	// Open returns the content from its beginning; whoever calls it closes it. A sender may call it more than once, one
	// after the other.
	Open func(ctx context.Context) (io.ReadCloser, error)
}

// Receipt is what the other side said when it took an answer.
type Receipt struct {
	ExternalID string // the marketplace's id of what was sent; "" where it gives none, as for mail
	Detail     string // its words, for whoever follows a lost message up: one line, no addresses, at most MaxReceiptDetail bytes
}

// MaxReceiptDetail bounds Receipt.Detail.
const MaxReceiptDetail = 200
