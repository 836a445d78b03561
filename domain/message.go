package domain

import (
	"time"

	"github.com/keybuzzio/marketplaces/domain/safety"
)

// ExternalMessage is a message as it came from the marketplace, kept for good. The same message again, by whatever way and
// to whichever of the tenant's connections, is the same ExternalMessage: (tenant, type, external id) is unique.
type ExternalMessage struct {
	ID          MessageID
	Tenant      TenantID
	Connection  ConnectionID
	Type        MarketplaceType
	Kind        MessageKind
	Evidence    string // what the kind was decided by
	Parser      int    // version of the code that read the raw last
	ExternalID  string
	MailID      string
	ThreadID    string
	OrderID     string
	BuyerName   string
	BuyerEmail  string
	Language    string
	Subject     string // of messages that belong to no ticket message, so that people can tell them apart; "" for the others
	Facts       map[string]string
	Flags       []ParseFlag
	SafetyFlags []safety.Flag // of the buyer's words in an event of an order, such as the comment of a return
	Files       []File
	ReceivedAt  time.Time
	Source      StoredSource
	Ticket      TicketID         // zero for messages that belong to no ticket
	Quarantine  QuarantineReason // "" for messages that nobody need look at
	Recipient   string           // the inbound address of ours that it was pushed to; "" for messages read from a source
}

// DeliveryStatus says what is known of an answer that was sent. "250 OK" is ACCEPTED and no more: only the marketplace's
// copy confirms.
type DeliveryStatus string

// The delivery states of what the seller sent. "" for what was received.
const (
	DeliveryQueued    DeliveryStatus = "QUEUED"    // it waits to leave
	DeliverySending   DeliveryStatus = "SENDING"   // it is leaving
	DeliveryCancelled DeliveryStatus = "CANCELLED" // taken back before it left
	DeliveryUnknown   DeliveryStatus = "UNKNOWN"   // handed over, and no answer was heard
	DeliveryOptedOut  DeliveryStatus = "OPTED_OUT" // the buyer takes no messages
	DeliveryAccepted  DeliveryStatus = "ACCEPTED"  // a mail server took it
	DeliveryConfirmed DeliveryStatus = "CONFIRMED" // the marketplace sent its copy
	DeliveryFailed    DeliveryStatus = "FAILED"    // a report says that it did not arrive
)

// Cause is what users are told of an answer that the marketplace or a mail server reported on; "" when the state says it all.
func (d DeliveryStatus) Cause() string {
	switch d {
	case DeliveryFailed:
		return "a report says that it did not arrive: write again, or answer in the marketplace's own pages"
	case DeliveryOptedOut:
		return "the buyer takes no messages: mark the reply as critical if the order depends on it"
	}
	return ""
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
	Quoted          string // earlier messages that it quotes
	Source          MessageSource
	Internal        bool           // a note among agents, never sent
	MailID          string         // the Message-ID of the mail that it came in or was sent as, without brackets; "" if none
	Delivery        DeliveryStatus // of answers
	SafetyFlags     []safety.Flag
	Files           []File    // of the message that it came from; filled when it is read, stored with the ExternalMessage
	SentAt          time.Time // the sender's time, never the time of ingestion
}

// EventType says what happened to a ticket.
type EventType string

// The events of a ticket.
const (
	EventMessageReceived  EventType = "MESSAGE_RECEIVED"
	EventStatusChanged    EventType = "STATUS_CHANGED"
	EventCancelRequested  EventType = "CANCEL_REQUESTED"
	EventReturnRequested  EventType = "RETURN_REQUESTED"
	EventRefundIssued     EventType = "REFUND_ISSUED"
	EventClaimOpened      EventType = "CLAIM_OPENED"
	EventClaimClosed      EventType = "CLAIM_CLOSED"
	EventChargebackOpened EventType = "CHARGEBACK_OPENED"
	EventAnswerSent       EventType = "ANSWER_SENT"      // the seller answered elsewhere: the marketplace sent its copy
	EventAnswerConfirmed  EventType = "ANSWER_CONFIRMED" // the marketplace sent its copy of an answer of ours
	EventDeliveryFailed   EventType = "DELIVERY_FAILED"
	EventDeliveryDelayed  EventType = "DELIVERY_DELAYED"
	EventReplyQueued      EventType = "REPLY_QUEUED"     // a person wrote an answer
	EventReplyAccepted    EventType = "REPLY_ACCEPTED"   // the marketplace took it
	EventReplyConfirmed   EventType = "REPLY_CONFIRMED"  // a person found it at the marketplace
	EventReplyFailed      EventType = "REPLY_FAILED"     // it did not leave, and will not
	EventReplyUnknown     EventType = "REPLY_UNKNOWN"    // it was handed over and no answer was heard
	EventReplyCancelled   EventType = "REPLY_CANCELLED"  // it was taken back
	EventNoteAdded        EventType = "NOTE_ADDED"       // a person left a note for colleagues
	EventMessageAssigned  EventType = "MESSAGE_ASSIGNED" // a person put a message out of quarantine on the ticket
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

// TicketEvent is something that happened to a ticket. A ticket message has at most one MESSAGE_RECEIVED, and an external
// message at most one event of each type.
type TicketEvent struct {
	ID      EventID
	Tenant  TenantID
	Ticket  TicketID
	Message TicketMessageID // the ticket message it is about; zero when there is none
	Origin  MessageID       // the external message that told of it, where that is no ticket message; zero when there is none
	Type    EventType
	Actor   ActorType
	ActorID string            // "" when the actor has none
	Payload map[string]string // facts for people; never buyer's text
	At      time.Time
}
