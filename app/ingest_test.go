package app_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/domain/safety"
	"github.com/keybuzzio/marketplaces/ports"
)

func TestPushedPageIsStoredBesideWhatIsPolled(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		s.ingest(t, message(1))
		a, _ := s.address(t, s.c, "FR")
		before := s.syncState(t, s.c)
		bad := message(4)
		bad.Body = "\x00"
		page := []domain.InboundMessage{message(1), message(2), message(3), message(2), bad}
		is.Equal(s.push(t, a, page...), app.PollResult{Fetched: 5, Created: 2, Duplicates: 2, Rejected: 1})
		is.Equal(s.push(t, a, page...), app.PollResult{Fetched: 5, Duplicates: 4, Rejected: 1}) // again is harmless
		is.Equal(len(s.contents(t, s.who).Stored), 3)
		is.Equal(s.contents(t, s.who).Pending, 1)
		after := s.syncState(t, s.c)
		is.Equal([]any{after.Cursor, after.LastPolledAt}, []any{before.Cursor, before.LastPolledAt}) // nothing was polled
		is.Equal(after.LastArrivalAt, s.clock.Now())
		is.Equal(s.connectionNow(t, s.c.ID).Source, domain.SourceIMAP) // it keeps its source
		s.ingest(t, message(5))                                        // and the next poll goes on from its cursor
		is.Equal(len(s.contents(t, s.who).Stored), 4)
	})
}

func TestWhatValidatesAnAddress(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		mail func(m *domain.InboundMessage, code string)
		by   string
	}{
		"a buyer's message, authentic": {func(m *domain.InboundMessage, _ string) { m.Authentic, m.BuyerEmail = true, "a@marketplace.example" }, domain.ByRelay},
		"our validation mail":          {func(m *domain.InboundMessage, code string) { m.Kind, m.Code = domain.KindValidation, code }, domain.ByCode},
		"a buyer's message, forged":    {func(m *domain.InboundMessage, _ string) { m.BuyerEmail = "a@marketplace.example" }, ""},
		"another code":                 {func(m *domain.InboundMessage, _ string) { m.Kind, m.Code = domain.KindValidation, "X" }, ""},
		"a notice":                     {func(m *domain.InboundMessage, _ string) { m.Kind, m.Authentic = domain.KindNotice, true }, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onStores(t, func(t *testing.T, s *replayStage) {
				is := is.New(t)
				c := s.connection(t, "A1PA6795UKMFR9")
				a, code := s.address(t, c, "DE")
				idle, _ := s.address(t, c, "FR")
				s.clock.Advance(time.Minute)
				m := message(1)
				test.mail(&m, code)
				s.push(t, a, message(2), m)
				got, k := s.addressNow(t, a.ID), s.connectionNow(t, c.ID)
				is.Equal(got.LastMailAt, s.clock.Now())
				is.Equal(got.ValidatedBy, test.by)
				is.Equal(s.addressNow(t, idle.ID), idle) // nothing came by it
				is.Equal(len(s.contents(t, s.who).Stored), 2)
				if test.by == "" {
					is.Equal([]any{got.Status, k.Status, k.Source}, []any{domain.AddressPending, domain.ConnectionPending, domain.SourceKind("")})
					is.Equal(len(s.recorded(t, c.ID.String()))+len(s.recorded(t, a.ID.String())), 0)
					return
				}
				is.Equal([]any{got.Status, k.Status, k.Source}, []any{domain.AddressValidated, domain.ConnectionConnected, domain.SourcePush})
				is.Equal(s.recorded(t, a.ID.String()), []string{"ADDRESS_VALIDATED " + test.by})
				is.Equal(len(s.recorded(t, c.ID.String())), 1)
				s.push(t, a, m)
				is.Equal(len(s.recorded(t, a.ID.String())), 1) // once
			})
		})
	}
}

// A copy of a message that is stored proves as much of the address that it came to.
func TestCopyValidatesItsAddress(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		c := s.connection(t, "A1PA6795UKMFR9")
		german, _ := s.address(t, c, "DE")
		french, _ := s.address(t, c, "FR")
		m := message(1)
		m.Authentic, m.BuyerEmail = true, "a@marketplace.example"
		is.Equal(s.push(t, german, m).Created, 1)
		is.Equal(s.push(t, french, m).Duplicates, 1)
		is.Equal(s.addressNow(t, french.ID).Status, domain.AddressValidated)
	})
}

// A mail that was let in before its address retired is kept, and proves nothing any more.
func TestMailForAnAddressThatHasRetired(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		c := s.connection(t, "A1PA6795UKMFR9")
		a, code := s.address(t, c, "DE")
		_, err := s.RetireAddress.Run(t.Context(), app.RetireAddressCommand{Tenant: s.who, Address: a.ID, By: "somebody"})
		is.NoErr(err)
		retired := s.addressNow(t, a.ID)
		m := message(1)
		m.Kind, m.Code = domain.KindValidation, code
		is.Equal(s.push(t, a, m).Created, 1)
		is.Equal(s.addressNow(t, a.ID), retired)
		is.Equal(s.connectionNow(t, c.ID).Status, domain.ConnectionPending)
	})
}

func TestPushedPageOfADisabledConnectionIsThrownAway(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		a, _ := s.address(t, s.c, "DE")
		_, err := s.Disconnect.Run(t.Context(), app.DisconnectCommand{Tenant: s.who, Marketplace: domain.Amazon})
		is.NoErr(err)
		is.Equal(s.push(t, a, message(1)), app.PollResult{Superseded: true})
		is.Equal(len(s.contents(t, s.who).Stored), 0)
		for n, status := range []domain.ConnectionStatus{domain.ConnectionPending, domain.ConnectionError} {
			c := s.connection(t, string(status), func(c *domain.ConnectionState) { c.Status = status })
			b, _ := s.address(t, c, "FR")
			is.Equal(s.push(t, b, message(n)).Created, 1) // a mailbox's trouble is none of the address's
		}
	})
}

func TestPageWithoutBoundsOrAddressesIsRefused(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t, memory.NewStore())
	for _, cmd := range []app.IngestCommand{
		{Page: ports.Page{Messages: messages(domain.MaxPage + 1)}},
		{Page: ports.Page{Messages: messages(2)}, Pushed: true, Addresses: make([]domain.InboundAddressID, 1)},
	} {
		_, err := s.Ingest.Run(t.Context(), cmd)
		is.True(errors.Is(err, domain.ErrInvalid))
	}
}

// One message to four addresses, by two connections of one seller and one of another, in pages that meet: each seller has it
// once, whichever is first.
func TestCopiesMeet(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		const rounds = 25
		is := is.New(t)
		german, _ := s.address(t, s.connection(t, "A1PA6795UKMFR9"), "DE")
		french, _ := s.address(t, s.connection(t, "A13V1IB3VIYZZH"), "FR")
		spanish, _ := s.address(t, s.connection(t, "A1RKKUPIHCS9HS"), "ES")
		other := &replayStage{stage: s.stage, who: tenant(t, "t2")}
		theirs, _ := other.address(t, other.connection(t, "A1PA6795UKMFR9"), "DE")
		copyOf := func(n, of int) domain.InboundMessage {
			m := message(n)
			m.MailID, m.Source.Bytes = fmt.Sprintf("%d-%d@mail", n, of), fmt.Appendf(nil, "raw %d, copy %d", n, of)
			return m
		}
		for round := range rounds {
			var all sync.WaitGroup
			results := make([]app.PollResult, 4)
			for i, a := range []domain.InboundAddressState{german, french, spanish, theirs} {
				all.Go(func() {
					var err error
					if results[i], err = s.tryPush(t.Context(), a, copyOf(2*round, i), copyOf(2*round+1, i)); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			is.Equal(results[0].Created+results[1].Created+results[2].Created, 2)
			is.Equal(results[3].Created, 2) // no copy crosses sellers
		}
		for _, who := range []*replayStage{s, other} {
			got := who.contents(t, who.who)
			is.Equal([]int{len(got.Stored), len(got.Tickets), len(got.Events)}, []int{2 * rounds, 2 * rounds, 2 * rounds})
			for _, m := range got.Stored {
				is.Equal(m.Message.Tenant, who.who)
			}
		}
	})
}

// The events of an order wait for its ticket across pages, and whoever looks finds those that cannot.
func TestEventsWaitForTheirTicket(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		claim, ret, lost := in(message(1), "", "o"), in(message(2), "", "o"), in(message(3), "", "lost")
		claim.Kind, ret.Kind, lost.Kind = domain.KindClaimOpened, domain.KindReturnEvent, domain.KindCancelRequest
		claim.Facts = map[string]string{domain.FactAmountCents: "3990"}
		ret.Body = "Broken, my lawyer will write"
		s.ingest(t, claim, ret, lost)
		is.Equal(len(s.tickets(t, s.who)), 0)
		got := s.contents(t, s.who)
		is.Equal(got.stored(t, claim.ExternalID).Message.Quarantine, domain.QuarantineNoTicket)
		is.Equal(got.stored(t, ret.ExternalID).Message.Quarantine, domain.QuarantineReason(""))
		is.Equal(got.stored(t, ret.ExternalID).Message.SafetyFlags, safety.FlagText(ret.Body))

		s.ingest(t, in(message(4), "a", "o"))
		k := s.tickets(t, s.who)[0]
		is.Equal(k.Priority, domain.PriorityUrgent)
		is.Equal(k.AutoSendBlockedReason, "sensitive_keyword_detected: a-to-z claim")
		opened := s.events(t, k, domain.EventClaimOpened)
		is.Equal(len(opened), 1)
		is.Equal(opened[0].Payload, claim.Facts)
		got = s.contents(t, s.who)
		is.Equal(opened[0].Origin, got.stored(t, claim.ExternalID).Message.ID)
		is.Equal(len(s.events(t, k, domain.EventReturnRequested)), 1)
		for _, id := range []string{claim.ExternalID, ret.ExternalID} {
			is.Equal(got.stored(t, id).Message.Ticket, k.ID)
			is.Equal(got.stored(t, id).Message.Quarantine, domain.QuarantineReason(""))
		}
		is.Equal(got.stored(t, lost.ExternalID).Message.Quarantine, domain.QuarantineNoTicket)
		result, differences := s.replay(t, app.ReplayCommand{Apply: true})
		is.Equal(result, app.ReplayResult{Read: 4, Unchanged: 4})
		is.Equal(len(differences), 0)
	})
}

// What became of an answer is told by the marketplace's copy and by reports.
func TestAnswersAreConfirmedOrFail(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		first := in(message(1), "a", "o")
		first.BuyerEmail = "ana+1@marketplace.example"
		s.ingest(t, first)
		k := s.tickets(t, s.who)[0]
		answer := func(n int, body, mail string) domain.TicketMessageID {
			m := domain.TicketMessage{
				ID: domain.NewID[domain.TicketMessageID](), Tenant: s.who, Ticket: k.ID, SenderType: domain.SenderAgent, Source: domain.FromKeyBuzzUI,
				Body: body, MailID: mail, Delivery: domain.DeliveryAccepted, SentAt: noon.Add(time.Duration(n) * time.Minute),
			}
			s.put(t, s.who, domain.PageWrite{TicketMessages: []domain.TicketMessage{m}})
			return m.ID
		}
		one, two := answer(2, "On its way.", "one@keybuzz"), answer(3, "Sorry.", "two@keybuzz")
		s.setStatus(t, k, domain.TicketWaitingCustomer)
		seen := message(4)
		seen.Kind, seen.ThreadID, seen.Body = domain.KindSellerCopy, "", " On its\nway."
		elsewhere := in(message(5), "", "o")
		elsewhere.Kind, elsewhere.Body = domain.KindSellerCopy, "Written in Seller Central"
		bounce := in(message(6), "", "")
		bounce.Kind, bounce.References, bounce.Facts = domain.KindDeliveryFailure, []string{"two@keybuzz"}, map[string]string{domain.FactReason: "5.1.1"}
		s.ingest(t, seen, elsewhere, bounce)

		k = s.tickets(t, s.who)[0]
		is.Equal(k.Status, domain.TicketOpen) // to be answered again
		delivery := map[domain.TicketMessageID]domain.DeliveryStatus{}
		talk := s.conversation(t, k)
		for _, m := range talk {
			delivery[m.ID] = m.Delivery
		}
		is.Equal(len(talk), 4)
		is.Equal([]domain.DeliveryStatus{delivery[one], delivery[two]}, []domain.DeliveryStatus{domain.DeliveryConfirmed, domain.DeliveryFailed})
		is.Equal([]any{talk[3].Body, talk[3].SenderType, talk[3].Delivery}, []any{elsewhere.Body, domain.SenderAgent, domain.DeliveryConfirmed})
		is.Equal(len(s.events(t, k, domain.EventAnswerConfirmed)), 1)
		is.Equal(len(s.events(t, k, domain.EventAnswerSent)), 1)
		failed := s.events(t, k, domain.EventDeliveryFailed)
		is.Equal(failed[0].Message, two)
		is.Equal(failed[0].Payload, bounce.Facts)
		is.Equal(len(s.tickets(t, s.who)), 1) // none of them opened one
		result, _ := s.replay(t, app.ReplayCommand{Apply: true})
		is.Equal(result, app.ReplayResult{Read: 4, Unchanged: 4})
	})
}

// The conversation of a buyer whose links were stripped goes on for 30 days.
func TestRelayAddressLeadsToItsTicket(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		bare := func(n int, after time.Duration) domain.InboundMessage {
			m := in(message(n), "", "")
			m.BuyerEmail, m.ReceivedAt = "ana+1@marketplace.example", noon.Add(after)
			return m
		}
		const day = 24 * time.Hour
		first := bare(1, 0)
		first.ThreadID = "a"
		s.ingest(t, first)
		s.setStatus(t, s.tickets(t, s.who)[0], domain.TicketClosed)
		s.clock.Advance(90 * day)
		s.ingest(t, bare(2, 3*day), bare(3, 49*day))
		all := s.tickets(t, s.who)
		is.Equal(len(all), 2)
		is.Equal([]any{all[1].ExternalID, all[1].Status, len(s.conversation(t, all[1]))}, []any{"a", domain.TicketOpen, 2})
	})
}

// Old mails that a seller brings along are filed.
func TestImportEntersClosed(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		old := message(1)
		old.ReceivedAt = noon.Add(-48 * time.Hour)
		s.ingest(t, old, message(2))
		all := s.tickets(t, s.who)
		is.Equal([]domain.TicketStatus{all[0].Status, all[1].Status}, []domain.TicketStatus{domain.TicketOpen, domain.TicketClosed})
		is.Equal(len(s.events(t, all[1], domain.EventStatusChanged)), 0)

		pushed := message(3)
		pushed.ReceivedAt = noon.Add(-48 * time.Hour)
		a, _ := s.address(t, s.c, "DE")
		s.push(t, a, pushed) // a receiver does not know since when the seller is here
		is.Equal(s.contents(t, s.who).ticketOf(t, pushed.ExternalID).Status, domain.TicketClosed)
	})
}
