package app_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/domain/safety"
	"github.com/keybuzzio/marketplaces/ports"
)

func TestReplayFindsNothingInWhatTodaysCodeStored(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		odd := message(3)
		odd.BuyerName, odd.Subject, odd.Body, odd.ThreadID = "", "", "A-to-Z! \u202e\r\n 🚚 'quoted'", ""
		odd.ReceivedAt = odd.ReceivedAt.Add(1234567 * time.Nanosecond) // no store keeps nanoseconds
		notice := message(4)
		notice.Kind = domain.KindNotice
		s.ingest(t, message(1), message(2), odd, notice)
		before := s.contents(t, s.who)
		for _, apply := range []bool{false, true} {
			result, differences := s.replay(t, app.ReplayCommand{Apply: apply})
			is.Equal(result, app.ReplayResult{Read: 4, Unchanged: 4})
			is.Equal(len(differences), 0)
		}
		is.Equal(s.contents(t, s.who), before)
	})
}

func TestReplayRebuildsWhatFollowsFromTheRaw(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		other := message(2)
		other.ThreadID, other.Body = message(1).ThreadID, "I want a refund"
		s.ingest(t, message(1), other, message(3))
		before := s.contents(t, s.who)
		s.today.read(message(1), func(m *domain.InboundMessage) {
			m.BuyerName, m.BuyerEmail, m.Language = "María Secreta", "secret@marketplace.amazon.es", "es"
			m.Body, m.ReceivedAt = "abriré un caso A-to-Z", m.ReceivedAt.Add(-time.Hour)
		})

		result, shown := s.replay(t, app.ReplayCommand{})
		is.Equal(result, app.ReplayResult{Read: 3, Unchanged: 2, Changed: 1})
		is.Equal(s.contents(t, s.who), before) // shown first, not written
		is.True(has(shown, "message body: 10 characters → 21 characters"))
		is.True(has(shown, "message language: none → es"))
		is.True(has(shown, "ticket auto_send_blocked_reason:", "a-to-z"))
		for _, line := range shown {
			is.True(!strings.Contains(line, "María") && !strings.Contains(line, "secret@") && !strings.Contains(line, "abriré"))
		}

		result, written := s.replay(t, app.ReplayCommand{Apply: true})
		is.Equal(result, app.ReplayResult{Read: 3, Unchanged: 2, Changed: 1})
		is.Equal(written, shown) // what was shown is what is written
		after := s.contents(t, s.who)
		m := after.stored(t, "m-0001")
		is.Equal(m.Message.ID, before.stored(t, "m-0001").Message.ID)
		is.Equal([]string{m.Message.BuyerName, m.Message.BuyerEmail, m.Message.Language}, []string{"María Secreta", "secret@marketplace.amazon.es", "es"})
		is.Equal(m.Message.ReceivedAt, message(1).ReceivedAt.Add(-time.Hour))
		is.Equal([]string{m.OnTicket.SenderName, m.OnTicket.Body}, []string{"María Secreta", "abriré un caso A-to-Z"})
		is.Equal(m.OnTicket.SentAt, m.Message.ReceivedAt)
		is.Equal(m.OnTicket.SafetyFlags, safety.FlagText("A question\nabriré un caso A-to-Z"))
		k := after.ticketOf(t, "m-0001")
		is.Equal(k.AutoSendBlockedReason, "sensitive_keyword_detected: a-to-z")
		is.Equal(k.SafetyFlags, safety.Merge(m.OnTicket.SafetyFlags, after.stored(t, "m-0002").OnTicket.SafetyFlags)) // the union
		is.Equal(k.Priority, domain.PriorityHigh)
		is.Equal([]string{k.CustomerName, k.CustomerEmail}, []string{"María Secreta", "secret@marketplace.amazon.es"})
		is.Equal(after.stored(t, "m-0003"), before.stored(t, "m-0003"))
		is.Equal(after.Events, before.Events)

		result, shown = s.replay(t, app.ReplayCommand{Apply: true})
		is.Equal(result, app.ReplayResult{Read: 3, Unchanged: 3}) // nothing is left
		is.Equal(len(shown), 0)
		is.Equal(s.contents(t, s.who), after)

		s.today.read(message(1)) // the list was wrong after all
		s.replay(t, app.ReplayCommand{Apply: true})
		k = s.contents(t, s.who).ticketOf(t, "m-0001")
		is.Equal(k.SafetyFlags, after.stored(t, "m-0002").OnTicket.SafetyFlags)
	})
}

func TestReplayLeavesWhatPeopleDid(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		claim := message(1)
		claim.Body = "I will open an A-to-Z claim"
		s.ingest(t, claim)
		k := s.tickets(t, s.who)[0]
		is.Equal(k.Priority, domain.PriorityHigh)
		k.Priority, k.CustomerName = domain.PriorityLow, "Ana, a regular"
		s.setStatus(t, k, domain.TicketResolved)

		s.today.read(claim, func(m *domain.InboundMessage) { m.Body, m.BuyerName = "I will open an A-to-Z claim!", "Ana B." })
		s.replay(t, app.ReplayCommand{Apply: true})
		got := s.tickets(t, s.who)[0]
		is.Equal(got.Status, domain.TicketResolved)
		is.Equal(got.Priority, domain.PriorityLow)                    // the same claim does not raise it again
		is.Equal(got.CustomerName, "Ana, a regular")                  // it is not the message's any more
		is.Equal(len(s.events(t, got, domain.EventStatusChanged)), 0) // nothing happened to it
		is.Equal(got.LastMessageAt, k.LastMessageAt)                  // and it is no newer

		s.today.read(claim, func(m *domain.InboundMessage) { m.Body = "It caught fire and my child was injured" })
		s.replay(t, app.ReplayCommand{Apply: true})
		got = s.tickets(t, s.who)[0]
		is.Equal(got.Status, domain.TicketResolved)
		is.Equal(got.Priority, domain.PriorityUrgent) // that is something new
	})
}

func TestReplayTicketsWhatTurnsOutToBeABuyersMessage(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		first, lost, twin := message(1), message(2), message(3)
		lost.Kind, lost.ThreadID, lost.BuyerName = domain.KindNotice, "", ""
		twin.Kind = domain.KindNotice
		s.ingest(t, first, lost, twin)
		s.setStatus(t, s.tickets(t, s.who)[0], domain.TicketClosed)
		was := s.contents(t, s.who)
		s.today.read(lost, func(m *domain.InboundMessage) { m.Kind, m.ThreadID, m.BuyerName = "", first.ThreadID, "Ana" })
		s.today.read(twin, func(m *domain.InboundMessage) { m.Kind = "" })

		result, shown := s.replay(t, app.ReplayCommand{})
		is.Equal(result, app.ReplayResult{Read: 3, Unchanged: 1, Changed: 2, Ticketed: 2})
		is.True(has(shown, "kind: NOTICE → BUYER_MESSAGE"))
		is.Equal(s.contents(t, s.who), was)
		for _, want := range []app.ReplayResult{{Read: 3, Unchanged: 1, Changed: 2, Ticketed: 2}, {Read: 3, Unchanged: 3}} {
			result, _ = s.replay(t, app.ReplayCommand{Apply: true})
			is.Equal(result, want)
			now := s.contents(t, s.who)
			is.Equal(len(now.Tickets), 2)
			is.Equal(len(now.Events), 4) // a message received each, and one that is open again
			m := now.stored(t, lost.ExternalID)
			is.Equal(m.Message.ID, was.stored(t, lost.ExternalID).Message.ID)
			is.Equal(m.Message.Kind, domain.KindBuyerMessage)
			is.Equal([]string{m.OnTicket.Body, m.OnTicket.SenderName}, []string{lost.Body, "Ana"})
			k := now.ticketOf(t, lost.ExternalID)
			is.Equal(k.ID, now.ticketOf(t, first.ExternalID).ID) // the conversation that it belongs to
			is.Equal(k.Status, domain.TicketOpen)                // the buyer's word brings it back, as a new message's would
			is.Equal(len(s.conversation(t, k)), 2)
		}
		s.source.redeliver = true
		s.ingest(t)
		is.Equal(len(s.contents(t, s.who).Stored), 3) // nothing comes in anew
	})
}

func TestReplayKeepsWhatMustNotChange(t *testing.T) {
	t.Parallel()
	type change = func(*domain.InboundMessage)
	tests := map[string]struct {
		today  change
		result app.ReplayResult
		shown  string
	}{
		"a message that is no buyer's any more stays on its ticket": {
			func(m *domain.InboundMessage) { m.Kind, m.Body, m.BuyerName = domain.KindNotice, "x", "" },
			app.ReplayResult{Read: 2, Unchanged: 1, Kept: 1}, "message kind: BUYER_MESSAGE → NOTICE (kept: it is on a ticket",
		},
		"a message that would be rejected is not lost": {
			func(m *domain.InboundMessage) { m.Unreadable = "no" },
			app.ReplayResult{Read: 2, Unchanged: 1, Kept: 1}, "message status: stored → rejected as unreadable (kept:",
		},
		"a hostile reading is not stored": {
			func(m *domain.InboundMessage) { m.Body = "a\x00b" },
			app.ReplayResult{Read: 2, Unchanged: 1, Kept: 1}, "rejected as nul_byte (kept:",
		},
		"a reading that is too large is not stored": {
			func(m *domain.InboundMessage) { m.Body = strings.Repeat("x", domain.MaxBody+1) },
			app.ReplayResult{Read: 2, Unchanged: 1, Kept: 1}, "rejected as too_large (kept:",
		},
		"a message that the code fails on costs the others nothing": {
			func(m *domain.InboundMessage) { m.Subject = panics },
			app.ReplayResult{Read: 2, Unchanged: 1, Kept: 1}, "rejected as unreadable (kept:",
		},
		"another identity is not taken on": {
			func(m *domain.InboundMessage) { m.ExternalID = "m-0002" },
			app.ReplayResult{Read: 2, Unchanged: 1, Kept: 1}, "message external_id: m-0001 → m-0002 (kept: the identity",
		},
		"no identity is not taken on": {
			func(m *domain.InboundMessage) { m.ExternalID = "" },
			app.ReplayResult{Read: 2, Unchanged: 1, Kept: 1}, "message external_id: m-0001 → none (kept: the identity",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onStores(t, func(t *testing.T, s *replayStage) {
				is := is.New(t)
				s.ingest(t, message(1), message(2))
				before := s.contents(t, s.who)
				s.today.read(message(1), test.today)
				for range 2 {
					result, shown := s.replay(t, app.ReplayCommand{Apply: true})
					is.Equal(result, test.result)
					is.True(has(shown, test.shown))
					is.Equal(s.contents(t, s.who), before)
				}
			})
		})
	}
}

func TestReplayMovesNoMessageToAnotherTicket(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		s.ingest(t, message(1), message(2))
		before := s.contents(t, s.who)
		s.today.read(message(1), func(m *domain.InboundMessage) {
			m.ThreadID, m.OrderID, m.ExternalID = message(2).ThreadID, "order-9", "another"
		})
		result, shown := s.replay(t, app.ReplayCommand{Apply: true})
		is.Equal(result, app.ReplayResult{Read: 2, Unchanged: 1, Changed: 1})
		is.True(has(shown, "message thread_id: th-0001 → th-0002"))
		is.True(has(shown, "message conversation: th-0001 → th-0002 (kept: it stays on its ticket)"))
		after := s.contents(t, s.who)
		m := after.stored(t, "m-0001")
		is.Equal([]string{m.Message.ThreadID, m.Message.OrderID}, []string{"th-0002", "order-9"})
		is.Equal(m.Message.Ticket, before.stored(t, "m-0001").Message.Ticket)
		is.Equal(m.OnTicket, before.stored(t, "m-0001").OnTicket)
		is.Equal(after.ticketOf(t, "m-0001").OrderID, "order-9") // a ticket without an order is completed
	})
}

func TestReplayOfOneMessage(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		s.ingest(t, message(1), message(2))
		for i := range 3 {
			s.today.read(message(i), func(m *domain.InboundMessage) { m.Language = "es" })
		}
		id := s.contents(t, s.who).stored(t, "m-0002").Message.ID
		result, _ := s.replay(t, app.ReplayCommand{Message: id, Apply: true})
		is.Equal(result, app.ReplayResult{Read: 1, Changed: 1})
		after := s.contents(t, s.who)
		is.Equal(after.stored(t, "m-0002").Message.Language, "es")
		is.Equal(after.stored(t, "m-0001").Message.Language, "")
		_, _, err := s.tryReplay(t.Context(), app.ReplayCommand{Message: domain.NewID[domain.MessageID]()})
		is.True(errors.Is(err, domain.ErrNotFound))
		_, _, err = s.tryReplay(t.Context(), app.ReplayCommand{Tenant: tenant(t, "t2"), Message: id, Apply: true})
		is.True(errors.Is(err, domain.ErrNotFound)) // another tenant's
	})
}

func TestReplaySinceATime(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		s.ingest(t, message(1), message(2))
		result, _ := s.replay(t, app.ReplayCommand{Since: time.Now().Add(-time.Hour)})
		is.Equal(result.Read, 2) // stored since then, whenever they were sent
		result, _ = s.replay(t, app.ReplayCommand{Since: time.Now().Add(time.Hour)})
		is.Equal(result.Read, 0)
	})
}

func TestReplayTouchesNoOtherTenant(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is, other := is.New(t), tenant(t, "t2")
		bad := message(9)
		bad.Unreadable = "not then"
		s.ingest(t, message(1), bad)
		c := s.connect(t, other)
		_, err := s.Poll.Run(t.Context(), app.PollCommand{Tenant: other, Connection: c.ID})
		is.NoErr(err)
		before := s.contents(t, other)
		s.today.read(message(1), func(m *domain.InboundMessage) { m.Body, m.BuyerName = "new", "new" })
		s.today.read(message(9))
		s.replay(t, app.ReplayCommand{Apply: true})
		s.replay(t, app.ReplayCommand{Rejected: true, Apply: true})
		is.Equal(s.contents(t, other), before)
		is.Equal(len(s.contents(t, s.who).Stored), 2) // it was done for the one
	})
}

func TestReplayOfAMarketplaceThatIsNotRead(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		s.ingest(t, message(1), message(2))
		fnac, err := domain.NewConnection(s.who, domain.Fnac, noon)
		is.NoErr(err)
		page := domain.Screen(fnac.State(), []domain.InboundMessage{message(1), {Body: "no id", ReceivedAt: noon}})
		in := domain.Thread(fnac.State(), page.Accepted, domain.Candidates{}, noon)
		in.Rejected = page.Rejected
		is.NoErr(s.store.Update(t.Context(), s.who, func(ctx context.Context, tx ports.Tx) error {
			return errors.Join(tx.Connections.Insert(ctx, fnac), tx.Pages.Store(ctx, in))
		}))
		s.today.read(message(2), func(m *domain.InboundMessage) { m.Language = "es" })
		result, _, err := s.tryReplay(t.Context(), app.ReplayCommand{Apply: true})
		is.True(errors.Is(err, domain.ErrForbidden))
		is.True(strings.Contains(err.Error(), "Fnac"))
		is.Equal(result, app.ReplayResult{Read: 2, Unchanged: 1, Changed: 1}) // the others are done
		_, _, err = s.tryReplay(t.Context(), app.ReplayCommand{Rejected: true, Apply: true})
		is.True(errors.Is(err, domain.ErrForbidden))
		is.Equal(s.contents(t, s.who).Pending, 1)
	})
}

func TestReplayIsAudited(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		bad := message(2)
		bad.ExternalID = ""
		s.ingest(t, message(1), bad)
		id := s.contents(t, s.who).Stored[0].Message.ID
		s.replay(t, app.ReplayCommand{})
		is.Equal(len(s.audit(t)), 0) // to look is nothing to record
		s.replay(t, app.ReplayCommand{Apply: true, Message: id})
		s.clock.Advance(time.Minute)
		s.replay(t, app.ReplayCommand{Apply: true, Rejected: true})
		s.clock.Advance(time.Minute)
		s.replay(t, app.ReplayCommand{Apply: true, Since: noon})
		entries := s.audit(t)
		is.Equal(len(entries), 3)
		for i, want := range [][2]string{{"t1", "messages stored since 2026-11-02T12:00:00Z"}, {"t1", "rejected messages"}, {id.String(), "one message"}} {
			e := entries[i]
			is.Equal([2]string{e.Subject, e.Cause}, want)
			is.Equal([]string{string(e.Action), string(e.Actor), e.ActorID}, []string{string(domain.AuditReplayed), "AGENT", "somebody"})
		}
	})
}

// audit returns the entries about replays, the newest first.
func (r *replayStage) audit(t testing.TB) (entries []domain.AuditEntry) {
	t.Helper()
	err := r.store.View(t.Context(), r.who, func(ctx context.Context, tx ports.Tx) error {
		all, err := tx.Audit.List(ctx, "", ports.Position{}, 1000)
		for _, e := range all {
			if e.Action == domain.AuditReplayed {
				entries = append(entries, e)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func TestReplayCommandNamesOneThing(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := newReplayStage(t, memory.NewStore())
	id, rejected := domain.NewID[domain.MessageID](), domain.NewID[domain.RejectedID]()
	for _, cmd := range []app.ReplayCommand{
		{Tenant: s.who},
		{Tenant: s.who, Rejected: true, Since: noon},
		{Tenant: s.who, Message: id, RejectedID: rejected},
		{Tenant: s.who, Rejected: true, RejectedID: rejected},
		{Tenant: s.who, Rejected: true, Apply: true}, // by nobody
		{Rejected: true},
	} {
		_, err := s.Replay.Run(t.Context(), cmd)
		is.True(errors.Is(err, domain.ErrInvalid))
	}
}
