package porttest

import (
	"context"
	"fmt"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// knownRules are about PageWrite.Known.
var knownRules = rules[RepositoryFixture]{
	"Known names the ids that are stored and no others": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		notice := inbound("notice", "", "", start)
		notice.Kind = domain.KindNotice
		f.ingest(t, c, inbound("m1", "", "", start), inbound(awkward, "", "", start), notice)
		is.Equal(f.known(t, c, "m1", "m2", "M1", awkward, "notice", "", "m1 "),
			map[string]bool{"m1": true, awkward: true, "notice": true})
		is.Equal(len(f.known(t, c)), 0) // asked for nothing
	},
	"Known looks at all connections of the tenant to the marketplace, and at no other marketplace": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		a, other := f.connect(t, t1, domain.Amazon), f.connect(t, t1, domain.Fnac)
		b := f.connect(t, t1, domain.Amazon, func(s *domain.ConnectionState) { s.MarketplaceID = "another" })
		theirs := f.connect(t, tenant(t, "t2"), domain.Amazon)
		f.ingest(t, a, inbound("m1", "", "", start))
		is.Equal(f.known(t, b, "m1"), map[string]bool{"m1": true})
		is.Equal(len(f.known(t, other, "m1")), 0)
		is.Equal(len(f.known(t, theirs, "m1")), 0)
	},
	"Known takes a page's ids and more": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		f.ingest(t, c, inbound("id-7", "", "", start))
		ids := make([]string, 4*domain.MaxPage)
		for i := range ids {
			ids[i] = fmt.Sprint("id-", i)
		}
		is.Equal(f.known(t, c, ids...), map[string]bool{"id-7": true})
	},
}

// known asks Known under the lock that it wants.
func (f RepositoryFixture) known(t *testing.T, c domain.ConnectionState, ids ...string) (known map[string]bool) {
	t.Helper()
	f.update(t, c.Tenant, func(ctx context.Context, tx ports.Tx) (err error) {
		if _, err = tx.SyncStates.Lock(ctx, c.ID); err == nil {
			known, err = tx.Pages.Known(ctx, c.Type, ids)
		}
		return err
	})
	for id, there := range known {
		if !there {
			delete(known, id)
		}
	}
	return known
}

// bookRules are about PageWrite.Candidates.
var bookRules = rules[RepositoryFixture]{
	"Book finds a ticket by its key": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		ticket := newTicket(t, c, awkward)
		f.store(t, c, domain.PageWrite{Opened: []*domain.Ticket{ticket, newTicket(t, c, "another")}})
		book := f.book(t, c, []string{"none", awkward}, nil)
		is.Equal(len(book.Tickets), 1)
		is.Equal(plainTicket(book.Tickets[0].State()), ticket.State()) // whole
	},
	"Book finds every ticket of an order": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		of := func(order string) func(*domain.TicketState) {
			return func(s *domain.TicketState) { s.OrderID = order }
		}
		f.store(t, c, domain.PageWrite{Opened: []*domain.Ticket{
			newTicket(t, c, "k1", of("o1")), newTicket(t, c, "k2", of("o1")), newTicket(t, c, "k3", of("o2")), newTicket(t, c, "k4"),
		}})
		is.Equal(keys(f.book(t, c, nil, []string{"o1", "none"})), map[string]bool{"k1": true, "k2": true})
	},
	"Book finds a ticket by the thread of an earlier message": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		f.ingest(t, c, inbound("m1", "thread-a", "order-1", minute(0)))
		f.ingest(t, c, inbound("m2", "thread-b", "order-1", minute(1))) // joins by its order
		book := f.book(t, c, []string{"thread-b", "thread-c"}, nil)
		is.Equal(keys(book), map[string]bool{"thread-a": true})
		is.Equal(book.Threads["thread-b"], book.Tickets[0].State().ID)
		_, ok := book.Threads["thread-c"]
		is.True(!ok)
	},
	"Book gives a ticket once, however it is found": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		f.ingest(t, c, inbound("m1", "a", "o", minute(0)), inbound("m2", "b", "o", minute(1)), inbound("m3", "b", "o", minute(2)))
		is.Equal(len(f.book(t, c, []string{"a", "b", "a"}, []string{"o", "o"}).Tickets), 1)
	},
	"Book looks at no status": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		var opened []*domain.Ticket
		var asked []string
		for _, status := range []domain.TicketStatus{
			domain.TicketOpen, domain.TicketPending, domain.TicketWaitingCustomer, domain.TicketResolved,
			domain.TicketEscalated, domain.TicketClosed,
		} {
			opened = append(opened, newTicket(t, c, string(status), func(s *domain.TicketState) { s.Status = status }))
			asked = append(asked, string(status))
		}
		f.store(t, c, domain.PageWrite{Opened: opened})
		is.Equal(len(f.book(t, c, asked, nil).Tickets), len(asked))
	},
	"a MANUAL ticket with a conversation's key is not in its way": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		f.store(t, c, domain.PageWrite{Opened: []*domain.Ticket{
			newTicket(t, c, "thread", func(s *domain.TicketState) { s.Channel = domain.ChannelManual }),
		}})
		in := f.ingest(t, c, inbound("m1", "thread", "", minute(1)))
		is.Equal(len(in.Opened), 1)
		is.Equal(len(f.ingest(t, c, inbound("m2", "thread", "", minute(2))).Changed), 1) // and is found again
	},
	"Book never gives a MANUAL ticket": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		byHand := func(of domain.ConnectionID) *domain.Ticket {
			return newTicket(t, c, "", func(s *domain.TicketState) {
				s.Connection, s.Channel, s.OrderID = of, domain.ChannelManual, "order-1"
			})
		}
		f.store(t, c, domain.PageWrite{Opened: []*domain.Ticket{byHand(domain.ConnectionID{}), byHand(c.ID)}})
		is.Equal(len(f.book(t, c, []string{"order-1"}, []string{"order-1"}).Tickets), 0)
		before := f.holding(t, c.Tenant).Tickets
		in := f.ingest(t, c, inbound("m1", "", "order-1", minute(1)))
		is.Equal(len(in.Opened), 1) // the buyer's message has a ticket of its own
		after := f.holding(t, c.Tenant).Tickets
		is.Equal(after[1:], before)
	},
	"Book never gives another connection's ticket": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		a, b := f.connect(t, t1, domain.Amazon), f.connect(t, t1, domain.Fnac)
		f.ingest(t, a, inbound("m1", "thread-a", "order-1", minute(0)), inbound("m2", "thread-b", "order-1", minute(1)))
		book := f.book(t, b, []string{"thread-a", "thread-b"}, []string{"order-1"})
		is.Equal(len(book.Tickets), 0)
		is.Equal(len(book.Threads), 0)
	},
	"Book of nothing is empty": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		f.ingest(t, c, inbound("m1", "", "", minute(0)), inbound("m2", "thread", "order", minute(0)))
		book := f.book(t, c, nil, nil)
		is.Equal(len(book.Tickets), 0)
		is.Equal(len(book.Threads), 0)
		is.Equal(len(book.Mails)+len(book.Answers)+len(book.Waiting), 0)
	},
}

// book is bookOf threads and orders.
func (f RepositoryFixture) book(t *testing.T, c domain.ConnectionState, threads, orders []string) domain.Candidates {
	t.Helper()
	return f.bookOf(t, c, domain.ConversationKeys{Threads: threads, Orders: orders})
}

// keys are the keys of a book's tickets.
func keys(b domain.Candidates) map[string]bool {
	found := map[string]bool{}
	for _, ticket := range b.Tickets {
		found[ticket.State().ExternalID] = true
	}
	return found
}
