package domain_test

import (
	"slices"
	"testing"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// shelf keeps what pages become, and knows of it what a Candidates says. Its clock stands at later.
type shelf struct {
	connection domain.ConnectionState
	now        time.Time
	messages   map[domain.MessageID]domain.ExternalMessage
	tickets    map[domain.TicketID]*domain.Ticket
	sent       map[domain.TicketMessageID]domain.TicketMessage
	events     []domain.TicketEvent
}

func newShelf(t testing.TB, tickets ...*domain.Ticket) *shelf {
	s := &shelf{
		connection: connection(t), now: later, messages: map[domain.MessageID]domain.ExternalMessage{},
		tickets: map[domain.TicketID]*domain.Ticket{}, sent: map[domain.TicketMessageID]domain.TicketMessage{},
	}
	for _, ticket := range tickets {
		s.tickets[ticket.State().ID] = ticket
	}
	return s
}

// take takes a page in, and returns what it became.
func (s *shelf) take(page ...domain.InboundMessage) domain.PageWrite {
	in := domain.Thread(s.connection, page, s.book(domain.Keys(page), domain.Earliest(page, s.now)), s.now)
	for _, ticket := range slices.Concat(in.Opened, in.Changed) {
		s.tickets[ticket.State().ID] = ticket
	}
	for _, m := range in.Messages {
		s.messages[m.ID] = m
	}
	for _, j := range in.Joined {
		m := s.messages[j.Message]
		m.Ticket, m.Quarantine = j.Ticket, ""
		s.messages[j.Message] = m
	}
	for _, m := range in.TicketMessages {
		s.sent[m.ID] = m
	}
	for _, d := range in.Deliveries {
		m := s.sent[d.Message]
		m.Delivery = d.Delivery
		s.sent[d.Message] = m
	}
	s.events = append(s.events, in.Events...)
	return in
}

// book is what the contract of a Candidates asks for, found by walking over everything.
func (s *shelf) book(keys domain.ConversationKeys, at time.Time) domain.Candidates {
	b := domain.Candidates{Threads: map[string]domain.TicketID{}, Mails: map[string]domain.TicketID{}}
	wanted, since := map[domain.TicketID]bool{}, at.Add(-30*24*time.Hour)
	for id, ticket := range s.tickets {
		t := ticket.State()
		recent := !t.LastMessageAt.Before(since)
		wanted[id] = slices.Contains(keys.Threads, t.ExternalID) || slices.Contains(keys.Orders, t.OrderID) ||
			recent && (slices.Contains(keys.Relays, t.CustomerEmail) || slices.Contains(keys.Names, t.CustomerName))
	}
	newest := map[string]time.Time{}
	for _, m := range s.messages {
		switch {
		case m.Ticket != domain.TicketID{}:
			if slices.Contains(keys.Threads, m.ThreadID) && !m.ReceivedAt.Before(newest[m.ThreadID]) {
				newest[m.ThreadID], b.Threads[m.ThreadID], wanted[m.Ticket] = m.ReceivedAt, m.Ticket, true
			}
		case m.Kind != domain.KindSellerCopy && orderEvents[m.Kind].event == "": // it waits for nothing
		case slices.Contains(keys.Threads, m.ThreadID), slices.Contains(keys.Orders, m.OrderID):
			b.Waiting = append(b.Waiting, m)
		}
	}
	for _, m := range s.sent {
		if slices.Contains(keys.Mails, m.MailID) {
			b.Mails[m.MailID], wanted[m.Ticket] = m.Ticket, true
		}
	}
	for id, ticket := range s.tickets {
		if wanted[id] {
			b.Tickets = append(b.Tickets, ticket)
		}
	}
	for _, m := range s.sent {
		if keys.Answers && wanted[m.Ticket] && m.SenderType == domain.SenderAgent && !m.SentAt.Before(since) {
			b.Answers = append(b.Answers, m)
		}
	}
	slices.SortFunc(b.Answers, func(x, y domain.TicketMessage) int { return x.SentAt.Compare(y.SentAt) })
	slices.SortFunc(b.Waiting, func(x, y domain.ExternalMessage) int { return x.ReceivedAt.Compare(y.ReceivedAt) })
	return b
}

// answer puts an answer of an agent on a ticket, sent n minutes after noon.
func (s *shelf) answer(ticket *domain.Ticket, n int, body, mail string) domain.TicketMessageID {
	m := domain.TicketMessage{
		ID: domain.NewID[domain.TicketMessageID](), Tenant: s.connection.Tenant, Ticket: ticket.State().ID, SenderType: domain.SenderAgent,
		Source: domain.FromKeyBuzzUI, Body: body, MailID: mail, Delivery: domain.DeliveryAccepted, SentAt: noon.Add(time.Duration(n) * time.Minute),
	}
	s.sent[m.ID] = m
	return m.ID
}

// happened returns the types of a ticket's events, in their order.
func (s *shelf) happened(ticket *domain.Ticket) (types []domain.EventType) {
	for _, e := range s.events {
		if e.Ticket == ticket.State().ID {
			types = append(types, e.Type)
		}
	}
	return types
}

// of returns a message of a kind.
func of(m domain.InboundMessage, kind domain.MessageKind) domain.InboundMessage {
	m.Kind = kind
	return m
}
