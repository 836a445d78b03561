package domain

import (
	"slices"
	"time"
)

// Rethread is Thread for messages of a connection that are stored already and have Arrived: it puts them on tickets and says
// so in Is. One that is on a ticket already and finds none today stays where it is. What it returns has new tickets, ticket
// messages, events and what became known of others, and no messages.
func Rethread(c ConnectionState, arrived []*Reread, book Candidates, now time.Time) PageWrite {
	if len(arrived) == 0 {
		return PageWrite{}
	}
	page, byID := make([]InboundMessage, len(arrived)), make(map[string]*Reread, len(arrived))
	here := make(map[MessageID]bool, len(arrived))
	told := map[MessageID]bool{} // what a ticket has heard of before, and an origin tells of a type of event once
	for i, r := range arrived {
		page[i], byID[r.Arrived.ExternalID] = *r.Arrived, r
		here[r.Was.Message.ID], told[r.Was.Message.ID] = true, r.Was.Message.Ticket != TicketID{}
	}
	book.Waiting = slices.DeleteFunc(slices.Clone(book.Waiting), func(m ExternalMessage) bool { return here[m.ID] })
	in := Thread(c, page, book, now)
	stored := make(map[MessageID]MessageID, len(arrived))
	for _, m := range in.Messages {
		r := byID[m.ExternalID]
		is := &r.Is.Message
		stored[m.ID] = is.ID
		switch {
		case m.Ticket != TicketID{}:
			is.Ticket, is.Quarantine, is.Subject = m.Ticket, "", m.Subject
		case is.Ticket == TicketID{} && is.Kind != r.Was.Message.Kind:
			is.Quarantine = m.Quarantine
		}
	}
	for i := range in.TicketMessages {
		in.TicketMessages[i].ExternalMessage = stored[in.TicketMessages[i].ExternalMessage]
	}
	for i := range in.Events {
		e := &in.Events[i]
		if origin, there := stored[e.Origin]; there {
			if e.Origin = origin; told[origin] {
				e.Origin = MessageID{}
			}
		}
	}
	in.Messages = nil
	return in
}

// origin is the connection that m came by, as far as screening wants to know it.
func (m ExternalMessage) origin() ConnectionState {
	return ConnectionState{ID: m.Connection, Tenant: m.Tenant, Type: m.Type}
}
