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
	if k := t.referred(m); k != nil || m.ThreadID != "" || m.OrderID != "" || m.BuyerName == "" {
		return k, ""
	}
	var fit []*Ticket
	for _, k := range t.tickets {
		if k.s.CustomerName == m.BuyerName && k.activeAround(m.ReceivedAt) {
			fit = append(fit, k)
		}
	}
	if len(fit) > 1 {
		fit = slices.DeleteFunc(fit, func(k *Ticket) bool { return t.unconfirmed(k, m.Body) == nil })
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
func (t *threader) unconfirmed(k *Ticket, words string) *answer {
	want := strings.Fields(words)
	for _, a := range t.answers {
		if a.ticket == k && a.unsettled() && len(want) > 0 && slices.Equal(strings.Fields(a.Body), want) {
			return a
		}
	}
	return nil
}

// copied takes in a copy of what the seller sent: it confirms an answer of ours, or else is itself the answer, which the
// seller gave elsewhere. Then an OPEN ticket may wait for the customer ([Ticket.answer]).
//
// A copy that was stored before has no text at hand: it is told of, and is no message of the conversation.
func (t *threader) copied(k *Ticket, p *placing) {
	if a := t.unconfirmed(k, p.m.Body); a != nil {
		t.settle(a, DeliveryConfirmed)
		t.event(k, EventAnswerConfirmed, ActorSystem, a.ID, p.ext.ID, facts(p.m))
		return
	}
	message, origin := TicketMessageID{}, p.ext.ID
	if !p.stored {
		message, origin = t.converse(k, p), MessageID{}
	}
	t.event(k, EventAnswerSent, ActorAgent, message, origin, facts(p.m))
	t.moved(k, k.answer(p.m.ReceivedAt, t.now), EventAnswerSent, message, origin)
}

// converse makes a copy a message of its ticket.
func (t *threader) converse(k *Ticket, p *placing) TicketMessageID {
	sent := TicketMessage{
		ID: NewID[TicketMessageID](), Tenant: k.s.Tenant, Ticket: k.s.ID, ExternalMessage: p.ext.ID, SenderType: SenderAgent,
		Body: p.m.Body, Quoted: p.m.Quoted, Source: FromMarketplace, MailID: p.m.MailID, Delivery: DeliveryConfirmed,
		SentAt: p.m.ReceivedAt.UTC(),
	}
	t.out.TicketMessages = append(t.out.TicketMessages, sent)
	p.ext.Subject = "" // as the ticket has one
	t.posted(sent.MailID, k)
	i, _ := slices.BinarySearchFunc(t.answers, sent.SentAt, func(a *answer, at time.Time) int { return a.SentAt.Compare(at) })
	t.answers = slices.Insert(t.answers, i, &answer{sent, k})
	return sent.ID
}

// ofReport returns the ticket of a report that names none: that of the mail that it reports on, else that of the newest
// answer to its relay address. Amazon's notices leave out the part of the address that differs from case to case.
func (t *threader) ofReport(m InboundMessage) *Ticket {
	if k := t.referred(m); k != nil || m.BuyerEmail == "" {
		return k
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
func (t *threader) reported(k *Ticket, p *placing) {
	typ, status := EventDeliveryFailed, DeliveryFailed
	if p.m.kind() == KindDeliveryDelay {
		typ, status = EventDeliveryDelayed, ""
	}
	var message TicketMessageID
	if a := t.reportedOn(k, p.m); a != nil {
		message = a.ID
		t.settle(a, status)
	}
	t.event(k, typ, ActorSystem, message, p.ext.ID, facts(p.m))
	if status == DeliveryFailed && !t.connection.predates(p.m.ReceivedAt) {
		t.moved(k, k.unanswer(), typ, message, p.ext.ID)
	}
}

// reportedOn returns the answer that a report is about, nil if nobody knows.
func (t *threader) reportedOn(k *Ticket, m InboundMessage) *answer {
	for _, a := range t.answers {
		if a.ticket == k && a.MailID != "" && slices.Contains(m.References, a.MailID) {
			return a
		}
	}
	for _, a := range slices.Backward(t.answers) {
		if a.ticket == k && a.unsettled() && !a.SentAt.After(m.ReceivedAt) {
			return a
		}
	}
	return nil
}

// settle notes what became of an answer.
func (t *threader) settle(a *answer, status DeliveryStatus) {
	if status == "" || a.Delivery == status {
		return
	}
	a.Delivery = status
	t.out.Deliveries = append(t.out.Deliveries, DeliveryChange{a.ID, status})
}
