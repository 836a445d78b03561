package domain

import "github.com/keybuzzio/marketplaces/domain/safety"

// orderEvent is what an event of an order does to its ticket.
type orderEvent struct {
	typ      EventType
	actor    ActorType
	priority Priority        // at least
	reopens  bool            // the seller must act, whatever the ticket's status
	blocks   safety.Category // no machine answers; "" if it may
	term     string          // what the flag for that says
}

func (e orderEvent) urgent() bool { return e.priority == PriorityUrgent }

var orderEvents = map[MessageKind]orderEvent{
	KindCancelRequest: {typ: EventCancelRequested, actor: ActorCustomer, priority: PriorityUrgent, reopens: true},
	KindReturnEvent:   {typ: EventReturnRequested, actor: ActorCustomer, priority: PriorityHigh, reopens: true},
	KindRefundEvent:   {typ: EventRefundIssued, actor: ActorSystem, priority: PriorityLow},
	KindClaimOpened: {
		typ: EventClaimOpened, actor: ActorCustomer, priority: PriorityUrgent, reopens: true, blocks: safety.Claim, term: "a-to-z claim",
	},
	KindClaimClosed: {typ: EventClaimClosed, actor: ActorSystem, priority: PriorityLow},
	KindChargeback: {
		typ: EventChargebackOpened, actor: ActorCustomer, priority: PriorityUrgent, reopens: true, blocks: safety.Chargeback, term: "chargeback notice",
	},
}

// happen notes an event of an order on its ticket.
func (t *threader) recordEvent(ticket *Ticket, p *pendingMatch) {
	e := orderEvents[p.m.kind()]
	ticket.flag(p.ext.SafetyFlags)
	ticket.raise(e.priority)
	t.event(ticket, e.typ, e.actor, TicketMessageID{}, p.ext.ID, facts(p.m))
	if e.reopens && !t.connection.predates(p.m.ReceivedAt) {
		t.moved(ticket, ticket.reopen(), e.typ, TicketMessageID{}, p.ext.ID)
	}
}
