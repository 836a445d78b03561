package app_test

import (
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
)

// What went wrong in the earlier system must not go wrong here, on any store.
func TestDefectsOfTheEarlierSystem(t *testing.T) {
	t.Parallel()
	stores := map[string]func(testing.TB) store{
		"memory":   func(testing.TB) store { return memory.NewStore() },
		"postgres": func(t testing.TB) store { return pgtest.Repository(t) },
	}
	defects := map[string]func(*testing.T, *stage, domain.ConnectionState){
		"the same text twice in a thread is two messages":              sameTextTwice,
		"a message on a closed ticket reopens it":                      closedTicketReopens,
		"one order in two threads stays findable":                      oneOrderTwoThreads,
		"a MANUAL ticket with the same order id is not touched":        manualTicketUntouched,
		"a newest-first source gives the buyer's time":                 newestFirst,
		"a last page without a next cursor keeps the cursor":           noLastCursor,
		"the same message ten times is one message":                    tenTimes,
		"another connection's ticket with the same keys is not joined": otherConnection,
		"one bad message loses no other":                               oneBadMessage,
	}
	for kind, open := range stores {
		for name, check := range defects {
			t.Run(kind+"/"+name, func(t *testing.T) {
				t.Parallel()
				s := newStage(t, open(t))
				check(t, s, s.connect(t, tenant(t, "t1")))
			})
		}
	}
}

func (s *stage) sync(t testing.TB, c domain.ConnectionState) app.PollResult {
	t.Helper()
	result, err := s.Poll.Run(t.Context(), app.PollCommand{Tenant: c.Tenant, Connection: c.ID})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func in(m domain.InboundMessage, thread, order string) domain.InboundMessage {
	m.ThreadID, m.OrderID = thread, order
	return m
}

func sameTextTwice(t *testing.T, s *stage, c domain.ConnectionState) {
	is := is.New(t)
	first, second := in(message(1), "th", ""), in(message(2), "th", "")
	first.Body, second.Body = "Hello?", "Hello?"
	s.source.add(first, second)
	s.sync(t, c)
	all := s.tickets(t, c.Tenant)
	is.Equal(len(all), 1)
	is.Equal(len(s.conversation(t, all[0])), 2)
}

func closedTicketReopens(t *testing.T, s *stage, c domain.ConnectionState) {
	is := is.New(t)
	s.source.add(in(message(1), "th", ""))
	s.sync(t, c)
	s.setStatus(t, s.tickets(t, c.Tenant)[0], domain.TicketClosed)
	s.source.add(in(message(2), "th", ""))
	s.sync(t, c)
	all := s.tickets(t, c.Tenant)
	is.Equal(len(all), 1) // not a second ticket
	is.Equal(all[0].Status, domain.TicketOpen)
	changes := s.events(t, all[0], domain.EventStatusChanged)
	is.Equal(len(changes), 1)
	is.Equal(changes[0].Payload["from"], "CLOSED")
	is.Equal(changes[0].Payload["to"], "OPEN")
}

func oneOrderTwoThreads(t *testing.T, s *stage, c domain.ConnectionState) {
	is := is.New(t)
	s.source.add(in(message(1), "a", "o"))
	s.sync(t, c)
	s.source.add(in(message(2), "b", "o"))
	s.sync(t, c)
	s.source.add(in(message(3), "b", ""), in(message(4), "a", "")) // by thread alone
	s.sync(t, c)
	s.source.add(in(message(5), "", "o")) // by order alone
	s.sync(t, c)
	all := s.tickets(t, c.Tenant)
	is.Equal(len(all), 1)
	is.Equal(all[0].OrderID, "o")
	is.Equal(len(s.conversation(t, all[0])), 5)
}

func manualTicketUntouched(t *testing.T, s *stage, c domain.ConnectionState) {
	is := is.New(t)
	byHand, err := domain.RestoreTicket(domain.TicketState{
		ID: domain.NewID[domain.TicketID](), Tenant: c.Tenant, Channel: domain.ChannelManual, OrderID: "o", Subject: "By hand",
		Status: domain.TicketClosed, Priority: domain.PriorityNormal, LastMessageAt: noon, CreatedAt: noon, UpdatedAt: noon,
	})
	is.NoErr(err)
	s.put(t, c.Tenant, domain.PageWrite{Opened: []*domain.Ticket{byHand}})
	s.source.add(in(message(1), "th", "o"))
	s.sync(t, c)
	is.Equal(len(s.tickets(t, c.Tenant)), 2)
	after, err := s.GetTicket.Run(t.Context(), app.TicketQuery{Tenant: c.Tenant, Ticket: byHand.State().ID})
	is.NoErr(err)
	is.Equal(after.Status, domain.TicketClosed)
	is.Equal(len(s.conversation(t, after)), 0)
}

func newestFirst(t *testing.T, s *stage, c domain.ConnectionState) {
	is := is.New(t)
	s.source.newestFirst, s.source.size = true, 10
	s.clock.Advance(48 * time.Hour)
	for i := range 5 {
		s.source.add(in(message(i), "th", ""))
	}
	s.sync(t, c)
	all := s.tickets(t, c.Tenant)
	is.Equal(all[0].LastMessageAt, message(4).ReceivedAt)
	for i, m := range s.conversation(t, all[0]) {
		is.Equal(m.SentAt, message(i).ReceivedAt) // the buyer's time, in its order
		is.Equal(m.Body, message(i).Body)
	}
}

func noLastCursor(t *testing.T, s *stage, c domain.ConnectionState) {
	is := is.New(t)
	s.source.noLastNext = true
	s.source.add(messages(5)...)
	s.sync(t, c)
	is.Equal(s.syncState(t, c).Cursor, "4")
	is.Equal(s.sync(t, c), app.PollResult{Fetched: 1, Duplicates: 1}) // the last page again, and nothing else
	is.Equal(len(s.tickets(t, c.Tenant)), 5)
}

func tenTimes(t *testing.T, s *stage, c domain.ConnectionState) {
	is := is.New(t)
	s.source.redeliver = true
	s.source.add(messages(3)...)
	for range 10 {
		s.sync(t, c)
	}
	all := s.tickets(t, c.Tenant)
	is.Equal(len(all), 3)
	for _, k := range all {
		is.Equal(len(s.conversation(t, k)), 1)
		is.Equal(len(s.events(t, k, domain.EventMessageReceived)), 1)
	}
}

func otherConnection(t *testing.T, s *stage, c domain.ConnectionState) {
	is := is.New(t)
	s.source.add(in(message(1), "th", "o"))
	s.sync(t, c)
	other := s.connect(t, tenant(t, "t2"))
	s.sync(t, other) // the same ids, threads and orders
	for _, owner := range []domain.ConnectionState{c, other} {
		all := s.tickets(t, owner.Tenant)
		is.Equal(len(all), 1)
		is.Equal(all[0].Connection, owner.ID)
		is.Equal(len(s.conversation(t, all[0])), 1)
	}
}

func oneBadMessage(t *testing.T, s *stage, c domain.ConnectionState) {
	is := is.New(t)
	s.source.size = 10
	bad := message(2)
	bad.Body = "a\x00b"
	s.source.add(message(1), bad, message(3))
	is.Equal(s.sync(t, c), app.PollResult{Fetched: 3, Created: 2, Rejected: 1})
	is.Equal(len(s.tickets(t, c.Tenant)), 2)
	is.Equal(s.sync(t, c), app.PollResult{}) // it does not block what comes after
}
