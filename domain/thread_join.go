package domain

import (
	"maps"
	"slices"
)

// take keeps a message and puts it on its ticket, if it belongs to one.
func (t *threader) take(m InboundMessage) {
	c := t.connection
	t.out.Messages = append(t.out.Messages, ExternalMessage{
		ID: NewID[MessageID](), Tenant: c.Tenant, Connection: c.ID, Type: c.Type, Kind: m.kind(), Evidence: m.Evidence,
		Parser: m.Parser, ExternalID: m.ExternalID, MailID: m.MailID, ThreadID: m.ThreadID, OrderID: m.OrderID,
		BuyerName: m.BuyerName, BuyerEmail: m.BuyerEmail, Language: m.Language, Subject: m.Subject, Facts: m.Facts, Flags: m.Flags,
		SafetyFlags: flagEvent(m), Files: m.Files, ReceivedAt: m.ReceivedAt.UTC(), Raw: m.Raw.Plain(), Quarantine: m.kind().quarantine(),
	})
	ext := &t.out.Messages[len(t.out.Messages)-1]
	switch {
	case ext.Kind == KindBuyerMessage:
		t.receive(m, ext)
	case ext.Kind.aboutOrder(), ext.Kind.aboutAnswer():
		t.place(&placing{m: m, ext: ext})
	}
}

// place puts a message that is no buyer's on its ticket, or has it wait for one.
func (t *threader) place(p *placing) {
	k, why := t.ticketOf(p.m)
	if k != nil {
		t.join(k, p)
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
	k, why := t.named(m.ThreadID, m.OrderID), QuarantineReason("")
	switch kind := m.kind(); {
	case k != nil:
	case kind.aboutOrder():
		if orderEvents[kind].urgent() {
			why = QuarantineNoTicket
		}
	case kind == KindSellerCopy:
		k, why = t.ofCopy(m)
	default:
		if k = t.ofReport(m); k == nil && kind != KindDeliveryDelay {
			why = QuarantineNoTicket
		}
	}
	return k, why
}

// join puts a message that is no buyer's on its ticket.
func (t *threader) join(k *Ticket, p *placing) {
	t.touch(k)
	k.s.OrderID = firstOf(k.s.OrderID, p.m.OrderID)
	k.s.UpdatedAt = t.now.UTC()
	p.ext.Ticket, p.ext.Quarantine = k.s.ID, ""
	if p.stored {
		t.out.Joined = append(t.out.Joined, Joined{p.ext.ID, k.s.ID})
	}
	switch kind := p.m.kind(); {
	case kind.aboutOrder():
		t.happen(k, p)
	case kind == KindSellerCopy:
		t.copied(k, p)
	default:
		t.reported(k, p)
	}
	t.learn(k, p.m.ThreadID)
}

// learn remembers what a ticket has from its newest message, and puts on tickets what waited for that.
func (t *threader) learn(k *Ticket, thread string) {
	t.index(k)
	if thread != "" {
		t.byKey[thread] = k
	}
	for i := 0; i < len(t.waiting); i++ {
		p := t.waiting[i]
		if k := t.named(p.m.ThreadID, p.m.OrderID); k != nil {
			t.waiting = slices.Delete(t.waiting, i, i+1)
			t.join(k, p) // and learns in turn, so that nothing is left to look for here
			return
		}
	}
}

// touch notes that a ticket is changed.
func (t *threader) touch(k *Ticket) {
	if !t.touched[k] {
		t.touched[k] = true
		t.out.Changed = append(t.out.Changed, k)
	}
}

// event notes what happened to a ticket: by a ticket message, or else by an external message.
func (t *threader) event(k *Ticket, typ EventType, actor ActorType, message TicketMessageID, origin MessageID, payload map[string]string) {
	t.out.Events = append(t.out.Events, TicketEvent{
		ID: NewID[EventID](), Tenant: k.s.Tenant, Ticket: k.s.ID, Message: message, Origin: origin, Type: typ, Actor: actor,
		Payload: payload, At: t.now.UTC(),
	})
}

// moved notes that a ticket is in another status than it was in, "" when it is not, and what by.
func (t *threader) moved(k *Ticket, was TicketStatus, cause EventType, message TicketMessageID, origin MessageID) {
	if was != "" {
		t.event(k, EventStatusChanged, ActorSystem, message, origin, map[string]string{
			"from": string(was), "to": string(k.s.Status), "cause": string(cause),
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
