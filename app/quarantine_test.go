package app_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// unknown is a message that nothing knows.
func unknown(n int) domain.InboundMessage {
	m := message(n)
	m.Kind, m.ThreadID, m.Evidence = domain.KindUnknown, "", "shape:none"
	return m
}

// quarantined returns what is in the stage's quarantine, which must fit on a page.
func (r *replayStage) quarantined(t testing.TB) []domain.Quarantined {
	t.Helper()
	all, next, err := r.ListQuarantine.Run(t.Context(), app.ListQuarantineQuery{Tenant: r.who, Limit: app.MaxList})
	if err != nil || next != (ports.Position{}) {
		t.Fatal(err, next)
	}
	return all
}

func TestAssigningAStoredMessage(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		m := unknown(2)
		m.Subject, m.Body, m.FullText = "Réclamation", "", "I will open an A-to-Z claim."
		m.Files = []domain.File{{Number: 0, Name: "a.txt", Type: "text/plain", DeclaredType: "text/plain", Size: 1}}
		s.ingest(t, message(1), m)
		k := s.tickets(t, s.who)[0]
		s.setStatus(t, k, domain.TicketResolved)
		q := s.quarantined(t)
		is.Equal(len(q), 1)
		is.Equal(q[0].Reason, string(domain.QuarantineUnknown))

		cmd := app.AssignCommand{Tenant: s.who, ID: q[0].ID, Ticket: k.ID, By: "ana"}
		id, err := s.Assign.Run(t.Context(), cmd)
		is.NoErr(err)
		is.Equal(len(s.quarantined(t)), 0)
		said := s.conversation(t, k)
		is.Equal(len(said), 2)
		got := said[1]
		is.Equal(got.ID, id)
		is.Equal(got.SenderType, domain.SenderCustomer)
		is.Equal(got.Body, m.FullText) // there is nothing else
		is.Equal(len(got.Files), 1)
		is.True(len(got.SafetyFlags) > 0)
		is.True(got.SentAt.Equal(m.ReceivedAt)) // the buyer's time
		after := s.tickets(t, s.who)[0]
		is.Equal(after.Status, domain.TicketOpen) // the buyer's word brings it back
		is.True(after.AutoSendBlockedReason != "")
		e := s.events(t, k, domain.EventMessageAssigned)
		is.Equal(len(e), 1)
		is.Equal([]string{string(e[0].Actor), e[0].ActorID, e[0].Payload["reason"]}, []string{"AGENT", "ana", "unknown_kind"})
		is.Equal(len(s.events(t, k, domain.EventStatusChanged)), 1)
		actions, by := s.trail(t, s.who, q[0].ID.String())
		is.Equal(actions, []domain.AuditAction{domain.AuditAssigned})
		is.Equal(by, []string{"ana"})

		_, err = s.Assign.Run(t.Context(), cmd)
		is.True(errors.Is(err, domain.ErrNotFound)) // it is not in quarantine any more
		is.Equal(len(s.conversation(t, k)), 2)
		result, _ := s.replay(t, app.ReplayCommand{Apply: true})
		is.Equal(result.Changed, 0) // what a person did stays
		is.Equal(s.conversation(t, k)[1].Body, m.FullText)
	})
}

func TestAssigningARejectedMessage(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		nul := spoilt(2, func(m *domain.InboundMessage) { m.Body, m.OrderID = "a\x00b\xff", "an order\x00" })
		lost := spoilt(3, func(m *domain.InboundMessage) { m.Unreadable, m.ExternalID, m.Body = "broken", "", "" })
		s.ingest(t, message(1), nul, lost)
		k := s.tickets(t, s.who)[0]
		q := s.quarantined(t)
		is.Equal(len(q), 2)
		for _, one := range q {
			is.True(one.Rejected)
			_, err := s.Assign.Run(t.Context(), app.AssignCommand{Tenant: s.who, ID: one.ID, Ticket: k.ID, By: "ana"})
			is.NoErr(err)
			_, err = s.Assign.Run(t.Context(), app.AssignCommand{Tenant: s.who, ID: one.ID, Ticket: k.ID, By: "ana"})
			is.True(errors.Is(err, domain.ErrNotFound))
		}
		is.Equal(len(s.quarantined(t)), 0)
		is.Equal(len(s.pending(t)), 0) // as if replayed
		bodies := map[string]bool{}
		for _, m := range s.conversation(t, k) {
			bodies[m.Body] = true
		}
		is.Equal(len(bodies), 3)
		is.True(bodies["ab\uFFFD"])                                                      // made fit
		is.True(bodies["(KeyBuzz could not read this message. It is kept as it came.)"]) // and nothing hidden
		for _, m := range s.contents(t, s.who).Stored {
			if m.Message.ExternalID != message(1).ExternalID {
				is.Equal(m.Message.Kind, domain.KindBuyerMessage)
				is.True(contains(m.Message.ExternalID, "rejected:"))
				is.True(m.Message.Source.Sealed())
			}
		}
	})
}

func TestAssigningToAManualTicketAndToNone(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		s.ingest(t, unknown(2))
		manual, err := domain.RestoreTicket(domain.TicketState{
			ID: domain.NewID[domain.TicketID](), Tenant: s.who, Channel: domain.ChannelManual, Status: domain.TicketOpen,
			Priority: domain.PriorityNormal, CreatedAt: noon, UpdatedAt: noon,
		})
		is.NoErr(err)
		s.put(t, s.who, domain.PageWrite{Opened: []*domain.Ticket{manual}})
		id := s.quarantined(t)[0].ID
		_, err = s.Assign.Run(t.Context(), app.AssignCommand{Tenant: s.who, ID: id, Ticket: domain.NewID[domain.TicketID]()})
		is.True(errors.Is(err, domain.ErrNotFound))
		is.Equal(len(s.quarantined(t)), 1) // nothing half done
		_, err = s.Assign.Run(t.Context(), app.AssignCommand{Tenant: tenant(t, "t2"), ID: id, Ticket: manual.State().ID})
		is.True(errors.Is(err, domain.ErrNotFound)) // another tenant's
		_, err = s.Assign.Run(t.Context(), app.AssignCommand{Tenant: s.who, ID: id, Ticket: manual.State().ID})
		is.NoErr(err)
		is.Equal(len(s.conversation(t, manual.State())), 1)
	})
}

// An event of an order that waited does on the ticket what it would have done by itself.
func TestAssigningAClaim(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		claim := message(2)
		claim.Kind, claim.ThreadID, claim.OrderID = domain.KindClaimOpened, "", "999-1111111-2222222"
		s.ingest(t, message(1), claim)
		k := s.tickets(t, s.who)[0]
		q := s.quarantined(t)
		is.Equal(q[0].Reason, string(domain.QuarantineNoTicket))
		id, err := s.Assign.Run(t.Context(), app.AssignCommand{Tenant: s.who, ID: q[0].ID, Ticket: k.ID, By: "ana"})
		is.NoErr(err)
		is.Equal(id, domain.TicketMessageID{}) // no message: nobody wrote one
		is.Equal(len(s.conversation(t, k)), 1)
		is.Equal(len(s.events(t, k, domain.EventClaimOpened)), 1)
		is.Equal(len(s.events(t, k, domain.EventMessageAssigned)), 1)
		is.Equal(s.tickets(t, s.who)[0].Priority, domain.PriorityUrgent)
		is.Equal(len(s.quarantined(t)), 0)
	})
}

// A copy of an answer is the seller's word, not the buyer's.
func TestAssigningACopy(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		first, second, sent := message(1), message(2), message(3)
		sent.Kind, sent.ThreadID, sent.Body = domain.KindSellerCopy, "", "It is on its way."
		s.ingest(t, first, second, sent) // two tickets of one buyer
		q := s.quarantined(t)
		is.Equal(q[0].Reason, string(domain.QuarantineAmbiguous))
		k := s.tickets(t, s.who)[1]
		_, err := s.Assign.Run(t.Context(), app.AssignCommand{Tenant: s.who, ID: q[0].ID, Ticket: k.ID, By: "ana"})
		is.NoErr(err)
		said := s.conversation(t, k)
		is.Equal(said[1].SenderType, domain.SenderAgent)
		is.Equal(said[1].Body, sent.Body)
		is.Equal(said[1].Delivery, domain.DeliveryConfirmed)
	})
}

func TestOnlyOneOfManyAssigns(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		s.ingest(t, message(1), unknown(2), spoilt(3, func(m *domain.InboundMessage) { m.ExternalID = "" }))
		k := s.tickets(t, s.who)[0]
		for _, q := range s.quarantined(t) {
			var done atomic.Int64
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					_, err := s.Assign.Run(t.Context(), app.AssignCommand{Tenant: s.who, ID: q.ID, Ticket: k.ID})
					switch {
					case err == nil:
						done.Add(1)
					case !errors.Is(err, domain.ErrNotFound):
						t.Error(err)
					}
				})
				all.Go(func() {
					err := s.Dismiss.Run(t.Context(), app.DismissCommand{Tenant: s.who, ID: q.ID})
					switch {
					case err == nil:
						done.Add(1)
					case !errors.Is(err, domain.ErrNotFound):
						t.Error(err)
					}
				})
			}
			all.Wait()
			is.Equal(done.Load(), int64(1))
		}
		is.True(len(s.conversation(t, k)) <= 3)
	})
}

func TestDismissing(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		s.ingest(t, unknown(2), spoilt(3, func(m *domain.InboundMessage) { m.ExternalID = "" }))
		for _, q := range s.quarantined(t) {
			is.NoErr(s.Dismiss.Run(t.Context(), app.DismissCommand{Tenant: s.who, ID: q.ID, By: "ana"}))
			is.True(errors.Is(s.Dismiss.Run(t.Context(), app.DismissCommand{Tenant: s.who, ID: q.ID}), domain.ErrNotFound))
			actions, by := s.trail(t, s.who, q.ID.String())
			is.Equal(actions, []domain.AuditAction{domain.AuditDismissed})
			is.Equal(by, []string{"ana"})
		}
		is.Equal(len(s.quarantined(t)), 0)
		is.Equal(len(s.tickets(t, s.who)), 0)
		is.Equal(len(s.contents(t, s.who).Stored), 1) // what was stored stays
	})
}

func TestReadingQuarantine(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		poison := unknown(2)
		s.ingest(t, poison)
		q := s.quarantined(t)[0]
		found, m, err := s.GetQuarantined.Run(t.Context(), app.QuarantineQuery{Tenant: s.who, ID: q.ID})
		is.NoErr(err)
		is.Equal(found.ID, q.ID)
		is.Equal(string(m.Source.Bytes), string(poison.Source.Bytes))
		is.Equal(m.Body, poison.Body)
		s.today.read(poison, func(m *domain.InboundMessage) { m.Subject, m.Body = panics, "buyer's secret words" })
		_, m, err = s.GetQuarantined.Run(t.Context(), app.QuarantineQuery{Tenant: s.who, ID: q.ID})
		is.NoErr(err) // it is shown all the same
		is.True(m.Unreadable != "" && !contains(m.Unreadable, "secret"))
		is.Equal(string(m.Source.Bytes), string(poison.Source.Bytes))

		is.NoErr(s.raws.Erase(t.Context(), s.who))
		_, m, err = s.GetQuarantined.Run(t.Context(), app.QuarantineQuery{Tenant: s.who, ID: q.ID})
		is.NoErr(err)
		is.True(contains(m.Unreadable, "erased"))
		_, _, err = s.GetQuarantined.Raw(t.Context(), app.QuarantineQuery{Tenant: s.who, ID: q.ID})
		is.True(errors.Is(err, app.ErrErased))
		is.True(errors.Is(err, domain.ErrNotFound))
	})
}

func TestReplayingOneOfQuarantine(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		m := unknown(2)
		s.ingest(t, m)
		q := s.quarantined(t)[0]
		cmd := app.ReplayQuarantinedCommand{Tenant: s.who, ID: q.ID, By: "ana"}
		result, differences, err := s.ReplayQuarantined.Run(t.Context(), cmd)
		is.NoErr(err)
		is.Equal(result.Unchanged, 1)
		is.Equal(len(differences), 0)
		s.today.read(m, func(m *domain.InboundMessage) { m.Kind = domain.KindBuyerMessage })
		result, differences, err = s.ReplayQuarantined.Run(t.Context(), cmd)
		is.NoErr(err)
		is.Equal(result.Ticketed, 1)
		is.True(len(differences) > 0)
		is.Equal(len(s.quarantined(t)), 0)
		is.Equal(len(s.tickets(t, s.who)), 1)
		_, _, err = s.ReplayQuarantined.Run(t.Context(), cmd)
		is.True(errors.Is(err, domain.ErrNotFound))
		_, by := s.trail(t, s.who, q.ID.String())
		is.Equal(by, []string{"ana", "ana"})
	})
}

// What a person put on a ticket is there once, whatever is replayed later: an operator may name the message.
func TestReplayingWhatWasAssigned(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		bad := spoilt(2, func(m *domain.InboundMessage) { m.Unreadable = "broken" })
		s.ingest(t, message(1), bad)
		q := s.quarantined(t)
		is.Equal(len(q), 1)
		_, err := s.Assign.Run(t.Context(), app.AssignCommand{Tenant: s.who, ID: q[0].ID, Ticket: s.tickets(t, s.who)[0].ID, By: "ana"})
		is.NoErr(err)
		before := s.contents(t, s.who)
		s.today.read(bad, func(m *domain.InboundMessage) { m.Unreadable = "" })
		result, err := s.Replay.Run(t.Context(), app.ReplayCommand{
			Tenant: s.who, RejectedID: domain.RejectedID(q[0].ID), Apply: true, Actor: domain.ActorAgent,
		})
		is.NoErr(err)
		is.Equal(result, app.ReplayResult{Read: 1, Duplicate: 1})
		is.Equal(s.contents(t, s.who), before)
	})
}
