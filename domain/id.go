package domain

import (
	"encoding/binary"
	"time"

	"github.com/google/uuid"
)

// One type per entity, so that no id fits where another belongs.
type (
	// ConnectionID names a Connection.
	ConnectionID struct{ uuid.UUID }
	// MessageID names an ExternalMessage.
	MessageID struct{ uuid.UUID }
	// TicketID names a Ticket.
	TicketID struct{ uuid.UUID }
	// TicketMessageID names a TicketMessage.
	TicketMessageID struct{ uuid.UUID }
	// EventID names a TicketEvent.
	EventID struct{ uuid.UUID }
	// RejectedID names a RejectedMessage.
	RejectedID struct{ uuid.UUID }
	// AuditID names an AuditEntry.
	AuditID struct{ uuid.UUID }
	// InboundAddressID names an InboundAddress.
	InboundAddressID struct{ uuid.UUID }
	// FileID names a File.
	FileID struct{ uuid.UUID }
	// AuthorizationID names an Authorization.
	AuthorizationID struct{ uuid.UUID }
	// ConsentID names a Consent.
	ConsentID struct{ uuid.UUID }
	// ReplyID names a Reply.
	ReplyID struct{ uuid.UUID }
	// SourceKeyID names a SourceKey.
	SourceKeyID struct{ uuid.UUID }
)

// An id is any of the id types.
type id interface{ ~struct{ uuid.UUID } }

// NewID returns a fresh id (UUID version 7, RFC 9562: later ids sort after earlier ones, which keeps indexes dense).
func NewID[T id]() T { return T(struct{ uuid.UUID }{uuid.Must(uuid.NewV7())}) }

// FirstID returns an id that is smaller than every one that NewID makes at or after t, and larger than those made before,
// as far as clocks agree.
func FirstID[T id](t time.Time) T {
	var u uuid.UUID
	binary.BigEndian.PutUint64(u[:8], uint64(max(0, t.UnixMilli()))<<16)
	return T(struct{ uuid.UUID }{u})
}

// ParseID reads an id in its canonical text form of 36 characters. Anything else, the nil UUID among it, is ErrInvalid.
func ParseID[T id](s string) (T, error) {
	u, err := uuid.Parse(s)
	if err != nil || len(s) != 36 || u == uuid.Nil {
		var none T
		return none, Errorf(ErrInvalid, "not an id: give the 36 characters of a UUID")
	}
	return T(struct{ uuid.UUID }{u}), nil
}
