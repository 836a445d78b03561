package domain

// orderEvent is what an event of an order does to its ticket.
type orderEvent struct {
	typ      EventType
	actor    ActorType
	priority Priority       // at least
	reopens  bool           // the seller must act, whatever the ticket's status
	blocks   SafetyCategory // no machine answers; "" if it may
	term     string         // what the flag for that says
}

func (e orderEvent) urgent() bool { return e.priority == PriorityUrgent }

var orderEvents = map[MessageKind]orderEvent{
	KindCancelRequest: {typ: EventCancelRequested, actor: ActorCustomer, priority: PriorityUrgent, reopens: true},
	KindReturnEvent:   {typ: EventReturnRequested, actor: ActorCustomer, priority: PriorityHigh, reopens: true},
	KindRefundEvent:   {typ: EventRefundIssued, actor: ActorSystem, priority: PriorityLow},
	KindClaimOpened: {
		typ: EventClaimOpened, actor: ActorCustomer, priority: PriorityUrgent, reopens: true, blocks: SafetyClaim, term: "a-to-z claim",
	},
	KindClaimClosed: {typ: EventClaimClosed, actor: ActorSystem, priority: PriorityLow},
	KindChargeback: {
		typ: EventChargebackOpened, actor: ActorCustomer, priority: PriorityUrgent, reopens: true, blocks: SafetyChargeback, term: "chargeback notice",
	},
}

// happen notes an event of an order on its ticket.
func (t *threader) happen(k *Ticket, p *placing) {
	e := orderEvents[p.m.kind()]
	k.flag(p.ext.SafetyFlags)
	k.raise(e.priority)
	t.event(k, e.typ, e.actor, TicketMessageID{}, p.ext.ID, facts(p.m))
	if e.reopens && !t.connection.predates(p.m.ReceivedAt) {
		t.moved(k, k.reopen(), e.typ, TicketMessageID{}, p.ext.ID)
	}
}
