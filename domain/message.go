package domain

import "time"

// ExternalMessage is a message as it came from the marketplace, kept for good. The same message read again is the same
// ExternalMessage: (type, connection, external id) is unique.
type ExternalMessage struct {
	ID         MessageID
	Tenant     TenantID
	Connection ConnectionID
	Type       MarketplaceType
	Kind       MessageKind
	ExternalID string
	ThreadID   string
	OrderID    string
	BuyerName  string
	BuyerEmail string
	Language   string
	ReceivedAt time.Time
	Raw        Raw
	Ticket     TicketID // zero for messages that belong to no ticket
}

// SenderType says who wrote a message on a ticket.
type SenderType string

// The senders of ticket messages.
const (
	SenderCustomer SenderType = "CUSTOMER"
	SenderAgent    SenderType = "AGENT"
	SenderAI       SenderType = "AI"
	SenderSystem   SenderType = "SYSTEM"
)

// MessageSource says by which way a message got on a ticket.
type MessageSource string

// The ways on to a ticket.
const (
	FromMarketplace MessageSource = "MARKETPLACE"
	FromKeyBuzzUI   MessageSource = "KEYBUZZ_UI"
	FromAPI         MessageSource = "API"
	FromAI          MessageSource = "AI"
	FromEmail       MessageSource = "EMAIL"
	FromOther       MessageSource = "OTHER"
)

// TicketMessage is one message of a ticket's conversation.
type TicketMessage struct {
	ID              TicketMessageID
	Tenant          TenantID
	Ticket          TicketID
	ExternalMessage MessageID // zero when it did not come from a marketplace
	SenderType      SenderType
	SenderName      string
	Body            string
	Source          MessageSource
	Internal        bool // a note among agents, never sent
	SafetyFlags     []SafetyFlag
	SentAt          time.Time // the sender's time, never the time of ingestion
}

// EventType says what happened to a ticket.
type EventType string

// The events of a ticket.
const (
	EventMessageReceived EventType = "MESSAGE_RECEIVED"
	EventStatusChanged   EventType = "STATUS_CHANGED"
)

// ActorType says who did it.
type ActorType string

// The actors of events.
const (
	ActorCustomer ActorType = "CUSTOMER"
	ActorAgent    ActorType = "AGENT"
	ActorAI       ActorType = "AI"
	ActorSystem   ActorType = "SYSTEM"
)

// TicketEvent is something that happened to a ticket. A ticket message has at most one MESSAGE_RECEIVED.
type TicketEvent struct {
	ID      EventID
	Tenant  TenantID
	Ticket  TicketID
	Message TicketMessageID // the message it is about; zero when there is none
	Type    EventType
	Actor   ActorType
	ActorID string            // "" when the actor has none
	Payload map[string]string // facts for people; never buyer's text
	At      time.Time
}
