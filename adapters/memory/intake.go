package memory

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
)

type intake struct{ *transaction }

func (x intake) Known(ctx context.Context, c domain.ConnectionID, externalIDs []string) (map[string]bool, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, id := range externalIDs {
		if _, there := x.rows.byMessageKey[messageKey{c, id}]; there {
			known[id] = true
		}
	}
	return known, nil
}

func (x intake) Book(ctx context.Context, c domain.ConnectionID, threads, orders []string) (domain.Book, error) {
	if err := x.change(ctx); err != nil { // it locks
		return domain.Book{}, err
	}
	book := domain.Book{Threads: map[string]domain.TicketID{}}
	wanted, byThread, byOrder := map[domain.TicketID]bool{}, setOf(threads), setOf(orders)
	for _, s := range x.rows.tickets {
		if s.Connection == c && (byThread[s.ExternalID] || byOrder[s.OrderID]) {
			wanted[s.ID] = true
		}
	}
	newest := map[string]domain.ExternalMessage{}
	for _, m := range x.rows.messages {
		if m.Connection != c || m.Ticket == (domain.TicketID{}) || !byThread[m.ThreadID] {
			continue
		}
		if n, there := newest[m.ThreadID]; !there || m.ReceivedAt.After(n.ReceivedAt) || m.ReceivedAt.Equal(n.ReceivedAt) && m.ID.String() > n.ID.String() {
			newest[m.ThreadID] = m
		}
	}
	for thread, m := range newest {
		wanted[m.Ticket] = true
		book.Threads[thread] = m.Ticket
	}
	for id := range wanted {
		s := x.rows.tickets[id]
		if s.Channel == domain.ChannelManual {
			continue
		}
		t, err := domain.RestoreTicket(copyTicket(s))
		if err != nil {
			return domain.Book{}, err
		}
		x.locked[ticketLock(id)] = true
		book.Tickets = append(book.Tickets, t)
	}
	return book, nil
}

// setOf is the texts that are there: "" is none.
func setOf(texts []string) map[string]bool {
	set := make(map[string]bool, len(texts))
	for _, t := range texts {
		set[t] = t != ""
	}
	return set
}
