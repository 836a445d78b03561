package domain

import "time"

// Conversation is a ticket that this transaction has locked, and what an answer to it needs.
type Conversation struct {
	Ticket *Ticket
	Buyer  ExternalMessage // the buyer's newest message, without its source; the zero value when there is none
}

// ConversationWrite is what a person changes in a conversation: all of it or nothing is stored.
type ConversationWrite struct {
	Ticket   *Ticket // as it is now; nil to leave it
	Messages []TicketMessage
	Events   []TicketEvent
}

// Note returns a note among colleagues on a ticket, and its event. A note never leaves.
func (t *Ticket) Note(author, text string, now time.Time) (TicketMessage, TicketEvent) {
	m := TicketMessage{
		ID: NewID[TicketMessageID](), Tenant: t.s.Tenant, Ticket: t.s.ID, SenderType: SenderAgent, SenderName: author, Body: text,
		Source: FromAPI, Internal: true, SentAt: now.UTC(),
	}
	return m, t.event(EventNoteAdded, m.ID, author, "", now)
}

// Replied returns a reply as a message of its ticket, and its event.
func (t *Ticket) Replied(r ReplyState, text string) (TicketMessage, TicketEvent) {
	m := TicketMessage{
		ID: r.Message, Tenant: t.s.Tenant, Ticket: t.s.ID, SenderType: SenderAgent, SenderName: r.Author, Body: text, Source: FromAPI,
		MailID: r.MessageID, Delivery: r.Delivery, SentAt: r.CreatedAt,
	}
	return m, t.event(EventReplyQueued, m.ID, r.Author, "", r.CreatedAt)
}

// replyEvents are the events of what becomes of a reply.
var replyEvents = map[DeliveryStatus]EventType{
	DeliveryAccepted: EventReplyAccepted, DeliveryFailed: EventReplyFailed, DeliveryUnknown: EventReplyUnknown,
	DeliveryCancelled: EventReplyCancelled, DeliveryConfirmed: EventReplyConfirmed,
}

// Settle takes in what became of a reply, by whom: "" is the software itself. Once it is ACCEPTED the ticket waits for the
// customer if nothing newer is on it; once it is FAILED the ticket is the seller's again. The events say so.
func (t *Ticket) Settle(r ReplyState, by string, now time.Time) []TicketEvent {
	typ, known := replyEvents[r.Delivery]
	if !known {
		return nil
	}
	events := []TicketEvent{t.event(typ, r.Message, by, r.Cause, now)}
	var was TicketStatus
	switch r.Delivery {
	case DeliveryAccepted, DeliveryConfirmed:
		was = t.answer(r.CreatedAt, now)
	case DeliveryFailed:
		was = t.unanswer()
	}
	if was != "" {
		e := t.event(EventStatusChanged, r.Message, by, "", now)
		e.Payload = map[string]string{"from": string(was), "to": string(t.s.Status), "cause": string(typ)}
		events = append(events, e)
	}
	t.s.UpdatedAt = now.UTC()
	return events
}

func (t *Ticket) event(typ EventType, message TicketMessageID, by, cause string, now time.Time) TicketEvent {
	e := TicketEvent{
		ID: NewID[EventID](), Tenant: t.s.Tenant, Ticket: t.s.ID, Message: message, Type: typ, Actor: ActorAgent, ActorID: by,
		Payload: map[string]string{}, At: now.UTC(),
	}
	if by == "" {
		e.Actor = ActorSystem
	}
	if cause != "" {
		e.Payload["cause"] = cause
	}
	return e
}
