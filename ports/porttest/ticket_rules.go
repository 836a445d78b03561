package porttest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// ticketRules are about ports.Tickets.
var ticketRules = rules[RepositoryFixture]{
	"a ticket that is not there is ErrNotFound": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		c := f.connect(t, t1, domain.Amazon)
		f.ingest(t, c, inbound("m1", "", "", start))
		none := domain.NewID[domain.TicketID]()
		err := f.Repository.View(t.Context(), t1, func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Tickets.Get(ctx, none)
			return err
		})
		is.True(errors.Is(err, domain.ErrNotFound))
		f.view(t, t1, func(ctx context.Context, tx ports.Tx) error {
			messages, err := tx.Tickets.Messages(ctx, none, ports.Position{}, 10)
			is.NoErr(err)
			is.Equal(len(messages), 0)
			events, err := tx.Tickets.Events(ctx, none, ports.Position{}, 10)
			is.NoErr(err)
			is.Equal(len(events), 0)
			return nil
		})
	},
	"Get gives the ticket that List gives": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		c := f.connect(t, t1, domain.Amazon)
		f.store(t, c, domain.PageWrite{Opened: []*domain.Ticket{newTicket(t, c, "k", func(s *domain.TicketState) { s.SafetyFlags = flags })}})
		listed := f.holding(t, t1).Tickets[0]
		f.view(t, t1, func(ctx context.Context, tx ports.Tx) error {
			got, err := tx.Tickets.Get(ctx, listed.ID)
			is.NoErr(err)
			is.Equal(plainTicket(got.State()), listed)
			return nil
		})
	},
	"tickets come by falling activity, those of one time by falling id": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		want := f.manyTickets(t, f.connect(t, t1, domain.Amazon))
		is.Equal(f.holding(t, t1).Tickets, want)
	},
	"pages of tickets give each once, whatever their size": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		want := f.manyTickets(t, f.connect(t, t1, domain.Amazon))
		for limit := 1; limit <= len(want)+1; limit++ {
			is.Equal(f.walk(t, t1, ports.TicketFilter{Limit: limit}, nil), want)
		}
	},
	"filters hold on every page": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		want := f.manyTickets(t, f.connect(t, t1, domain.Amazon))
		is.True(len(want) > 0)
		for _, status := range []domain.TicketStatus{"", domain.TicketOpen, domain.TicketClosed, domain.TicketPending} {
			for _, channel := range []domain.Channel{"", domain.Amazon.Channel(), domain.ChannelManual, domain.Fnac.Channel()} {
				matching := slices.DeleteFunc(slices.Clone(want), func(s domain.TicketState) bool {
					return status != "" && s.Status != status || channel != "" && s.Channel != channel
				})
				q := ports.TicketFilter{Status: status, Channel: channel, Limit: 2}
				is.Equal(f.walk(t, t1, q, nil), plain(matching))
			}
		}
	},
	"a walk is not disturbed by newer tickets": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		c := f.connect(t, t1, domain.Amazon)
		want := f.manyTickets(t, c)
		is.Equal(f.walk(t, t1, ports.TicketFilter{Limit: 2}, func() {
			f.store(t, c, domain.PageWrite{Opened: []*domain.Ticket{
				newTicket(t, c, domain.NewID[domain.TicketID]().String(), func(s *domain.TicketState) { s.LastMessageAt = minute(99) }),
			}})
		}), want)
	},
	"messages come by rising SentAt, page by page, each once": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		c := f.connect(t, t1, domain.Amazon)
		for _, at := range []int{5, 1, 3, 3, 3, 2, 4} { // a source gives them in any order
			f.ingest(t, c, inbound(domain.NewID[domain.MessageID]().String(), "thread", "", minute(at)))
		}
		f.ingest(t, c, inbound("other", "other", "", minute(3)))
		k := f.book(t, c, []string{"thread"}, nil).Tickets[0].State().ID
		for limit := 1; limit <= 8; limit++ {
			var got []domain.TicketMessage
			after := ports.Position{}
			for more := true; more; {
				f.view(t, t1, func(ctx context.Context, tx ports.Tx) error {
					page, err := tx.Tickets.Messages(ctx, k, after, limit)
					is.True(len(page) <= limit)
					got, more = append(got, page...), len(page) == limit
					if more {
						last := page[limit-1]
						after = ports.Position{At: last.SentAt, ID: last.ID.String()}
					}
					return err
				})
			}
			is.Equal(len(got), 7)
			is.True(slices.IsSortedFunc(got, func(a, b domain.TicketMessage) int {
				return cmp.Or(a.SentAt.Compare(b.SentAt), cmp.Compare(a.ID.String(), b.ID.String()))
			}))
			is.Equal(len(slices.CompactFunc(got, func(a, b domain.TicketMessage) bool { return a.ID == b.ID })), 7)
		}
	},
	"events come by rising At, page by page, each once": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		c := f.connect(t, t1, domain.Amazon)
		ticket := newTicket(t, c, "key")
		in := domain.PageWrite{Opened: []*domain.Ticket{ticket}}
		for _, at := range []int{5, 1, 3, 3, 3, 2, 4} {
			in.Events = append(in.Events, domain.TicketEvent{
				ID: domain.NewID[domain.EventID](), Tenant: t1, Ticket: ticket.State().ID, Type: domain.EventStatusChanged,
				Actor: domain.ActorSystem, At: minute(at),
			})
		}
		f.store(t, c, in)
		slices.SortFunc(in.Events, func(a, b domain.TicketEvent) int {
			return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID.String(), b.ID.String()))
		})
		for limit := 1; limit <= 8; limit++ {
			var got []domain.TicketEvent
			after := ports.Position{}
			for more := true; more; {
				f.view(t, t1, func(ctx context.Context, tx ports.Tx) error {
					page, err := tx.Tickets.Events(ctx, ticket.State().ID, after, limit)
					is.True(len(page) <= limit)
					for _, e := range page {
						got = append(got, plainEvent(e))
						after = ports.Position{At: e.At, ID: e.ID.String()}
					}
					more = len(page) == limit
					return err
				})
			}
			is.Equal(got, in.Events)
		}
	},
}

// manyTickets stores tickets of c, several of one time, and returns them in the order of a list.
func (f RepositoryFixture) manyTickets(t *testing.T, c domain.ConnectionState) []domain.TicketState {
	t.Helper()
	var in domain.PageWrite
	for i, at := range []int{3, 1, 2, 2, 2, 5, 1, 4, 2} {
		in.Opened = append(in.Opened, newTicket(t, c, minute(i).String(), func(s *domain.TicketState) {
			s.LastMessageAt = minute(at)
			if i%3 == 0 {
				s.Status = domain.TicketClosed
			}
			if i%4 == 0 {
				s.Channel = domain.ChannelManual
			}
		}))
	}
	f.store(t, c, in)
	states := make([]domain.TicketState, len(in.Opened))
	for i, ticket := range in.Opened {
		states[i] = ticket.State()
	}
	slices.SortFunc(states, func(a, b domain.TicketState) int {
		return cmp.Or(b.LastMessageAt.Compare(a.LastMessageAt), cmp.Compare(b.ID.String(), a.ID.String()))
	})
	return states
}

// walk reads all tickets that q selects, a page of q.Limit after the other, and calls between after each page.
func (f RepositoryFixture) walk(t *testing.T, tenant domain.TenantID, q ports.TicketFilter, between func()) (found []domain.TicketState) {
	t.Helper()
	is := is.New(t)
	for more := true; more; {
		f.view(t, tenant, func(ctx context.Context, tx ports.Tx) error {
			page, err := tx.Tickets.List(ctx, q)
			is.True(len(page) <= q.Limit)
			for _, ticket := range page {
				found = append(found, plainTicket(ticket.State()))
				q.After = ports.Position{At: ticket.State().LastMessageAt, ID: ticket.State().ID.String()}
			}
			more = len(page) == q.Limit
			return err
		})
		if between != nil {
			between()
		}
	}
	return found
}
