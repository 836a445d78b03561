package domain

import (
	"strings"
	"time"
)

// unreadableBody stands on a ticket for a message in which nothing can be read.
const unreadableBody = "(KeyBuzz could not read this message. It is kept as it came.)"

// assignedPrefix begins the external id of a rejected message that a person put on a ticket: its own may be what was wrong.
const assignedPrefix = "rejected:"

// AssignedID is the external id that a rejected message has once a person has put it on a ticket.
func AssignedID(id RejectedID) string { return assignedPrefix + id.String() }

// byAgent is the evidence of a message whose kind a person decided.
const byAgent = "agent"

// AnswersMatter reports whether what was sent on a ticket decides what a message of this kind does to it.
func (k MessageKind) AnswersMatter() bool { return k.aboutAnswer() }

// Assign puts something out of quarantine on a ticket, as a person decided who has read it: by. m is what today's code reads
// in its raw; what cannot be stored of it is made fit. answers are what was sent on the ticket, by rising SentAt.
//
// Events of an order, copies of what the seller sent and reports on it do to the ticket what they do on their own (see
// [Thread]); the intake has them as Joined. Anything else becomes a buyer's message, whatever its kind was: it is flagged and
// brings the ticket back to the seller. Its text is m's body, else its whole text, else a line that says that there is none.
//
// For a rejected message the intake has the ExternalMessage that it becomes, its raw plain. k is changed in place.
func Assign(q Quarantined, m InboundMessage, ticket *Ticket, answers []TicketMessage, by string, now time.Time) PageWrite {
	m = assignable(q, m)
	c := ConnectionState{ID: q.Connection, Tenant: q.Tenant, Type: q.Type}
	t := newThreader(c, Candidates{Tickets: []*Ticket{ticket}, Answers: answers}, now)
	ext := ExternalMessage{
		ID: MessageID(q.ID), Tenant: q.Tenant, Connection: q.Connection, Type: q.Type, Kind: m.kind(), Evidence: m.Evidence, Recipient: m.Recipient,
		Parser: m.Parser, ExternalID: m.ExternalID, MailID: m.MailID, ThreadID: m.ThreadID, OrderID: m.OrderID,
		BuyerName: m.BuyerName, BuyerEmail: m.BuyerEmail, Language: m.Language, Subject: m.Subject, Facts: m.Facts, Flags: m.Flags,
		SafetyFlags: flagEvent(m), Files: m.Files, ReceivedAt: m.ReceivedAt, Source: m.Source.Plain(),
	}
	if q.Rejected {
		ext.ID = NewID[MessageID]()
	}
	if ext.Kind.aboutOrder() || ext.Kind.aboutAnswer() {
		t.join(ticket, &pendingMatch{m: m, ext: &ext})
		if !q.Rejected {
			t.out.Joined = []Joined{{ext.ID, ticket.s.ID}}
		}
	} else {
		ext.Kind, ext.Evidence, ext.SafetyFlags = KindBuyerMessage, byAgent, nil
		t.byKey[firstOf(m.ThreadID, m.OrderID, m.ExternalID)] = ticket // because the person says so
		t.receive(m, &ext)
	}
	if q.Rejected {
		t.out.Messages = []ExternalMessage{ext}
	}
	t.assigned(ticket, q, ext, by)
	return t.out
}

// assigned notes who put what on a ticket.
func (t *threader) assigned(ticket *Ticket, q Quarantined, ext ExternalMessage, by string) {
	var message TicketMessageID
	origin := ext.ID
	if len(t.out.TicketMessages) > 0 {
		message, origin = t.out.TicketMessages[0].ID, MessageID{}
	}
	t.event(ticket, EventMessageAssigned, ActorAgent, message, origin, map[string]string{"externalId": ext.ExternalID, "reason": q.Reason})
	t.out.Events[len(t.out.Events)-1].ActorID = by
}

// assignable makes a message that may hold anything fit to be stored.
func assignable(q Quarantined, m InboundMessage) InboundMessage {
	m = tidy(m)
	m.ExternalID = q.ExternalID
	if q.Rejected {
		m.ExternalID = AssignedID(RejectedID(q.ID))
	} else {
		m.Kind = q.Kind
	}
	for _, field := range []*string{&m.ThreadID, &m.OrderID, &m.BuyerName, &m.BuyerEmail, &m.Language, &m.Subject, &m.Source.MediaType} {
		*field = fit(*field, MaxField)
	}
	if m.Body = fit(m.Body, MaxBody); strings.TrimSpace(m.Body) == "" {
		m.Body = fit(m.FullText, MaxBody)
	}
	if strings.TrimSpace(m.Body) == "" {
		m.Body = unreadableBody
	}
	for _, at := range []time.Time{q.ReceivedAt, q.StoredAt} {
		if !storable(m.ReceivedAt) {
			m.ReceivedAt = at
		}
	}
	m.ReceivedAt = m.ReceivedAt.UTC()
	return m
}

// fit makes text that may hold anything fit to be stored: UTF-8 without NUL, of at most so many bytes.
func fit(text string, most int) string {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "\uFFFD")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") // not half a character
	}
	return text
}
