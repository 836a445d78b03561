package app_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
)

// Thousands of messages are read again page by page. A replay that ends in the middle has stored whole pages, and the next
// one does the rest.
func TestReplayOfThousandsIsFinishedByTheNext(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		const n = 2000
		is := is.New(t)
		all := messages(n)
		s.ingest(t, all...)
		for _, m := range all {
			s.today.read(m, func(m *domain.InboundMessage) { m.Language, m.Body = "es", m.Body+", again" })
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var at app.ReplayProgress
		result, _, err := s.tryReplay(ctx, app.ReplayCommand{Apply: true, Progress: func(p app.ReplayProgress) {
			if at = p; p.Read >= n/2 {
				cancel()
			}
		}})
		is.True(errors.Is(err, context.Canceled))
		is.Equal(at.Total, n)
		is.True(result.Changed >= n/2 && result.Changed < n)
		first := result.Changed

		result, _ = s.replay(t, app.ReplayCommand{Apply: true})
		is.Equal(result, app.ReplayResult{Read: n, Unchanged: first, Changed: n - first})
		for i, m := range s.archived(t, s.who).Stored {
			is.Equal(m.Message.Language, "es")
			is.Equal(m.OnTicket.Body, fmt.Sprintf("Question %d, again", i))
		}
		result, _ = s.replay(t, app.ReplayCommand{Apply: true})
		is.Equal(result, app.ReplayResult{Read: n, Unchanged: n})
	})
}

// Replays meet each other and polls on a real Postgres: everything is changed once and stored once.
func TestReplaysMeetPollsOnPostgres(t *testing.T) {
	t.Parallel()
	const stored, arriving, spoiltOnes, replays = 400, 300, 40, 4
	is := is.New(t)
	s := newReplayStage(t, pgtest.Repository(t))
	then := make([]domain.InboundMessage, 0, stored+spoiltOnes)
	for i := range stored {
		m := message(i)
		m.ThreadID = message(i % 50).ThreadID
		if i%2 == 0 {
			m.Kind = domain.KindNotice
		}
		then = append(then, m)
	}
	for i := range spoiltOnes {
		then = append(then, spoilt(stored+i, func(m *domain.InboundMessage) { m.ThreadID, m.Body = message(i).ThreadID, "\x00" }))
	}
	s.ingest(t, then...)
	for _, m := range then {
		s.today.read(m, func(m *domain.InboundMessage) { m.Kind, m.Body, m.BuyerName = "", "I want a refund", "Zoë" })
	}
	s.source.size = 7
	for i := range arriving {
		m := message(stored + spoiltOnes + i)
		m.ThreadID = message(i % 70).ThreadID
		s.today.read(m)
		s.source.add(m)
	}
	var wg sync.WaitGroup
	errs := make(chan error, 100)
	changed, accepted := make([]int, replays), make([]int, replays)
	for i := range replays {
		wg.Go(func() {
			result, _, err := s.tryReplay(t.Context(), app.ReplayCommand{Apply: true})
			changed[i] = result.Changed
			errs <- err
		})
		wg.Go(func() {
			result, _, err := s.tryReplay(t.Context(), app.ReplayCommand{Rejected: true, Apply: true})
			accepted[i] = result.Accepted
			errs <- err
		})
		wg.Go(func() {
			_, err := s.Poll.Run(t.Context(), app.PollCommand{Tenant: s.who, Connection: s.c.ID})
			errs <- err
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		is.NoErr(err)
	}
	s.ingest(t) // whatever a superseded poll left
	got := s.contents(t, s.who)
	is.Equal(sum(accepted), spoiltOnes)
	is.Equal(sum(changed), stored) // each by one of them
	is.Equal(got.Pending, 0)
	is.Equal(len(got.Stored), stored+spoiltOnes+arriving)
	is.Equal(len(got.Tickets), 70)
	received := map[domain.TicketMessageID]int{}
	for _, e := range got.Events {
		if e.Type == domain.EventMessageReceived {
			received[e.Message]++
		}
	}
	is.Equal(len(received), len(got.Stored))
	for _, m := range got.Stored {
		is.Equal(m.Message.Kind, domain.KindBuyerMessage)
		is.Equal(m.OnTicket.ExternalMessage, m.Message.ID)
		is.Equal(received[m.OnTicket.ID], 1)
	}
	for _, apply := range []bool{false, true} {
		result, _ := s.replay(t, app.ReplayCommand{Apply: apply})
		is.Equal(result, app.ReplayResult{Read: len(got.Stored), Unchanged: len(got.Stored)})
	}
}

func sum(of []int) (n int) {
	for _, v := range of {
		n += v
	}
	return n
}
