package app_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// pending returns the rejected messages by their raws.
func (r *replayStage) pending(t testing.TB) map[string]domain.RejectedMessage {
	t.Helper()
	found := map[string]domain.RejectedMessage{}
	err := r.store.View(t.Context(), r.who, func(ctx context.Context, tx ports.Tx) error {
		all, err := tx.DeadLetters.Pending(ctx, domain.RejectedID{}, 10_000, 1<<30)
		for _, m := range all {
			found[r.plain(t, r.who, m.Source)] = m
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// spoilt is a message that could not be mapped when it came.
func spoilt(n int, how func(*domain.InboundMessage)) domain.InboundMessage {
	m := message(n)
	m.Source.Bytes = fmt.Appendf(nil, "spoilt \x00\xff %d", n)
	how(&m)
	return m
}

func TestReplayOfRejectedMessages(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		nul := spoilt(2, func(m *domain.InboundMessage) { m.Body, m.ThreadID = "a\x00b", message(1).ThreadID })
		unread := spoilt(3, func(m *domain.InboundMessage) { m.Unreadable, m.ExternalID = "broken", "" })
		noID := spoilt(4, func(m *domain.InboundMessage) { m.ExternalID = "" })
		twin := spoilt(5, func(m *domain.InboundMessage) { m.ExternalID = message(1).ExternalID })
		freed := spoilt(6, func(m *domain.InboundMessage) { m.ExternalID = message(1).ExternalID })
		s.ingest(t, message(1), nul, unread, noID, twin, freed)
		is.Equal(s.contents(t, s.who).Pending, 5)
		k := s.tickets(t, s.who)[0]
		s.setStatus(t, k, domain.TicketResolved)
		before := s.contents(t, s.who)
		result, _ := s.replay(t, app.ReplayCommand{Rejected: true, Apply: true})
		is.Equal(result, app.ReplayResult{Read: 5, Rejected: 5}) // the same code comes to the same
		is.Equal(s.contents(t, s.who), before)

		s.today.read(nul, func(m *domain.InboundMessage) { m.Body = "ab" })
		s.today.read(unread, func(m *domain.InboundMessage) { m.Unreadable, m.ExternalID = "", message(1).ExternalID })
		s.today.read(freed, func(m *domain.InboundMessage) { m.ExternalID = "m-0006" })
		want := app.ReplayResult{Read: 5, Accepted: 2, Duplicate: 1, Rejected: 2}
		result, shown := s.replay(t, app.ReplayCommand{Rejected: true})
		is.Equal(result, want)
		is.True(has(shown, "rejected status: rejected as nul_byte → stored"))
		is.True(has(shown, "rejected status: rejected as unreadable → stored already"))
		is.True(has(shown, "rejected status: rejected as missing_id → rejected as missing_id (kept:"))
		is.True(has(shown, "rejected status: rejected as duplicate_id → rejected as duplicate_id (kept:")) // other words are not lost
		is.Equal(s.contents(t, s.who), before)

		result, written := s.replay(t, app.ReplayCommand{Rejected: true, Apply: true})
		is.Equal(result, want)
		is.Equal(written, shown)
		after := s.contents(t, s.who)
		is.Equal(after.Pending, 2)
		is.Equal(len(after.Stored), 3)
		m := after.stored(t, nul.ExternalID)
		is.Equal(s.plain(t, s.who, m.Message.Source), string(nul.Source.Bytes))
		is.Equal(m.OnTicket.Body, "ab")
		joined := after.ticketOf(t, nul.ExternalID)
		is.Equal(joined.ID, k.ID)
		is.Equal(joined.Status, domain.TicketOpen) // the buyer was never heard
		after.stored(t, "m-0006")

		result, _ = s.replay(t, app.ReplayCommand{Rejected: true, Apply: true})
		is.Equal(result, app.ReplayResult{Read: 2, Rejected: 2})
		result, _ = s.replay(t, app.ReplayCommand{Apply: true})
		is.Equal(result, app.ReplayResult{Read: 3, Unchanged: 3})
		is.Equal(s.contents(t, s.who), after)
	})
}

func TestReplayOfOneRejectedMessage(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		one, other := spoilt(1, func(m *domain.InboundMessage) { m.Body = "\xff" }), spoilt(2, func(m *domain.InboundMessage) { m.Body = "\xff" })
		s.ingest(t, one, other)
		id := s.pending(t)[string(one.Source.Bytes)].ID
		s.today.read(one, func(m *domain.InboundMessage) { m.Body = "ÿ" })
		s.today.read(other, func(m *domain.InboundMessage) { m.Body = "ÿ" })
		for _, want := range []app.ReplayResult{{Read: 1, Accepted: 1}, {Read: 1, Duplicate: 1}} { // the second time it is there
			result, _ := s.replay(t, app.ReplayCommand{RejectedID: id, Apply: true})
			is.Equal(result, want)
			got := s.contents(t, s.who)
			is.Equal(got.Pending, 1)
			is.Equal([]int{len(got.Stored), len(got.Tickets), len(got.Events)}, []int{1, 1, 1})
		}
		for _, cmd := range []app.ReplayCommand{
			{RejectedID: domain.NewID[domain.RejectedID](), Apply: true}, {RejectedID: id, Tenant: tenant(t, "t2"), Apply: true},
		} {
			_, _, err := s.tryReplay(t.Context(), cmd)
			is.True(errors.Is(err, domain.ErrNotFound))
		}
		is.Equal(len(s.audit(t)), 2) // of what was not there nothing is recorded
	})
}
