package domain

import "time"

// historyAge is how much older than its connection a message is that belongs to what was before it.
const historyAge = 24 * time.Hour

// predates reports whether what came at a time is history to the connection: it was there long before the seller came here,
// and whoever had to act on it has. A connection without a time of creation has none.
func (s ConnectionState) predates(at time.Time) bool {
	return !s.CreatedAt.IsZero() && at.Before(s.CreatedAt.Add(-historyAge))
}

// receive puts a buyer's message on its ticket.
func (t *threader) receive(m InboundMessage, ext *ExternalMessage) {
	flags := flagMessage(m)
	k := t.ticketFor(m)
	var ended TicketStatus
	if t.connection.predates(m.ReceivedAt) {
		k.hear(m, flags, t.now)
	} else {
		ended = k.receive(m, flags, t.now)
	}
	ext.Ticket, ext.Subject = k.s.ID, ""
	msg := TicketMessage{
		ID: NewID[TicketMessageID](), Tenant: k.s.Tenant, Ticket: k.s.ID, ExternalMessage: ext.ID,
		SenderType: SenderCustomer, SenderName: m.BuyerName, Body: m.Body, Quoted: m.Quoted, Source: FromMarketplace,
		MailID: m.MailID, SafetyFlags: flags, SentAt: m.ReceivedAt.UTC(),
	}
	t.out.TicketMessages = append(t.out.TicketMessages, msg)
	t.posted(m.MailID, k)
	t.moved(k, ended, EventMessageReceived, msg.ID, MessageID{})
	t.event(k, EventMessageReceived, ActorCustomer, msg.ID, MessageID{}, map[string]string{"externalId": m.ExternalID})
	t.learn(k, m.ThreadID)
}

// ticketFor returns the ticket that a buyer's message joins or opens.
func (t *threader) ticketFor(m InboundMessage) *Ticket {
	k := t.named(firstOf(m.ThreadID, m.OrderID, m.ExternalID), m.OrderID)
	if k != nil && m.OrderID != "" && k != t.byKey[m.ThreadID] && k.isAnothers(m.BuyerEmail) { // two buyers name the order
		k = t.latest(func(k *Ticket) bool { return k.s.OrderID == m.OrderID && !k.isAnothers(m.BuyerEmail) })
	}
	if k == nil {
		k = t.referred(m)
	}
	if k == nil && m.ThreadID == "" && m.OrderID == "" && m.BuyerEmail != "" {
		k = t.latest(func(k *Ticket) bool { return k.s.CustomerEmail == m.BuyerEmail && k.activeAround(m.ReceivedAt) })
	}
	if k != nil {
		t.touch(k)
		return k
	}
	k = openTicket(t.connection, m, t.now)
	if t.byKey[k.s.ExternalID] != nil { // the order is the key of another buyer's
		k.s.ExternalID = m.ExternalID
	}
	t.touched[k] = true
	t.tickets, t.out.Opened = append(t.tickets, k), append(t.out.Opened, k)
	return k
}

// isAnothers reports whether the ticket is of another buyer than the one with this relay address. Who has none is anybody.
func (t *Ticket) isAnothers(relay string) bool {
	return relay != "" && t.s.CustomerEmail != "" && RelayMailbox(t.s.CustomerEmail) != RelayMailbox(relay)
}
