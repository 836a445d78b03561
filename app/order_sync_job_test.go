package app_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
)

// about is a message about an order, from a buyer in a region's country.
func about(n int, order, relay string) domain.InboundMessage {
	m := message(n)
	m.OrderID, m.BuyerEmail = order, relay
	return m
}

// withOrders is a stage whose seller has a mailbox and has authorized us, and its connection.
func withOrders(t *testing.T, who string, countries ...string) (*stage, domain.ConnectionState) {
	t.Helper()
	s := newStage(t, memory.NewStore())
	c := s.connect(t, tenant(t, who))
	for _, country := range countries {
		c = s.authorize(t, c.Tenant, country, "code-"+country)
	}
	s.turn(t, c) // looks at the accounts
	return s, c
}

// poll brings messages in.
func (s *stage) poll(t *testing.T, c domain.ConnectionState, messages ...domain.InboundMessage) {
	t.Helper()
	s.source.add(messages...)
	if _, err := s.Sync.Run(t.Context(), app.SyncCommand{Tenant: c.Tenant, Marketplace: c.Type}); err != nil {
		t.Fatal(err)
	}
}

func (s *stage) order(t *testing.T, who domain.TenantID, n int) app.OrderView {
	t.Helper()
	for _, k := range s.tickets(t, who) {
		if k.ExternalID == message(n).ThreadID {
			view, err := s.GetOrder.Run(t.Context(), app.TicketQuery{Tenant: who, Ticket: k.ID})
			if err != nil {
				t.Fatal(err)
			}
			return view
		}
	}
	t.Fatal("there is no such ticket")
	return app.OrderView{}
}

func TestOrdersAreFetchedAfterTheirMessages(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, c := withOrders(t, "t1", "FR")
	s.api.orders["EU o1"] = domain.Order{ID: "o1", Status: domain.OrderUnshipped, PlacedAt: noon}
	is.Equal(s.contextJobs(t)[0].DueAt.Sub(noon), 7*24*time.Hour) // nothing to do but to look again in a week
	s.poll(t, c, about(1, "o1", "b@marketplace.amazon.fr"), about(2, "o2", "b@marketplace.amazon.fr"), message(3))
	is.Equal(len(s.api.asked), 0) // never while messages are stored
	is.True(!s.contextJobs(t)[0].DueAt.After(time.Now()))
	is.Equal([]any{s.order(t, c.Tenant, 1).Outcome, s.order(t, c.Tenant, 1).Authorized}, []any{domain.OrderWanted, true})

	is.Equal(s.turn(t, c), app.ContextResult{Fetched: 1, Missed: 1, Again: noon.Add(2 * time.Hour)})
	view := s.order(t, c.Tenant, 1)
	is.Equal([]any{view.Outcome, view.Order.Status, view.FetchedAt, view.Stale}, []any{domain.OrderFetched, domain.OrderUnshipped, noon, false})
	missing := s.order(t, c.Tenant, 2)
	is.Equal([]any{missing.Outcome, missing.Reason, missing.Order == nil}, []any{domain.OrderMissing, "no such order", true})
	is.Equal(s.order(t, c.Tenant, 3), app.OrderView{Outcome: domain.OrderWanted}) // it names none

	s.clock.Advance(3 * time.Hour)
	is.True(s.order(t, c.Tenant, 1).Stale)
	s.api.orders["EU o1"] = domain.Order{ID: "o1", Status: domain.OrderCancelled, PlacedAt: noon}
	is.Equal(s.turn(t, c).Fetched, 1) // it was due again
	is.Equal(s.order(t, c.Tenant, 1).Order.Status, domain.OrderCancelled)
}

func TestOrdersAreAskedForInTheirRegionFirst(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, c := withOrders(t, "t1", "FR", "US")
	s.api.orders["NA o1"], s.api.orders["NA o2"] = domain.Order{ID: "o1"}, domain.Order{ID: "o2"}
	s.poll(t, c, about(1, "o1", "b@marketplace.amazon.com"), about(2, "o2", "b@marketplace.amazon.fr"))
	is.Equal(s.turn(t, c).Fetched, 2)
	slices.Sort(s.api.asked)
	is.Equal(s.api.asked, []string{"EU o2", "NA o1", "NA o2"}) // o2 was not where its buyer's address said
}

func TestNobodyIsAskedWithoutAnAuthorization(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := newStage(t, memory.NewStore())
	c := s.connect(t, tenant(t, "t1"))
	s.poll(t, c, about(1, "o1", ""))
	is.Equal(len(s.contextJobs(t)), 0)
	is.Equal(s.order(t, c.Tenant, 1), app.OrderView{OrderID: "o1", Outcome: domain.OrderWanted, Reason: "the seller has not authorized us to ask for orders"})
	_, err := s.RefreshOrder.Run(t.Context(), app.TicketQuery{Tenant: c.Tenant, Ticket: s.tickets(t, c.Tenant)[0].ID})
	is.True(errors.Is(err, domain.ErrConflict))

	s.api.orders["EU o1"] = domain.Order{ID: "o1"}
	s.authorize(t, c.Tenant, "FR", "code")
	s.turn(t, c)
	is.Equal(s.order(t, c.Tenant, 1).Outcome, domain.OrderFetched) // the orders of recent tickets come with the consent
}

func TestWithdrawnAuthorizationIsSeenAndGivenAgain(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, c := withOrders(t, "t1", "FR")
	s.api.order = func(domain.AuthorizationState, string) error {
		return domain.Errorf(domain.ErrRejected, "authorize us again")
	}
	s.poll(t, c, about(1, "o1", ""))
	is.Equal(s.turn(t, c).Again, time.Time{}) // there is nobody left to ask
	now := s.standing(t, c.Tenant)
	is.Equal([]any{now.Connection.Status, now.Next.Step, now.Authorizations[0].Status, now.Authorizations[0].LastError},
		[]any{domain.ConnectionError, domain.StepReauthorize, domain.AuthorizationWithdrawn, "authorize us again"})
	is.Equal(s.order(t, c.Tenant, 1).Outcome, domain.OrderDenied) // the ticket says why

	s.api.order = nil
	s.api.orders["EU o1"], s.api.orders["EU o2"] = domain.Order{ID: "o1"}, domain.Order{ID: "o2"}
	s.poll(t, c, about(2, "o2", "")) // buyers' messages come all the same
	is.Equal(len(s.tickets(t, c.Tenant)), 2)
	is.Equal(s.standing(t, c.Tenant).Connection.Status, domain.ConnectionError) // a good poll does not hide it

	again := s.authorize(t, c.Tenant, "FR", "code-again")
	is.Equal([]any{again.ID, again.Status}, []any{c.ID, domain.ConnectionConnected})
	s.turn(t, c)
	is.Equal([]any{s.order(t, c.Tenant, 1).Outcome, s.order(t, c.Tenant, 2).Outcome}, []any{domain.OrderFetched, domain.OrderFetched})
	is.True(slices.Contains(s.audited(t, c.Tenant), domain.AuditWithdrawn))
}

func TestTroubleOfTheMarketplacePutsOrdersOff(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		trouble error
		most    time.Duration // until the next turn
		outcome domain.OrderOutcome
		asked   int // orders that were tried
	}{
		"away":          {domain.Errorf(domain.ErrUnavailable, "Amazon is away"), time.Minute, domain.OrderWanted, 1}, // one tells enough
		"asks for time": {&domain.Error{Kind: domain.ErrUnavailable, Msg: "later", RetryAfter: 10 * time.Minute}, 12 * time.Minute, domain.OrderWanted, 1},
		"bucket empty":  {&domain.Error{Kind: domain.ErrThrottled, Msg: "not now", RetryAfter: 5 * time.Second}, 6 * time.Second, domain.OrderWanted, 1},
		"no such id":    {domain.Errorf(domain.ErrInvalid, "not an id"), 8 * 24 * time.Hour, domain.OrderMissing, 2},
		"role missing":  {domain.Errorf(domain.ErrForbidden, "a role is missing"), 25 * time.Hour, domain.OrderDenied, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			s, k := withOrders(t, "t1", "FR")
			tried := 0
			s.api.order = func(domain.AuthorizationState, string) error { tried++; return c.trouble }
			s.poll(t, k, about(1, "o1", ""), about(2, "o2", ""))
			again := s.turn(t, k).Again
			is.Equal(tried, c.asked)
			is.True(again.After(noon) && again.Sub(noon) <= c.most)
			is.Equal(s.standing(t, k.Tenant).Connection.Status, domain.ConnectionConnected) // no seller's trouble
			is.Equal(s.order(t, k.Tenant, 1).Outcome, c.outcome)

			s.api.order = nil
			s.api.orders["EU o1"], s.api.orders["EU o2"] = domain.Order{ID: "o1"}, domain.Order{ID: "o2"}
			s.clock.Advance(again.Sub(noon))
			if c.outcome != domain.OrderMissing { // which rests until somebody asks
				is.Equal(s.turn(t, k).Fetched, 2) // recovered without a restart
			}
		})
	}
}

func TestOrdersComeInTurns(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, c := withOrders(t, "t1", "FR")
	s.api.order = func(domain.AuthorizationState, string) error { s.clock.Advance(2 * time.Second); return nil }
	for n := range 5 {
		id := "o" + message(n).ExternalID
		s.api.orders["EU "+id] = domain.Order{ID: id, Status: domain.OrderCancelled}
		s.poll(t, c, about(n, id, ""))
	}
	out, err := s.ContextTurn.Run(t.Context(), app.ContextCommand{Tenant: c.Tenant, Connection: c.ID, Slice: 5 * time.Second})
	is.NoErr(err)
	is.Equal(out.Fetched, 3) // the one in hand is finished
	is.True(!out.Again.After(s.clock.Now()))
	is.Equal(s.turn(t, c).Fetched, 2)
}

func TestAPersonHasAnOrderAskedForAgain(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, c := withOrders(t, "t1", "FR")
	s.api.orders["EU o1"] = domain.Order{ID: "o1", Status: domain.OrderCancelled} // it came to rest
	s.poll(t, c, about(1, "o1", ""))
	s.turn(t, c)
	q := app.TicketQuery{Tenant: c.Tenant, Ticket: s.tickets(t, c.Tenant)[0].ID}
	for range 3 { // who clicks thrice within a minute asks nobody
		_, err := s.RefreshOrder.Run(t.Context(), q)
		is.NoErr(err)
	}
	is.Equal(s.turn(t, c).Fetched, 0)
	s.clock.Advance(2 * time.Minute)
	view, err := s.RefreshOrder.Run(t.Context(), q)
	is.NoErr(err)
	is.Equal(view.Outcome, domain.OrderFetched) // what is known is shown meanwhile
	is.Equal(s.turn(t, c).Fetched, 1)
	q.Tenant = tenant(t, "t2")
	_, err = s.RefreshOrder.Run(t.Context(), q)
	is.True(errors.Is(err, domain.ErrNotFound))
	_, err = s.GetOrder.Run(t.Context(), q)
	is.True(errors.Is(err, domain.ErrNotFound))
}

func TestAPanicInATurnIsAnError(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, c := withOrders(t, "t1", "FR")
	s.api.order = func(domain.AuthorizationState, string) error { panic("buyer's text") }
	s.poll(t, c, about(1, "o1", ""))
	_, err := s.ContextTurn.Run(t.Context(), app.ContextCommand{Tenant: c.Tenant, Connection: c.ID})
	is.True(err != nil)
	is.Equal(len(s.contextJobs(t)), 1) // it is tried again
}

func TestACronJobAsksForOrdersToo(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, c := withOrders(t, "t1", "FR")
	s.api.orders["EU o1"] = domain.Order{ID: "o1"}
	s.source.add(about(1, "o1", ""))
	sum, err := s.PollAll.Run(t.Context(), app.PollAllCommand{Concurrency: 1})
	is.NoErr(err)
	is.Equal([]int{sum.Created, sum.Failed}, []int{1, 0})
	is.Equal(s.order(t, c.Tenant, 1).Outcome, domain.OrderFetched)
}
