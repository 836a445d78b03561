package porttest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// month is how far a Candidates looks back where it looks at time.
const month = 30 * 24 * time.Hour

// conversationRules are about the ways to a ticket that have no thread and no order, and about answers.
var conversationRules = rules[RepositoryFixture]{
	"Book finds tickets by the buyer's relay address and name, those active within a month": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		of := func(email, name string, ago time.Duration) func(*domain.TicketState) {
			return func(s *domain.TicketState) {
				s.CustomerEmail, s.CustomerName, s.LastMessageAt = email, name, later.Add(-ago)
			}
		}
		f.store(t, c, domain.PageWrite{Opened: []*domain.Ticket{
			newTicket(t, c, "k1", of("a@relay.example.com", "Zoë", month-time.Minute)), newTicket(t, c, "k2", of("a@relay.example.com", "Ann", time.Hour)),
			newTicket(t, c, "k3", of("a@relay.example.com", "Zoë", month+time.Minute)), newTicket(t, c, "k4", of("b@relay.example.com", "Zoë", 0)),
			newTicket(t, c, "k5", of("", "", 0)), newTicket(t, c, "k6", of("a@relay.example.com", "Zoë", -time.Hour)), // by a clock in advance
			newTicket(t, c, "", func(s *domain.TicketState) {
				of("a@relay.example.com", "Zoë", 0)(s)
				s.Channel = domain.ChannelManual
			}),
		}})
		relays := func(relays ...string) domain.ConversationKeys { return domain.ConversationKeys{Relays: relays} }
		names := func(names ...string) domain.ConversationKeys { return domain.ConversationKeys{Names: names} }
		is.Equal(keys(f.bookOf(t, c, relays("a@relay.example.com", "none@relay.example.com"))), map[string]bool{"k1": true, "k2": true, "k6": true})
		is.Equal(keys(f.bookOf(t, c, names("Zoë", "nobody"))), map[string]bool{"k1": true, "k4": true, "k6": true})
		is.Equal(keys(f.bookOf(t, c, relays("a+some-case@relay.example.com"))), map[string]bool{"k1": true, "k2": true, "k6": true}) // the same buyer's
		is.Equal(len(f.bookOf(t, c, relays("none@relay.example.com", "")).Tickets), 0)
		is.Equal(len(f.bookOf(t, c, names("nobody", "")).Tickets), 0)
		is.Equal(keys(f.bookOf(t, c, domain.ConversationKeys{Threads: []string{"k3"}})), map[string]bool{"k3": true}) // a key looks at no time
	},
	"Book finds tickets by the Message-IDs of their messages, and says which led where": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		a, b := newTicket(t, c, "a"), newTicket(t, c, "b")
		f.store(t, c, domain.PageWrite{Opened: []*domain.Ticket{a, b}, TicketMessages: []domain.TicketMessage{
			answer(a, "id-1@mail", minute(1)), answer(a, "id-2@mail", minute(2)), answer(b, "id-2@mail", minute(3)),
			answer(b, "id-3@mail", minute(5)), answer(a, "id-3@mail", minute(4)), answer(a, "", minute(6)),
		}})
		book := f.bookOf(t, c, domain.ConversationKeys{Mails: []string{"id-1@mail", "id-2@mail", "id-3@mail", "none@mail", ""}})
		is.Equal(keys(book), map[string]bool{"a": true, "b": true})
		is.Equal(book.Mails, map[string]domain.TicketID{ // that of the newest message
			"id-1@mail": a.State().ID, "id-2@mail": b.State().ID, "id-3@mail": b.State().ID,
		})
		book = f.bookOf(t, c, domain.ConversationKeys{Mails: []string{"id-1@mail"}})
		is.Equal(keys(book), map[string]bool{"a": true})
	},
	"neither a MANUAL ticket nor another connection's is found by any key, and what they hold leads nowhere": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		c, other := f.connect(t, t1, domain.Amazon), f.connect(t, t1, domain.Fnac)
		of := func(s *domain.TicketState) {
			s.CustomerEmail, s.CustomerName, s.OrderID = "a@relay.example.com", "Zoë", "order"
		}
		own := newTicket(t, c, "own")
		manual := newTicket(t, c, "", of, func(s *domain.TicketState) { s.Channel = domain.ChannelManual })
		theirs := newTicket(t, other, "theirs", of)
		on := func(ticket *domain.Ticket, id string, at time.Time) domain.ExternalMessage {
			return external(c, id, func(m *domain.ExternalMessage) { m.ThreadID, m.Ticket, m.ReceivedAt = "thread", ticket.State().ID, at })
		}
		f.store(t, c, domain.PageWrite{
			Opened: []*domain.Ticket{own, manual},
			TicketMessages: []domain.TicketMessage{
				answer(manual, "id-1@mail", minute(3)), answer(own, "id-2@mail", minute(1)), answer(manual, "id-2@mail", minute(2)),
			},
			Messages: []domain.ExternalMessage{on(own, "m1", minute(1)), on(manual, "m2", minute(2))}, // as when a person put it there
		})
		f.store(t, other, domain.PageWrite{Opened: []*domain.Ticket{theirs}, TicketMessages: []domain.TicketMessage{answer(theirs, "id-1@mail", minute(4))}})
		book := f.bookOf(t, c, domain.ConversationKeys{
			Threads: []string{"thread", "theirs"}, Orders: []string{"order"}, Mails: []string{"id-1@mail", "id-2@mail"},
			Relays: []string{"a@relay.example.com"}, Names: []string{"Zoë"}, Answers: true,
		})
		is.Equal(keys(book), map[string]bool{"own": true})
		is.Equal(book.Threads, map[string]domain.TicketID{"thread": own.State().ID}) // by the newest message that is on one of Tickets
		is.Equal(book.Mails, map[string]domain.TicketID{"id-2@mail": own.State().ID})
		is.Equal(len(book.Answers), 1)
	},
	"with Answers, Book gives what was sent on its tickets within a month, the oldest first": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		a, b, other := newTicket(t, c, "a"), newTicket(t, c, "b"), newTicket(t, c, "other")
		ago := func(ticket *domain.Ticket, ago time.Duration, changes ...func(*domain.TicketMessage)) domain.TicketMessage {
			m := answer(ticket, "", later.Add(-ago))
			for _, change := range changes {
				change(&m)
			}
			return m
		}
		want := []domain.TicketMessage{
			ago(a, month-time.Minute, func(m *domain.TicketMessage) {
				m.Body, m.Quoted, m.MailID, m.Delivery, m.SenderName = awkward, awkward, "id@mail", domain.DeliveryAccepted, "Ann"
			}),
			ago(b, 3*time.Hour, func(m *domain.TicketMessage) { m.SenderType = domain.SenderAI }),
			ago(a, 2*time.Hour), ago(b, -time.Hour), // the last by a clock in advance
		}
		f.store(t, c, domain.PageWrite{Opened: []*domain.Ticket{a, b, other}, TicketMessages: append([]domain.TicketMessage{
			ago(a, month+time.Minute), ago(other, time.Hour),
			ago(a, time.Hour, func(m *domain.TicketMessage) { m.SenderType = domain.SenderCustomer }),
			ago(a, time.Hour, func(m *domain.TicketMessage) { m.SenderType = domain.SenderSystem }),
			ago(a, time.Hour, func(m *domain.TicketMessage) { m.Internal = true }), // was never sent
			want[3], want[1],
		}, want[0], want[2])})
		asked := domain.ConversationKeys{Threads: []string{"a", "b"}, Answers: true}
		got := f.bookOf(t, c, asked).Answers
		for i := range got {
			got[i] = plainTicketMessage(got[i])
		}
		is.Equal(got, want)
		asked.Answers = false
		is.Equal(len(f.bookOf(t, c, asked).Answers), 0)
	},
	"what becomes known of answers is stored, and nothing else of them changes": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		ticket := newTicket(t, c, "a")
		sent := []domain.TicketMessage{answer(ticket, "id-1@mail", minute(1)), answer(ticket, "id-2@mail", minute(2)), answer(ticket, "id-3@mail", minute(3))}
		f.store(t, c, domain.PageWrite{Opened: []*domain.Ticket{ticket}, TicketMessages: sent})
		sent[0].Delivery, sent[2].Delivery = domain.DeliveryConfirmed, domain.DeliveryFailed
		f.withBook(t, c, domain.ConversationKeys{Threads: []string{"a"}, Answers: true}, func(ctx context.Context, tx ports.Tx, _ domain.Candidates) error {
			return tx.Pages.Store(ctx, domain.PageWrite{Deliveries: []domain.DeliveryChange{
				{Message: sent[2].ID, Delivery: domain.DeliveryFailed}, {Message: sent[0].ID, Delivery: domain.DeliveryConfirmed},
			}})
		})
		is.Equal(f.holding(t, c.Tenant).Messages, sent)
	},
	"answers of another tenant do not change": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c, other := f.connect(t, tenant(t, "t1"), domain.Amazon), f.connect(t, tenant(t, "t2"), domain.Amazon)
		ticket := newTicket(t, c, "a")
		f.store(t, c, domain.PageWrite{Opened: []*domain.Ticket{ticket}, TicketMessages: []domain.TicketMessage{answer(ticket, "id-1@mail", minute(1))}})
		before := f.holding(t, c.Tenant)
		_ = f.tryStore(t.Context(), other, domain.PageWrite{Deliveries: []domain.DeliveryChange{ // refused, or nothing happens
			{Message: before.Messages[0].ID, Delivery: domain.DeliveryFailed},
		}})
		is.Equal(f.holding(t, c.Tenant), before)
	},
}

// answer is a message that the seller sent on a ticket.
func answer(ticket *domain.Ticket, mailID string, at time.Time) domain.TicketMessage {
	s := ticket.State()
	return domain.TicketMessage{
		ID: domain.NewID[domain.TicketMessageID](), Tenant: s.Tenant, Ticket: s.ID, SenderType: domain.SenderAgent, Body: "answer",
		Source: domain.FromKeyBuzzUI, MailID: mailID, SentAt: at,
	}
}

// bookOf asks for a Candidates under the lock that it wants.
func (f RepositoryFixture) bookOf(t *testing.T, c domain.ConnectionState, keys domain.ConversationKeys) (book domain.Candidates) {
	t.Helper()
	f.withBook(t, c, keys, func(_ context.Context, _ ports.Tx, b domain.Candidates) error {
		book = b
		return nil
	})
	return book
}

// withBook runs fn with a Candidates, in the same transaction.
func (f RepositoryFixture) withBook(t *testing.T, c domain.ConnectionState, keys domain.ConversationKeys, fn func(context.Context, ports.Tx, domain.Candidates) error) {
	t.Helper()
	f.underLock(t, c, func(ctx context.Context, tx ports.Tx) error {
		book, err := tx.Pages.Candidates(ctx, c.ID, keys, later)
		if err != nil {
			return err
		}
		return fn(ctx, tx, book)
	})
}

// waitingIDs are the external ids of what waits in a book.
func waitingIDs(b domain.Candidates) (ids []string) {
	for _, m := range b.Waiting {
		ids = append(ids, m.ExternalID)
	}
	return slices.Clip(ids)
}
