package domain

import (
	"slices"
	"strings"
	"time"
)

// ofCopy returns the ticket of a copy that names none: that of a mail that it refers to; else, if it names neither thread nor
// order, the one that was active around its time and whose customer has its buyer's name. Of several the one is taken, if
// it is one, on which an answer with these words waits to be confirmed. Nobody guesses.
func (t *threader) ofCopy(m InboundMessage) (*Ticket, QuarantineReason) {
	if ticket := t.referred(m); ticket != nil || m.ThreadID != "" || m.OrderID != "" || m.BuyerName == "" {
		return ticket, ""
	}
	var fit []*Ticket
	for _, ticket := range t.tickets {
		if ticket.s.CustomerName == m.BuyerName && ticket.activeAround(m.ReceivedAt) {
			fit = append(fit, ticket)
		}
	}
	if len(fit) > 1 {
		fit = slices.DeleteFunc(fit, func(ticket *Ticket) bool { return t.unconfirmed(ticket, m.Body) == nil })
		if len(fit) != 1 {
			return nil, QuarantineAmbiguous
		}
	}
	if len(fit) == 0 {
		return nil, ""
	}
	return fit[0], ""
}

// unconfirmed returns the ticket's oldest answer with these words of which nobody knows yet what became of it, nil if there
// is none. White space does not count: the copy is HTML.
func (t *threader) unconfirmed(ticket *Ticket, words string) *answer {
	want := strings.Fields(words)
	for _, a := range t.answers {
		if a.ticket == ticket && a.unsettled() && len(want) > 0 && slices.Equal(strings.Fields(a.Body), want) {
			return a
		}
	}
	return nil
}

// copied takes in a copy of what the seller sent: it confirms an answer of ours, or else is itself the answer, which the
// seller gave elsewhere. Then an OPEN ticket may wait for the customer ([Ticket.answer]).
//
// A copy that was stored before has no text at hand: it is told of, and is no message of the conversation.
func (t *threader) copied(ticket *Ticket, p *pendingMatch) {
	if a := t.unconfirmed(ticket, p.m.Body); a != nil {
		t.settle(a, DeliveryConfirmed)
		t.event(ticket, EventAnswerConfirmed, ActorSystem, a.ID, p.ext.ID, facts(p.m))
		return
	}
	message, origin := TicketMessageID{}, p.ext.ID
	if !p.stored {
		message, origin = t.converse(ticket, p), MessageID{}
	}
	t.event(ticket, EventAnswerSent, ActorAgent, message, origin, facts(p.m))
	t.moved(ticket, ticket.answer(p.m.ReceivedAt, t.now), EventAnswerSent, message, origin)
}

// converse makes a copy a message of its ticket.
func (t *threader) converse(ticket *Ticket, p *pendingMatch) TicketMessageID {
	sent := TicketMessage{
		ID: NewID[TicketMessageID](), Tenant: ticket.s.Tenant, Ticket: ticket.s.ID, ExternalMessage: p.ext.ID, SenderType: SenderAgent,
		Body: p.m.Body, Quoted: p.m.Quoted, Source: FromMarketplace, MailID: p.m.MailID, Delivery: DeliveryConfirmed,
		SentAt: p.m.ReceivedAt.UTC(),
	}
	t.out.TicketMessages = append(t.out.TicketMessages, sent)
	p.ext.Subject = "" // as the ticket has one
	t.indexMessageID(sent.MailID, ticket)
	i, _ := slices.BinarySearchFunc(t.answers, sent.SentAt, func(a *answer, at time.Time) int { return a.SentAt.Compare(at) })
	t.answers = slices.Insert(t.answers, i, &answer{sent, ticket})
	return sent.ID
}

// ofReport returns the ticket of a report that names none: that of the mail that it reports on, else that of the newest
// answer to its relay address. Amazon's notices leave out the part of the address that differs from case to case.
func (t *threader) ofReport(m InboundMessage) *Ticket {
	if ticket := t.referred(m); ticket != nil || m.BuyerEmail == "" {
		return ticket
	}
	buyer := RelayMailbox(m.BuyerEmail)
	for _, a := range slices.Backward(t.answers) {
		if !a.Internal && !a.SentAt.After(m.ReceivedAt) && RelayMailbox(a.ticket.s.CustomerEmail) == buyer {
			return a.ticket
		}
	}
	return nil
}

// RelayMailbox returns a relay address without the part behind the plus, which names a case: what is left names the buyer.
func RelayMailbox(address string) string {
	local, host, _ := strings.Cut(address, "@")
	local, _, _ = strings.Cut(local, "+")
	return local + "@" + host
}

// reported takes in what a mail server or the marketplace says of an answer: the one that the report refers to, else the
// newest before it of which nobody knows yet what became of it. One that failed is to be answered again.
func (t *threader) reported(ticket *Ticket, p *pendingMatch) {
	typ, status := EventDeliveryFailed, DeliveryFailed
	switch p.m.kind() {
	case KindDeliveryDelay:
		typ, status = EventDeliveryDelayed, ""
	case KindOptOut:
		status = DeliveryOptedOut
	}
	var message TicketMessageID
	if a := t.reportedOn(ticket, p.m); a != nil {
		message = a.ID
		t.settle(a, status)
	}
	t.event(ticket, typ, ActorSystem, message, p.ext.ID, facts(p.m))
	if status != "" && !t.connection.predates(p.m.ReceivedAt) {
		t.moved(ticket, ticket.unanswer(), typ, message, p.ext.ID)
	}
}

// reportedOn returns the answer that a report is about, nil if nobody knows.
func (t *threader) reportedOn(ticket *Ticket, m InboundMessage) *answer {
	for _, a := range t.answers {
		if a.ticket == ticket && a.MailID != "" && slices.Contains(m.References, a.MailID) {
			return a
		}
	}
	for _, a := range slices.Backward(t.answers) {
		if a.ticket == ticket && a.unsettled() && !a.SentAt.After(m.ReceivedAt) {
			return a
		}
	}
	return nil
}

// settle notes what became of an answer.
func (t *threader) settle(a *answer, status DeliveryStatus) {
	left := a.Delivery != DeliveryQueued && a.Delivery != DeliveryCancelled
	if status == "" || a.Delivery == status || !left || a.Delivery.failed() && status.failed() {
		return
	}
	a.Delivery = status
	t.out.Deliveries = append(t.out.Deliveries, DeliveryChange{a.ID, status})
}

// failed reports whether the answer did not reach the buyer, for whatever reason.
func (d DeliveryStatus) failed() bool { return d == DeliveryFailed || d == DeliveryOptedOut }
