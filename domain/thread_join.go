package domain

import (
	"maps"
	"slices"
)

// take keeps a message and puts it on its ticket, if it belongs to one.
func (t *threader) take(m InboundMessage) {
	c := t.connection
	t.out.Messages = append(t.out.Messages, ExternalMessage{
		ID: NewID[MessageID](), Tenant: c.Tenant, Connection: c.ID, Type: c.Type, Kind: m.kind(), Evidence: m.Evidence, Recipient: m.Recipient,
		Parser: m.Parser, ExternalID: m.ExternalID, MailID: m.MailID, ThreadID: m.ThreadID, OrderID: m.OrderID,
		BuyerName: m.BuyerName, BuyerEmail: m.BuyerEmail, Language: m.Language, Subject: m.Subject, Facts: m.Facts, Flags: m.Flags,
		SafetyFlags: flagEvent(m), Files: m.Files, ReceivedAt: m.ReceivedAt.UTC(), Source: m.Source.Plain(), Quarantine: m.kind().quarantine(),
	})
	ext := &t.out.Messages[len(t.out.Messages)-1]
	switch {
	case ext.Kind == KindBuyerMessage:
		t.receive(m, ext)
	case ext.Kind.aboutOrder(), ext.Kind.aboutAnswer():
		t.place(&pendingMatch{m: m, ext: ext})
	}
}

// place puts a message that is no buyer's on its ticket, or has it wait for one.
func (t *threader) place(p *pendingMatch) {
	ticket, why := t.ticketOf(p.m)
	if ticket != nil {
		t.join(ticket, p)
		return
	}
	if !t.connection.predates(p.m.ReceivedAt) {
		p.ext.Quarantine = why
	}
	if p.ext.Kind.waits() && (p.m.ThreadID != "" || p.m.OrderID != "") {
		t.waiting = append(t.waiting, p)
	}
}

// waits reports whether messages of a kind join a ticket that comes later.
func (k MessageKind) waits() bool { return k.aboutOrder() || k == KindSellerCopy }

// quarantine is why a person should look at every message of a kind.
func (k MessageKind) quarantine() QuarantineReason {
	switch k {
	case KindUnknown:
		return QuarantineUnknown
	case KindSuspect:
		return QuarantineSuspect
	}
	return ""
}

// ticketOf returns the ticket that a message which is no buyer's is about. Without one it says why a person should look.
func (t *threader) ticketOf(m InboundMessage) (*Ticket, QuarantineReason) {
	ticket, why := t.named(m.ThreadID, m.OrderID), QuarantineReason("")
	switch kind := m.kind(); {
	case ticket != nil:
	case kind.aboutOrder():
		if orderEvents[kind].urgent() {
			why = QuarantineNoTicket
		}
	case kind == KindSellerCopy:
		ticket, why = t.ofCopy(m)
	default:
		if ticket = t.ofReport(m); ticket == nil && kind != KindDeliveryDelay {
			why = QuarantineNoTicket
		}
	}
	return ticket, why
}

// join puts a message that is no buyer's on its ticket.
func (t *threader) join(ticket *Ticket, p *pendingMatch) {
	t.touch(ticket)
	ticket.s.OrderID = firstOf(ticket.s.OrderID, p.m.OrderID)
	ticket.s.UpdatedAt = t.now.UTC()
	p.ext.Ticket, p.ext.Quarantine = ticket.s.ID, ""
	if p.stored {
		t.out.Joined = append(t.out.Joined, Joined{p.ext.ID, ticket.s.ID})
	}
	switch kind := p.m.kind(); {
	case kind.aboutOrder():
		t.recordEvent(ticket, p)
	case kind == KindSellerCopy:
		t.copied(ticket, p)
	default:
		t.reported(ticket, p)
	}
	t.indexThread(ticket, p.m.ThreadID)
}

// learn remembers what a ticket has from its newest message, and puts on tickets what waited for that.
func (t *threader) indexThread(ticket *Ticket, thread string) {
	t.index(ticket)
	if thread != "" {
		t.byKey[thread] = ticket
	}
	for i := 0; i < len(t.waiting); i++ {
		p := t.waiting[i]
		if ticket := t.named(p.m.ThreadID, p.m.OrderID); ticket != nil {
			t.waiting = slices.Delete(t.waiting, i, i+1)
			t.join(ticket, p) // and learns in turn, so that nothing is left to look for here
			return
		}
	}
}

// touch notes that a ticket is changed.
func (t *threader) touch(ticket *Ticket) {
	if !t.touched[ticket] {
		t.touched[ticket] = true
		t.out.Changed = append(t.out.Changed, ticket)
	}
}

// event notes what happened to a ticket: by a ticket message, or else by an external message.
func (t *threader) event(ticket *Ticket, typ EventType, actor ActorType, message TicketMessageID, origin MessageID, payload map[string]string) {
	t.out.Events = append(t.out.Events, TicketEvent{
		ID: NewID[EventID](), Tenant: ticket.s.Tenant, Ticket: ticket.s.ID, Message: message, Origin: origin, Type: typ, Actor: actor,
		Payload: payload, At: t.now.UTC(),
	})
}

// moved notes that a ticket is in another status than it was in, "" when it is not, and what by.
func (t *threader) moved(ticket *Ticket, was TicketStatus, cause EventType, message TicketMessageID, origin MessageID) {
	if was != "" {
		t.event(ticket, EventStatusChanged, ActorSystem, message, origin, map[string]string{
			"from": string(was), "to": string(ticket.s.Status), "cause": string(cause),
		})
	}
}

// facts are what an event shows of its message: its facts, and never what somebody wrote.
func facts(m InboundMessage) map[string]string {
	if shown := maps.Clone(m.Facts); shown != nil {
		return shown
	}
	return map[string]string{}
}
