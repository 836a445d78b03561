package postgres

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/keybuzzio/marketplaces/domain"
)

// Store implements ports.Intake: a statement a table, whatever the intake holds. Connections of one tenant may store the same
// messages at the same time. What they wait for each other for, raws and identities, they store in one order, so that
// none waits for one that waits for it.
func (q intake) Store(ctx context.Context, in domain.Intake) error {
	opened, changed := states(in.Opened), states(in.Changed)
	messages := slices.SortedFunc(slices.Values(in.Messages), func(a, b domain.ExternalMessage) int {
		return cmp.Compare(a.ExternalID, b.ExternalID)
	})
	for _, step := range []func() error{
		func() error { return insert(ctx, q, rawContents, contentsOf(in), "ON CONFLICT DO NOTHING") },
		func() error { return insert(ctx, q, newTickets, opened) },
		func() error { return update(ctx, q, changedTickets, byID, changed) },
		func() error { return insert(ctx, q, externalMessages, messages) },
		func() error { return insert(ctx, q, attachments, filesOf(messages)) },
		func() error { return update(ctx, q, joinedMessages, byTenantAndID, in.Joined) },
		func() error { return insert(ctx, q, ticketMessages, in.TicketMessages) },
		func() error { return update(ctx, q, deliveries, byTenantAndID, in.Deliveries) },
		func() error { return insert(ctx, q, ticketEvents, in.Events) },
		// The same bytes rejected again for the same reason are there already.
		func() error { return insert(ctx, q, rejectedMessages, in.Rejected, "ON CONFLICT DO NOTHING") },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func states(tickets []*domain.Ticket) []domain.TicketState {
	out := make([]domain.TicketState, len(tickets))
	for i, t := range tickets {
		out[i] = t.State()
	}
	return out
}

// insert writes new rows. Their identity is decided by the table's constraints.
func insert[R any](ctx context.Context, q intake, t table[R], rows []R, tail ...string) error {
	if len(rows) == 0 {
		return nil
	}
	statement, args := t.insert(rows)
	_, err := q.exec(ctx, "insert into "+t.name, strings.Join(append([]string{statement}, tail...), " "), args)
	return err
}

// update changes rows that must all be there.
func update[R any](ctx context.Context, q intake, t table[R], key string, rows []R) error {
	if len(rows) == 0 {
		return nil
	}
	statement, args := t.update(rows, key)
	n, err := q.exec(ctx, "update "+t.name, statement, args)
	if err == nil && n != len(rows) {
		return errNone // a row that is not there, or not this tenant's
	}
	return err
}
