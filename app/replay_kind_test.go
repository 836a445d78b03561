package app_test

import (
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
)

// What turns out to be an event or a copy joins its ticket, as a new one does.
func TestReplayPutsOnTicketsWhatBelongsThere(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		notice := func(n int, order string) domain.InboundMessage {
			m := in(message(n), "", order)
			m.Kind = domain.KindNotice
			return m
		}
		claim, answer, lost := notice(2, "o"), notice(3, "o"), notice(4, "lost")
		unknown := notice(5, "")
		unknown.Kind = domain.KindUnknown
		s.ingest(t, in(message(1), "a", "o"), claim, answer, lost, unknown)
		s.setStatus(t, s.tickets(t, s.who)[0], domain.TicketResolved)
		before := s.contents(t, s.who)
		s.today.read(claim, func(m *domain.InboundMessage) {
			m.Kind, m.Evidence, m.Parser = domain.KindClaimOpened, "sender:atoz", 2
		})
		s.today.read(answer, func(m *domain.InboundMessage) { m.Kind, m.Body = domain.KindSellerCopy, "Written elsewhere" })
		s.today.read(lost, func(m *domain.InboundMessage) { m.Kind = domain.KindCancelRequest })
		s.today.read(unknown, func(m *domain.InboundMessage) { m.Kind = domain.KindNotice })
		want := app.ReplayResult{Read: 5, Unchanged: 1, Changed: 4}
		result, shown := s.replay(t, app.ReplayCommand{})
		is.Equal(result, want)
		is.True(has(shown, "message kind: NOTICE → CLAIM_OPENED"))
		is.True(has(shown, "message quarantine: unknown_kind → none"))
		is.Equal(s.contents(t, s.who), before) // shown first, not written

		result, written := s.replay(t, app.ReplayCommand{Apply: true})
		is.Equal(result, want)
		is.Equal(written, shown)
		after := s.contents(t, s.who)
		k := after.ticketOf(t, claim.ExternalID)
		is.Equal([]any{k.Status, k.Priority, k.AutoSendBlockedReason}, []any{domain.TicketOpen, domain.PriorityUrgent, "sensitive_keyword_detected: a-to-z claim"})
		is.Equal(after.ticketOf(t, answer.ExternalID).ID, k.ID)
		is.Equal(after.stored(t, answer.ExternalID).OnTicket.Body, "Written elsewhere")
		got := after.stored(t, claim.ExternalID).Message
		is.Equal([]any{got.Evidence, got.Parser, len(got.SafetyFlags)}, []any{"sender:atoz", 2, 1})
		is.Equal(after.stored(t, lost.ExternalID).Message.Quarantine, domain.QuarantineNoTicket)
		is.Equal(after.stored(t, unknown.ExternalID).Message.Quarantine, domain.QuarantineReason(""))
		is.Equal(len(s.events(t, k, domain.EventClaimOpened)), 1)

		result, _ = s.replay(t, app.ReplayCommand{Apply: true})
		is.Equal(result, app.ReplayResult{Read: 5, Unchanged: 5})
		is.Equal(s.contents(t, s.who), after)

		s.ingest(t, in(message(6), "b", "lost")) // the order has its ticket now
		is.Equal(s.contents(t, s.who).stored(t, lost.ExternalID).Message.Quarantine, domain.QuarantineReason(""))
	})
}

// Everything that follows from a raw is rebuilt; a file that is read again keeps its id, and an event's flags stay in its
// ticket's union.
func TestReplayRebuildsWhatIsDerived(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		m, claim := in(message(1), "a", "o"), in(message(2), "", "o")
		m.Files = []domain.File{{Number: 0, Name: "a.png", DeclaredType: "image/png", Type: "image/png", Size: 3}, {Number: 1, Name: "b.png"}}
		claim.Kind = domain.KindClaimOpened
		s.ingest(t, m, claim)
		before := s.contents(t, s.who).stored(t, m.ExternalID)
		is.Equal(len(before.Message.Files), 2)
		is.True(before.Message.Files[0].ID != domain.FileID{})
		result, _ := s.replay(t, app.ReplayCommand{Apply: true})
		is.Equal(result, app.ReplayResult{Read: 2, Unchanged: 2})

		s.today.read(m, func(m *domain.InboundMessage) {
			m.MailID, m.Evidence, m.Parser, m.Quoted = "x@mail", "relay", 3, "> my lawyer"
			m.Facts, m.Flags = map[string]string{domain.FactASIN: "B0TEST1234"}, []domain.ParseFlag{domain.FlagAbsence}
			m.Files = []domain.File{{Number: 0, Name: "c.png"}, {Number: 2, Name: "d.png", Flags: []domain.FileFlag{domain.FilePartial}}}
		})
		result, shown := s.replay(t, app.ReplayCommand{Apply: true})
		is.Equal(result, app.ReplayResult{Read: 2, Unchanged: 1, Changed: 1})
		is.True(has(shown, "message files: 2 → 2, others"))
		got := s.contents(t, s.who).stored(t, m.ExternalID)
		is.Equal([]any{got.Message.MailID, got.Message.Evidence, got.Message.Parser}, []any{"x@mail", "relay", 3})
		is.Equal([]any{got.OnTicket.MailID, got.OnTicket.Quoted}, []any{"x@mail", "> my lawyer"})
		is.Equal(got.Message.Facts, map[string]string{domain.FactASIN: "B0TEST1234"})
		is.Equal(got.Message.Flags, []domain.ParseFlag{domain.FlagAbsence})
		is.Equal(len(got.Message.Files), 2)
		is.Equal([]any{got.Message.Files[0].ID, got.Message.Files[0].Name}, []any{before.Message.Files[0].ID, "c.png"})
		is.True(got.Message.Files[1].ID != domain.FileID{} && got.Message.Files[1].ID != before.Message.Files[1].ID)
		k := s.contents(t, s.who).ticketOf(t, m.ExternalID)
		is.Equal(k.AutoSendBlockedReason, "sensitive_keyword_detected: a-to-z claim") // the claim is no less one
		is.Equal(len(k.SafetyFlags), 2)

		s.today.read(m, func(m *domain.InboundMessage) { m.Parser = 9 })
		s.replay(t, app.ReplayCommand{Apply: true})
		is.Equal(s.contents(t, s.who).stored(t, m.ExternalID).Message.Parser, 9) // with what it changed
		s.today.read(m, func(m *domain.InboundMessage) { m.Parser = 10 })
		result, _ = s.replay(t, app.ReplayCommand{Apply: true})
		is.Equal(result, app.ReplayResult{Read: 2, Unchanged: 2}) // alone it is no difference
		is.Equal(s.contents(t, s.who).stored(t, m.ExternalID).Message.Parser, 9)
	})
}
