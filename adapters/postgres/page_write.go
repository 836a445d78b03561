package postgres

import (
	"cmp"
	"context"
	"slices"

	"github.com/keybuzzio/marketplaces/domain"
)

// Store implements ports.PageWrite: a statement a table, whatever the intake holds. Connections of one tenant may store the same
// messages at the same time. What they wait for each other for, raws and identities, they store in one order, so that
// none waits for one that waits for it.
func (q intake) Store(ctx context.Context, in domain.PageWrite) error {
	opened, changed := states(in.Opened), states(in.Changed)
	messages := slices.SortedFunc(slices.Values(in.Messages), func(a, b domain.ExternalMessage) int {
		return cmp.Compare(a.ExternalID, b.ExternalID)
	})
	var b batch
	use(&b, keysOf(in))
	insert(&b, rawContents, contentsOf(in))
	insert(&b, newTickets, opened)
	update(&b, changedTickets, changed)
	insert(&b, externalMessages, messages)
	insert(&b, attachments, filesOf(messages))
	update(&b, joinedMessages, in.Joined)
	insert(&b, ticketMessages, in.TicketMessages)
	update(&b, deliveries, in.Deliveries)
	settleReplies(&b, in.Deliveries)
	insert(&b, ticketEvents, in.Events)
	insert(&b, rejectedMessages, in.Rejected)
	advance(&b, in.Sync)
	return q.send(ctx, b)
}

func states(tickets []*domain.Ticket) []domain.TicketState {
	out := make([]domain.TicketState, len(tickets))
	for i, t := range tickets {
		out[i] = t.State()
	}
	return out
}
