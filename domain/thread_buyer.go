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
	ticket := t.ticketFor(m)
	var ended TicketStatus
	if t.connection.predates(m.ReceivedAt) {
		ticket.applyMessage(m, flags, t.now)
	} else {
		ended = ticket.receive(m, flags, t.now)
	}
	ext.Ticket, ext.Subject = ticket.s.ID, ""
	msg := TicketMessage{
		ID: NewID[TicketMessageID](), Tenant: ticket.s.Tenant, Ticket: ticket.s.ID, ExternalMessage: ext.ID,
		SenderType: SenderCustomer, SenderName: m.BuyerName, Body: m.Body, Quoted: m.Quoted, Source: FromMarketplace,
		MailID: m.MailID, SafetyFlags: flags, SentAt: m.ReceivedAt.UTC(),
	}
	t.out.TicketMessages = append(t.out.TicketMessages, msg)
	t.indexMessageID(m.MailID, ticket)
	t.moved(ticket, ended, EventMessageReceived, msg.ID, MessageID{})
	t.event(ticket, EventMessageReceived, ActorCustomer, msg.ID, MessageID{}, map[string]string{"externalId": m.ExternalID})
	t.indexThread(ticket, m.ThreadID)
}

// ticketFor returns the ticket that a buyer's message joins or opens.
func (t *threader) ticketFor(m InboundMessage) *Ticket {
	ticket := t.named(firstOf(m.ThreadID, m.OrderID, m.ExternalID), m.OrderID)
	if ticket != nil && m.OrderID != "" && ticket != t.byKey[m.ThreadID] && ticket.isAnothers(m.BuyerEmail) { // two buyers name the order
		ticket = t.latest(func(ticket *Ticket) bool { return ticket.s.OrderID == m.OrderID && !ticket.isAnothers(m.BuyerEmail) })
	}
	if ticket == nil {
		ticket = t.referred(m)
	}
	if ticket == nil && m.ThreadID == "" && m.OrderID == "" && m.BuyerEmail != "" {
		ticket = t.latest(func(ticket *Ticket) bool {
			return ticket.s.CustomerEmail == m.BuyerEmail && ticket.activeAround(m.ReceivedAt)
		})
	}
	if ticket != nil {
		t.touch(ticket)
		return ticket
	}
	ticket = openTicket(t.connection, m, t.now)
	if t.byKey[ticket.s.ExternalID] != nil { // the order is the key of another buyer's
		ticket.s.ExternalID = m.ExternalID
	}
	t.touched[ticket] = true
	t.tickets, t.out.Opened = append(t.tickets, ticket), append(t.out.Opened, ticket)
	return ticket
}

// isAnothers reports whether the ticket is of another buyer than the one with this relay address. Who has none is anybody.
func (t *Ticket) isAnothers(relay string) bool {
	return relay != "" && t.s.CustomerEmail != "" && RelayMailbox(t.s.CustomerEmail) != RelayMailbox(relay)
}
