package app_test

import (
	"errors"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
)

func TestTheWholeTextIsOneCallAway(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		framed, bare := message(1), message(2)
		framed.FullText = "Hello,\n" + framed.Body + "\nfooter"
		s.ingest(t, framed, bare)
		for _, k := range s.tickets(t, s.who) {
			m := s.conversation(t, k)[0]
			want := m.Body
			if m.Body == framed.Body {
				want = framed.FullText
			}
			q := app.TextQuery{TicketQuery: app.TicketQuery{Tenant: s.who, Ticket: k.ID}, Message: m.ID}
			text, err := s.GetText.Run(t.Context(), q)
			is.NoErr(err)
			is.Equal(text, want)
			q.Tenant = tenant(t, "t2")
			_, err = s.GetText.Run(t.Context(), q)
			is.True(errors.Is(err, domain.ErrNotFound) && !errors.Is(err, app.ErrErased)) // another tenant's
			q.Tenant, q.Ticket = s.who, domain.NewID[domain.TicketID]()
			_, err = s.GetText.Run(t.Context(), q)
			is.True(errors.Is(err, domain.ErrNotFound)) // not of this ticket
		}
		is.NoErr(s.raws.Erase(t.Context(), s.who))
		k := s.tickets(t, s.who)[0]
		_, err := s.GetText.Run(t.Context(), app.TextQuery{TicketQuery: app.TicketQuery{Tenant: s.who, Ticket: k.ID}, Message: s.conversation(t, k)[0].ID})
		is.True(errors.Is(err, app.ErrErased))
	})
}

func TestAMessageOfOurOwnIsItsBody(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		s.ingest(t, message(1))
		k := s.tickets(t, s.who)[0]
		ours := domain.TicketMessage{
			ID: domain.NewID[domain.TicketMessageID](), Tenant: s.who, Ticket: k.ID, SenderType: domain.SenderAgent, Body: "It is on its way.",
			Source: domain.FromKeyBuzzUI, SentAt: noon,
		}
		s.put(t, s.who, domain.PageWrite{TicketMessages: []domain.TicketMessage{ours}})
		text, err := s.GetText.Run(t.Context(), app.TextQuery{TicketQuery: app.TicketQuery{Tenant: s.who, Ticket: k.ID}, Message: ours.ID})
		is.NoErr(err)
		is.Equal(text, ours.Body)
	})
}
