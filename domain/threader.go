package domain

import (
	"bytes"
	"cmp"
	"slices"
	"time"
)

// A threader is one page on its way on to tickets.
type threader struct {
	connection     ConnectionState
	now            time.Time
	tickets        []*Ticket // all that are known
	byKey, byOrder map[string]*Ticket
	byMail         map[string]*Ticket // by the Message-IDs of their messages
	answers        []*answer          // by rising SentAt
	waiting        []*pendingMatch
	touched        map[*Ticket]bool // tickets that are in out already
	out            PageWrite
}

// An answer is something that was sent to a buyer, and its ticket.
type answer struct {
	TicketMessage
	ticket *Ticket
}

// unsettled reports whether nobody knows yet what became of the answer.
func (a *answer) unsettled() bool {
	switch a.Delivery {
	case "", DeliveryAccepted, DeliveryUnknown, DeliverySending: // a copy may be quicker than the answer to what was sent
		return !a.Internal
	}
	return false
}

// A pendingMatch is a message that is no buyer's, and where it is stored.
type pendingMatch struct {
	m      InboundMessage // of a message that was stored before: without its text
	ext    *ExternalMessage
	stored bool // it was stored before
}

func newThreader(c ConnectionState, b Candidates, now time.Time) *threader {
	t := &threader{
		connection: c, now: now, byKey: map[string]*Ticket{}, byOrder: map[string]*Ticket{}, byMail: map[string]*Ticket{},
		touched: map[*Ticket]bool{},
	}
	t.tickets = slices.SortedFunc(slices.Values(b.Tickets), func(x, y *Ticket) int {
		return cmp.Or(x.s.LastMessageAt.Compare(y.s.LastMessageAt), bytes.Compare(x.s.ID.UUID[:], y.s.ID.UUID[:]))
	})
	byID := make(map[TicketID]*Ticket, len(b.Tickets))
	for _, ticket := range t.tickets {
		byID[ticket.s.ID] = ticket
		t.index(ticket)
	}
	for thread, id := range b.Threads {
		// A ticket keyed by the thread itself wins over one that holds some of the thread's messages.
		if ticket := byID[id]; ticket != nil && t.byKey[thread] == nil {
			t.byKey[thread] = ticket
		}
	}
	for mail, id := range b.Mails {
		if ticket := byID[id]; ticket != nil {
			t.byMail[mail] = ticket
		}
	}
	for _, a := range b.Answers {
		if ticket := byID[a.Ticket]; ticket != nil {
			t.answers = append(t.answers, &answer{a, ticket})
			t.indexMessageID(a.MailID, ticket)
		}
	}
	for i := range b.Waiting {
		if ext := &b.Waiting[i]; ext.Kind.waits() {
			t.waiting = append(t.waiting, &pendingMatch{m: ext.inbound(), ext: ext, stored: true})
		}
	}
	return t
}

// inbound is what is left of a message without its text.
func (m ExternalMessage) inbound() InboundMessage {
	return InboundMessage{
		Kind: m.Kind, ExternalID: m.ExternalID, MailID: m.MailID, ThreadID: m.ThreadID, OrderID: m.OrderID,
		BuyerName: m.BuyerName, BuyerEmail: m.BuyerEmail, Facts: m.Facts, ReceivedAt: m.ReceivedAt,
	}
}

// index makes a ticket findable. Of several with one order the most recently active is found.
func (t *threader) index(ticket *Ticket) {
	if ticket.s.ExternalID != "" {
		t.byKey[ticket.s.ExternalID] = ticket
	}
	if ticket.s.OrderID == "" {
		return
	}
	if other := t.byOrder[ticket.s.OrderID]; other == nil || !ticket.s.LastMessageAt.Before(other.s.LastMessageAt) {
		t.byOrder[ticket.s.OrderID] = ticket
	}
}

// posted makes a ticket findable by a mail of its.
func (t *threader) indexMessageID(mail string, ticket *Ticket) {
	if mail != "" {
		t.byMail[mail] = ticket
	}
}

// named returns the ticket of a thread, else of an order, nil if there is none.
func (t *threader) named(thread, order string) *Ticket {
	if ticket := t.byKey[firstOf(thread, order)]; ticket != nil {
		return ticket
	}
	return t.byOrder[order] // never of the order ""
}

// referred returns the ticket of the nearest mail that m refers to, nil if there is none. One of another order than m's own
// is none: buyers answer any mail that they have at hand. Neither is another buyer's where m names an order: nobody joins a
// conversation by naming an order and a mail of it. Without an order a buyer may answer from another relay address.
func (t *threader) referred(m InboundMessage) *Ticket {
	for _, mail := range m.References {
		ticket := t.byMail[mail]
		if ticket == nil || m.kind() == KindBuyerMessage && m.OrderID != "" && ticket.isAnothers(m.BuyerEmail) {
			continue
		}
		if m.OrderID == "" || ticket.s.OrderID == "" || ticket.s.OrderID == m.OrderID {
			return ticket
		}
	}
	return nil
}

// activeWithin is how far from a ticket's last activity a message may be that is put on it for its buyer alone.
const activeWithin = 30 * 24 * time.Hour

// activeAround reports whether the ticket was active around a time.
func (t *Ticket) activeAround(at time.Time) bool {
	return t.s.LastMessageAt.Sub(at).Abs() <= activeWithin
}

// latest returns the most recently active of the tickets that fit, nil if none does.
func (t *threader) latest(fits func(*Ticket) bool) (found *Ticket) {
	for _, ticket := range t.tickets {
		if fits(ticket) && (found == nil || !ticket.s.LastMessageAt.Before(found.s.LastMessageAt)) {
			found = ticket
		}
	}
	return found
}
