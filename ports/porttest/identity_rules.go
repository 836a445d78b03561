package porttest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// identityRules are about what PageWrite.Store refuses because it is there already.
var identityRules = rules[RepositoryFixture]{
	"the same message stored twice is ErrConflict and changes nothing": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		f.ingest(t, c, inbound("m1", "thread", "order", start))
		before, messages, state := f.holding(t, c.Tenant), f.messages(t, c), f.syncStateOf(t, c)
		// As a poll would that did not ask what is known: new messages and a moved cursor with it.
		page := []domain.InboundMessage{inbound("m0", "", "", start), inbound("m1", "thread-2", "", start), inbound("m2", "", "", start)}
		err := f.Repository.Update(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			s, err := tx.SyncStates.Lock(ctx, c.ID)
			is.NoErr(err)
			is.NoErr(s.Advance("", "moved", start))
			is.NoErr(tx.Pages.Store(ctx, domain.PageWrite{Sync: s}))
			return tx.Pages.Store(ctx, domain.Thread(c, page, domain.Candidates{}, start))
		})
		is.True(errors.Is(err, domain.ErrConflict))
		is.Equal(f.holding(t, c.Tenant), before)
		is.Equal(f.messages(t, c), messages)
		is.Equal(f.syncStateOf(t, c), state)
	},
	"a conflict that fn hides undoes everything all the same": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		f.ingest(t, c, inbound("m1", "", "", start))
		before := f.holding(t, c.Tenant)
		page := []domain.InboundMessage{inbound("m0", "", "", start), inbound("m1", "thread", "", start)}
		err := f.Repository.Update(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.SyncStates.Lock(ctx, c.ID)
			is.NoErr(err)
			is.True(tx.Pages.Store(ctx, domain.Thread(c, page, domain.Candidates{}, start)) != nil)
			return nil
		})
		is.True(err != nil) // nothing half-mapped, whatever the caller forgets
		is.Equal(f.holding(t, c.Tenant), before)
		is.Equal(len(f.messages(t, c)), 1)
	},
	"a message twice in one intake is ErrConflict": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		page := []domain.InboundMessage{inbound("m1", "a", "", start), inbound("m1", "b", "", start)}
		err := f.tryStore(t.Context(), c, domain.Thread(c, page, domain.Candidates{}, start))
		is.True(errors.Is(err, domain.ErrConflict))
		is.Equal(len(f.messages(t, c)), 0)
	},
	"the same id is the same message on every connection of the tenant to a marketplace": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		a := f.connect(t, t1, domain.Amazon)
		b := f.connect(t, t1, domain.Amazon, func(s *domain.ConnectionState) { s.MarketplaceID = "another" })
		f.ingest(t, a, inbound("m1", "thread", "order", start))
		is.True(errors.Is(f.tryStore(t.Context(), b, domain.Thread(b, []domain.InboundMessage{inbound("m1", "thread", "order", start)}, domain.Candidates{}, start)), domain.ErrConflict))
		is.Equal(len(f.ingest(t, b, inbound("m1", "thread", "order", start)).Messages), 0) // it is known
		is.Equal(f.holding(t, t1).count(), [3]int{1, 1, 1})
	},
	"of several connections that store one message at once one does": func(t *testing.T, f RepositoryFixture) {
		is, t1, stored := is.New(t), tenant(t, "t1"), 0
		var connections []domain.ConnectionState
		for i := range 4 {
			connections = append(connections, f.connect(t, t1, domain.Amazon, func(s *domain.ConnectionState) { s.MarketplaceID = fmt.Sprint(i) }))
		}
		for _, err := range together(8, func(i int) error {
			c := connections[i%len(connections)]
			return f.tryStore(t.Context(), c, domain.Thread(c, []domain.InboundMessage{inbound("m1", "thread", "order", start)}, domain.Candidates{}, start))
		}) {
			if err == nil {
				stored++
			} else {
				is.True(errors.Is(err, domain.ErrConflict))
			}
		}
		is.Equal(stored, 1)
		is.Equal(f.holding(t, t1).count(), [3]int{1, 1, 1})
	},
	"the same id is another message of another marketplace": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		a, b := f.connect(t, t1, domain.Amazon), f.connect(t, t1, domain.Fnac)
		f.ingest(t, a, inbound("m1", "thread", "order", start))
		f.ingest(t, b, inbound("m1", "thread", "order", start))
		is.Equal(f.holding(t, t1).count(), [3]int{2, 2, 2})
	},
	"a second ticket with a key is ErrConflict": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		f.store(t, c, domain.PageWrite{Opened: []*domain.Ticket{newTicket(t, c, "key")}})
		err := f.tryStore(t.Context(), c, domain.PageWrite{Opened: []*domain.Ticket{newTicket(t, c, "other"), newTicket(t, c, "key")}})
		is.True(errors.Is(err, domain.ErrConflict))
		is.Equal(f.holding(t, c.Tenant).count(), [3]int{1, 0, 0})
	},
	"tickets without a key do not stand in each other's way": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		for range 2 {
			f.store(t, c, domain.PageWrite{Opened: []*domain.Ticket{
				newTicket(t, c, "", func(s *domain.TicketState) { s.Channel = domain.ChannelManual }),
				newTicket(t, c, "", func(s *domain.TicketState) { s.Channel, s.Connection = domain.ChannelManual, domain.ConnectionID{} }),
			}})
		}
		is.Equal(f.holding(t, c.Tenant).count(), [3]int{4, 0, 0})
	},
	"a message is on a ticket once": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		in := f.ingest(t, c, inbound("m1", "thread", "", start))
		again := in.TicketMessages[0]
		again.ID = domain.NewID[domain.TicketMessageID]()
		err := f.tryStore(t.Context(), c, domain.PageWrite{TicketMessages: []domain.TicketMessage{again}})
		is.True(errors.Is(err, domain.ErrConflict))
		is.Equal(f.holding(t, c.Tenant).count(), [3]int{1, 1, 1})
	},
	"a ticket message is received once": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		in := f.ingest(t, c, inbound("m1", "thread", "", start))
		again := in.Events[0]
		is.Equal(again.Type, domain.EventMessageReceived)
		again.ID = domain.NewID[domain.EventID]()
		err := f.tryStore(t.Context(), c, domain.PageWrite{Events: []domain.TicketEvent{again}})
		is.True(errors.Is(err, domain.ErrConflict))
		for range 2 {
			again.ID, again.Type = domain.NewID[domain.EventID](), domain.EventStatusChanged
			f.store(t, c, domain.PageWrite{Events: []domain.TicketEvent{again}}) // other events come as often as they happen
		}
		is.Equal(f.holding(t, c.Tenant).count(), [3]int{1, 1, 3})
	},
	"of several who store one message at once one does": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		stored := 0
		for _, err := range together(8, func(int) error {
			return f.tryStore(t.Context(), c, domain.Thread(c, []domain.InboundMessage{inbound("m1", "thread", "order", start)}, domain.Candidates{}, start))
		}) {
			if err == nil {
				stored++
			} else {
				is.True(errors.Is(err, domain.ErrConflict))
			}
		}
		is.Equal(stored, 1)
		is.Equal(f.holding(t, c.Tenant).count(), [3]int{1, 1, 1})
	},
}
