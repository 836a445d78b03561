package app_test

import (
	"sync"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
)

// Eight pollers meet on one connection, 200 times, on a real Postgres. Threads and orders overlap, and some rounds
// deliver again what was delivered.
func TestPollersMeetOnPostgres(t *testing.T) {
	t.Parallel()
	const rounds, pollers, threads = 200, 8, 20
	is := is.New(t)
	s, who := newStage(t, pgtest.Repository(t)), tenant(t, "t1")
	s.source.size = 3
	c := s.connect(t, who)
	created := 0
	for round := range rounds {
		for i := range 5 {
			n := round*5 + i
			m := in(message(n), message(n%threads).ThreadID, "")
			if n%3 == 0 {
				m.OrderID = m.ThreadID
			}
			s.source.add(m)
		}
		s.source.redeliver = round%20 == 19
		results := make([]app.PollResult, pollers)
		var all sync.WaitGroup
		for i := range pollers {
			all.Go(func() {
				var err error
				results[i], err = s.Poll.Run(t.Context(), app.PollCommand{Tenant: who, Connection: c.ID})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for _, r := range results {
			created += r.Created
		}
	}
	s.source.redeliver = false
	created += s.sync(t, c).Created // what a round's superseded pollers left
	is.Equal(created, rounds*5)     // counted once
	all := s.tickets(t, who)
	is.Equal(len(all), threads) // no ticket twice
	messages, received := 0, 0
	for _, k := range all {
		messages += len(s.conversation(t, k))
		received += len(s.events(t, k, domain.EventMessageReceived))
	}
	is.Equal(messages, rounds*5) // no message twice or lost
	is.Equal(received, rounds*5) // and one event each
}

// Sixteen connects at once on a real Postgres make one connection.
func TestConnectsMeetOnPostgres(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, who := newStage(t, pgtest.Repository(t)), tenant(t, "t1")
	for range 20 {
		ids := make([]domain.ConnectionID, 16)
		var all sync.WaitGroup
		for i := range ids {
			all.Go(func() {
				c, err := s.Connect.Run(t.Context(), app.ConnectCommand{Tenant: who, Marketplace: domain.Amazon})
				if err != nil {
					t.Error(err)
				}
				ids[i] = c.ID
			})
		}
		all.Wait()
		for _, id := range ids {
			is.Equal(id, ids[0])
		}
		_, err := s.Disconnect.Run(t.Context(), app.DisconnectCommand{Tenant: who, Marketplace: domain.Amazon})
		is.NoErr(err)
	}
}
