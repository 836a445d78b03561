package domain

import (
	"time"

	"github.com/google/uuid"
)

// QuarantineReason says why a person should look at a stored message.
type QuarantineReason string

// The reasons. A rejected message is in quarantine too, for its RejectReason.
const (
	QuarantineUnknown   QuarantineReason = "unknown_kind" // nothing here knows what it is
	QuarantineSuspect   QuarantineReason = "suspect"      // it pretends to be the marketplace
	QuarantineNoTicket  QuarantineReason = "no_ticket"    // it is urgent, or tells of a failed delivery, and its order or thread has no ticket yet
	QuarantineAmbiguous QuarantineReason = "ambiguous"    // it fits several tickets, and nobody guesses which
)

// QuarantineID names what is in quarantine: a MessageID or a RejectedID.
type QuarantineID struct{ uuid.UUID }

// Quarantined is something that could not be put where it belongs: a stored message without a ticket, or a rejected one.
type Quarantined struct {
	ID         QuarantineID
	Tenant     TenantID
	Connection ConnectionID
	Type       MarketplaceType
	Rejected   bool   // ID is a RejectedID; else a MessageID
	Reason     string // a QuarantineReason or a RejectReason
	Detail     string // the evidence, or what the source said of it; fit for people
	Kind       MessageKind
	ExternalID string
	OrderID    string
	BuyerName  string
	BuyerEmail string
	Subject    string
	ReceivedAt time.Time    // zero when it has no usable time
	StoredAt   time.Time    // what lists are sorted by
	Raw        StoredSource // without Bytes in lists
}
