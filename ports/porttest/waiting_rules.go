package porttest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// about is a message of a kind about a thread and an order, without a ticket.
func about(c domain.ConnectionState, id string, kind domain.MessageKind, thread, order string, at int) domain.ExternalMessage {
	return external(c, id, func(m *domain.ExternalMessage) {
		m.Kind, m.ThreadID, m.OrderID, m.ReceivedAt = kind, thread, order, minute(at)
	})
}

// waitingRules are about messages that wait for a ticket.
var waitingRules = rules[RepositoryFixture]{
	"events and copies without a ticket wait for their thread or order, and nothing else does": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		var in domain.PageWrite
		var want []string
		for i, kind := range domain.MessageKinds {
			waits := slices.Contains([]domain.MessageKind{
				domain.KindCancelRequest, domain.KindReturnEvent, domain.KindRefundEvent, domain.KindClaimOpened, domain.KindClaimClosed,
				domain.KindChargeback, domain.KindSellerCopy,
			}, kind)
			in.Messages = append(in.Messages, about(c, "thread-"+string(kind), kind, "thread", "", 100-2*i), about(c, "order-"+string(kind), kind, "", "order", 101-2*i),
				about(c, "other-"+string(kind), kind, "other", "other", 0), about(c, "none-"+string(kind), kind, "", "", 0))
			if waits {
				want = append(want, "order-"+string(kind), "thread-"+string(kind))
			}
		}
		slices.Reverse(want) // by rising time
		f.store(t, c, in)
		is.Equal(waitingIDs(f.bookOf(t, c, domain.ConversationKeys{Threads: []string{"thread", "x", ""}, Orders: []string{"order", "x", ""}})), want)
	},
	"what waits is whole but for its raw": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		want := about(c, "m1", domain.KindReturnEvent, "thread", "order", 1)
		want.Evidence, want.Parser, want.MailID, want.Subject, want.Language = "header", 3, "id@mail", "Retour", "fr"
		want.BuyerName, want.BuyerEmail, want.Facts = "Zoë", "zoe@example.com", map[string]string{domain.FactASIN: "B000000001"}
		want.Flags, want.SafetyFlags, want.Quarantine = []domain.ParseFlag{domain.FlagAbsence}, flags, domain.QuarantineNoTicket
		f.store(t, c, domain.PageWrite{Messages: []domain.ExternalMessage{want}})
		got := f.bookOf(t, c, domain.ConversationKeys{Threads: []string{"thread"}, Orders: []string{"order"}}).Waiting
		is.Equal(len(got), 1) // once, though it is found twice
		is.True(got[0].Source.Bytes == nil)
		got[0].Source, want.Source = domain.StoredSource{}, domain.StoredSource{}
		is.Equal(plainMessage(got[0]), want)
	},
	"the newest hundred of each thread and of each order wait": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		var in domain.PageWrite
		for i := range 103 {
			in.Messages = append(in.Messages, about(c, fmt.Sprintf("thread-%03d", i), domain.KindReturnEvent, "thread", "", i),
				about(c, fmt.Sprintf("order-%03d", i), domain.KindSellerCopy, "", "order", 200+i))
		}
		in.Messages = append(in.Messages, about(c, "both", domain.KindReturnEvent, "another", "another", 400))
		f.store(t, c, in)
		got := waitingIDs(f.bookOf(t, c, domain.ConversationKeys{Threads: []string{"another", "thread"}, Orders: []string{"order", "another"}}))
		is.Equal(len(got), 201)
		is.Equal([]string{got[0], got[99], got[100], got[199], got[200]}, []string{"thread-003", "thread-102", "order-003", "order-102", "both"})
	},
	"another connection's messages do not wait here": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		c, other, theirs := f.connect(t, t1, domain.Amazon), f.connect(t, t1, domain.Fnac), f.connect(t, tenant(t, "t2"), domain.Amazon)
		for _, from := range []domain.ConnectionState{other, theirs} {
			f.store(t, from, domain.PageWrite{Messages: []domain.ExternalMessage{about(from, "m1", domain.KindReturnEvent, "thread", "order", 1)}})
		}
		asked := domain.ConversationKeys{Threads: []string{"thread"}, Orders: []string{"order"}}
		is.Equal(len(f.bookOf(t, c, asked).Waiting), 0)
		is.Equal(len(f.bookOf(t, other, asked).Waiting), 1)
	},
	"what has joined a ticket is on it, out of quarantine, and waits no more": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		claim, stays := about(c, "m1", domain.KindClaimOpened, "", "order", 1), about(c, "m2", domain.KindRefundEvent, "", "order", 2)
		claim.Quarantine, stays.Quarantine = domain.QuarantineNoTicket, domain.QuarantineNoTicket
		f.store(t, c, domain.PageWrite{Messages: []domain.ExternalMessage{claim, stays}})
		ticket, asked := newTicket(t, c, "key"), domain.ConversationKeys{Orders: []string{"order"}}
		id := ticket.State().ID
		event := domain.TicketEvent{
			ID: domain.NewID[domain.EventID](), Tenant: c.Tenant, Ticket: id, Origin: claim.ID, Type: domain.EventClaimOpened,
			Actor: domain.ActorSystem, At: minute(3),
		}
		f.withBook(t, c, asked, func(ctx context.Context, tx ports.Tx, b domain.Candidates) error {
			is.Equal(waitingIDs(b), []string{"m1", "m2"})
			return tx.Pages.Store(ctx, domain.PageWrite{
				Opened: []*domain.Ticket{ticket}, Joined: []domain.Joined{{Message: claim.ID, Ticket: id}}, Events: []domain.TicketEvent{event},
			})
		})
		claim.Ticket, claim.Quarantine = id, ""
		is.Equal(f.messages(t, c), []domain.ExternalMessage{claim, stays})
		is.Equal(f.holding(t, c.Tenant).Events, []domain.TicketEvent{event})
		is.Equal(waitingIDs(f.bookOf(t, c, asked)), []string{"m2"})
		is.Equal(len(f.quarantined(t, c.Tenant, everything)), 1)
	},
	"an external message tells of an event of a type once": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		ticket, m, other := newTicket(t, c, "key"), about(c, "m1", domain.KindClaimOpened, "", "order", 1), about(c, "m2", domain.KindClaimOpened, "", "order", 1)
		event := func(origin domain.MessageID, typ domain.EventType) domain.PageWrite {
			return domain.PageWrite{Events: []domain.TicketEvent{{
				ID: domain.NewID[domain.EventID](), Tenant: c.Tenant, Ticket: ticket.State().ID, Origin: origin, Type: typ, Actor: domain.ActorSystem, At: minute(2),
			}}}
		}
		f.store(t, c, domain.PageWrite{Opened: []*domain.Ticket{ticket}, Messages: []domain.ExternalMessage{m, other}})
		f.store(t, c, event(m.ID, domain.EventClaimOpened))
		is.True(errors.Is(f.tryStore(t.Context(), c, event(m.ID, domain.EventClaimOpened)), domain.ErrConflict))
		f.store(t, c, event(m.ID, domain.EventStatusChanged))
		f.store(t, c, event(other.ID, domain.EventClaimOpened))
		for range 2 { // events that nothing told of come as often as they happen
			f.store(t, c, event(domain.MessageID{}, domain.EventClaimOpened))
		}
		is.Equal(f.holding(t, c.Tenant).count(), [3]int{1, 0, 5})
	},
	"nothing joins, or tells of an event, across tenants": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c, own := f.connect(t, tenant(t, "t1"), domain.Amazon), f.connect(t, tenant(t, "t2"), domain.Amazon)
		theirs, mine := about(c, "m1", domain.KindClaimOpened, "", "order", 1), about(own, "m1", domain.KindClaimOpened, "", "order", 1)
		ticket, other := newTicket(t, c, "key"), newTicket(t, own, "key")
		f.store(t, c, domain.PageWrite{Opened: []*domain.Ticket{ticket}, Messages: []domain.ExternalMessage{theirs}})
		f.store(t, own, domain.PageWrite{Opened: []*domain.Ticket{other}, Messages: []domain.ExternalMessage{mine}})
		before := f.holding(t, c.Tenant)
		for name, in := range map[string]domain.PageWrite{
			"their message on our ticket": {Joined: []domain.Joined{{Message: theirs.ID, Ticket: other.State().ID}}},
			"our message on their ticket": {Joined: []domain.Joined{{Message: mine.ID, Ticket: ticket.State().ID}}},
			"an event that theirs tells of": {Events: []domain.TicketEvent{{
				ID: domain.NewID[domain.EventID](), Tenant: own.Tenant, Ticket: other.State().ID, Origin: theirs.ID, Type: domain.EventClaimOpened, At: start,
			}}},
		} {
			err := f.Repository.Update(t.Context(), own.Tenant, func(ctx context.Context, tx ports.Tx) error {
				_, err := tx.SyncStates.Lock(ctx, own.ID)
				is.NoErr(err)
				_, err = tx.Pages.Candidates(ctx, own.ID, domain.ConversationKeys{Orders: []string{"order"}}, later)
				is.NoErr(err)
				return tx.Pages.Store(ctx, in)
			})
			if name != "their message on our ticket" && err == nil { // of that one it is enough that nothing happens
				t.Errorf("%s: stored", name)
			}
		}
		is.Equal(f.holding(t, c.Tenant), before)
		is.Equal(f.messages(t, c), []domain.ExternalMessage{theirs})
		is.Equal(f.messages(t, own), []domain.ExternalMessage{mine})
		is.Equal(f.holding(t, own.Tenant).count(), [3]int{1, 0, 0})
	},
}
