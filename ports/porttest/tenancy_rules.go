package porttest

import (
	"context"
	"errors"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// tenancyRules are about what a tenant's transaction does with another tenant's ids.
var tenancyRules = rules[RepositoryFixture]{
	"another tenant's ids are ErrNotFound": func(t *testing.T, f RepositoryFixture) {
		is, t2 := is.New(t), tenant(t, "t2")
		c := f.connect(t, tenant(t, "t1"), domain.Amazon, connected)
		k := f.ingest(t, c, inbound("m1", "thread", "order", start)).Opened[0].State().ID
		f.connect(t, t2, domain.Amazon)
		stolen := c
		stolen.Tenant = t2 // who knows the id alone
		mine, err := domain.RestoreConnection(stolen)
		is.NoErr(err)
		for _, use := range []func(context.Context, ports.Tx) error{
			func(ctx context.Context, tx ports.Tx) error { _, err := tx.Connections.Get(ctx, c.ID); return err },
			func(ctx context.Context, tx ports.Tx) error { _, err := tx.Connections.Lock(ctx, c.ID); return err },
			func(ctx context.Context, tx ports.Tx) error { return tx.Connections.Save(ctx, mine) },
			func(ctx context.Context, tx ports.Tx) error { _, err := tx.SyncStates.Get(ctx, c.ID); return err },
			func(ctx context.Context, tx ports.Tx) error { _, err := tx.SyncStates.Lock(ctx, c.ID); return err },
			func(ctx context.Context, tx ports.Tx) error {
				return tx.Pages.Store(ctx, domain.PageWrite{Sync: domain.NewSyncState(stolen)})
			},
			func(ctx context.Context, tx ports.Tx) error { _, err := tx.Tickets.Get(ctx, k); return err },
		} {
			is.True(errors.Is(f.Repository.Update(t.Context(), t2, use), domain.ErrNotFound))
		}
		is.Equal(f.connectionOf(t, c), c)
	},
	"lists show nothing of another tenant": func(t *testing.T, f RepositoryFixture) {
		is, t2 := is.New(t), tenant(t, "t2")
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		k := f.ingest(t, c, inbound("m1", "thread", "order", start)).Opened[0].State().ID
		f.update(t, t2, func(ctx context.Context, tx ports.Tx) error {
			connections, err := tx.Connections.OfType(ctx, domain.Amazon)
			is.NoErr(err)
			is.Equal(len(connections), 0)
			tickets, err := tx.Tickets.List(ctx, ports.TicketFilter{Limit: everything})
			is.NoErr(err)
			is.Equal(len(tickets), 0)
			messages, err := tx.Tickets.Messages(ctx, k, ports.Position{}, everything)
			is.NoErr(err)
			is.Equal(len(messages), 0)
			events, err := tx.Tickets.Events(ctx, k, ports.Position{}, everything)
			is.NoErr(err)
			is.Equal(len(events), 0)
			known, err := tx.Pages.Known(ctx, c.Type, []string{"m1"})
			is.NoErr(err)
			is.True(!known["m1"])
			book, err := tx.Pages.Candidates(ctx, c.ID, domain.ConversationKeys{Threads: []string{"thread"}, Orders: []string{"order"}}, later)
			is.NoErr(err)
			is.Equal(len(book.Tickets), 0)
			is.Equal(len(book.Threads), 0)
			return nil
		})
	},
	"nothing of another tenant can be written": func(t *testing.T, f RepositoryFixture) {
		is, t1, t2 := is.New(t), tenant(t, "t1"), tenant(t, "t2")
		theirs := f.connect(t, t1, domain.Amazon)
		own := f.connect(t, t2, domain.Amazon)
		ticket := f.ingest(t, theirs, inbound("m1", "thread", "order", start)).Opened[0]
		before, messages := f.holding(t, t1), f.messages(t, theirs)
		page := []domain.InboundMessage{inbound("m2", "thread-2", "", start)}
		on := domain.Thread(own, page, domain.Candidates{}, start) // our message on their ticket
		on.TicketMessages[0].Ticket, on.Messages[0].Ticket = ticket.State().ID, ticket.State().ID
		on.Opened, on.Events = nil, nil
		state := ticket.State()
		state.Subject = "changed"
		changed, err := domain.RestoreTicket(state)
		is.NoErr(err)
		posing := rejected(theirs, "1", domain.RejectNUL, []byte{0})
		posing.Tenant = t2
		for name, in := range map[string]domain.PageWrite{
			"their whole intake":                     domain.Thread(theirs, page, domain.Candidates{}, start),
			"a message on their ticket":              on,
			"a ticket of theirs":                     {Opened: []*domain.Ticket{newTicket(t, theirs, "new")}},
			"a ticket of their connection":           {Opened: []*domain.Ticket{newTicket(t, theirs, "new", func(s *domain.TicketState) { s.Tenant = t2 })}},
			"a change of their ticket":               {Changed: []*domain.Ticket{changed}},
			"a note on their ticket":                 {TicketMessages: []domain.TicketMessage{{ID: domain.NewID[domain.TicketMessageID](), Tenant: t2, Ticket: ticket.State().ID, SentAt: start}}},
			"an event on their ticket":               {Events: []domain.TicketEvent{{ID: domain.NewID[domain.EventID](), Tenant: t2, Ticket: ticket.State().ID, Type: domain.EventStatusChanged, At: start}}},
			"a rejected message":                     {Rejected: []domain.RejectedMessage{rejected(theirs, "1", domain.RejectNUL, []byte{0})}},
			"a rejected message of their connection": {Rejected: []domain.RejectedMessage{posing}},
		} {
			t.Run(name, func(t *testing.T) {
				is := is.New(t)
				is.True(f.Repository.Update(t.Context(), t2, func(ctx context.Context, tx ports.Tx) error {
					_, err := tx.SyncStates.Lock(ctx, own.ID)
					is.NoErr(err)
					return tx.Pages.Store(ctx, in)
				}) != nil)
			})
		}
		err = f.Repository.Update(t.Context(), t2, func(ctx context.Context, tx ports.Tx) error {
			return tx.Connections.Insert(ctx, connection(t, t1, domain.Fnac))
		})
		is.True(err != nil)
		is.Equal(f.holding(t, t1), before)
		is.Equal(f.messages(t, theirs), messages)
		is.Equal(len(f.rejected(t, theirs)), 0)
		is.Equal(f.holding(t, t2).count(), [3]int{})
	},
	"two tenants with the same ids from outside never meet": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		page := []domain.InboundMessage{
			inbound("m1", "thread", "order", minute(1)), inbound("m2", "thread", "order", minute(2)), inbound("m3", "", "order", minute(3)),
		}
		for _, name := range []string{"t1", "t2", "T1"} { // names differ by case too
			c := f.connect(t, tenant(t, name), domain.Amazon)
			in := f.ingest(t, c, page...)
			is.Equal(len(in.Messages), 3) // nothing of another tenant is known
			is.Equal(len(in.Opened), 1)
		}
		for _, name := range []string{"t1", "t2", "T1"} {
			h := f.holding(t, tenant(t, name))
			is.Equal(h.count(), [3]int{1, 3, 3})
			is.Equal(h.Tickets[0].Tenant, tenant(t, name))
		}
	},
}
