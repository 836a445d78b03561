package porttest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// orderRules are about what ports.Orders keeps.
var orderRules = rules[RepositoryFixture]{
	"an order that was saved is stored as it became": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		want := f.kept(t, c, "order", func(o *domain.OrderContext) { o.Region = "EU" })
		is.Equal(want, domain.OrderContext{
			Connection: c.ID, OrderID: "order", Region: "EU", Outcome: domain.OrderWanted, DueAt: start,
		})
		other := f.kept(t, c, "other")
		for _, change := range []func(*domain.OrderContext){
			func(o *domain.OrderContext) { o.Fetched(fullOrder("order"), minute(1)) },
			func(o *domain.OrderContext) {
				o.Missed(domain.Errorf(domain.ErrUnavailable, "%s", awkward), time.Minute, minute(2))
			},
			func(o *domain.OrderContext) { o.Missed(domain.Errorf(domain.ErrNotFound, "gone"), 0, minute(3)) },
			func(o *domain.OrderContext) { o.Fetched(domain.Order{ID: "order"}, minute(4)) },
			func(o *domain.OrderContext) { o.Region = awkward },
		} {
			f.update(t, c.Tenant, func(ctx context.Context, tx ports.Tx) (err error) {
				if want, err = tx.Orders.Lock(ctx, c.ID, "order"); err != nil {
					return err
				}
				change(&want)
				return tx.Orders.Save(ctx, want)
			})
			is.Equal(f.order(t, c, "order"), want)
		}
		is.Equal(f.order(t, c, "other"), other)
	},
	"a NUL in a text does not keep an order from being stored": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		order := fullOrder("order")
		order.Items[0].Title, order.ServiceLevel = "a\x00b", `a\u0000b`
		f.kept(t, c, "order", func(o *domain.OrderContext) { o.Fetched(order, minute(1)) })
		got := f.order(t, c, "order").Order
		is.Equal(len(got.Items), 2)
		is.Equal(got.Items[1].ID, awkward)
		is.Equal(got.ServiceLevel, order.ServiceLevel) // the letters of its escape are a text like any other
	},
	"what is due comes the longest due first, those of one time by id": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c, other := f.connect(t, tenant(t, "t1"), domain.Amazon), f.connect(t, tenant(t, "t1"), domain.Fnac)
		ids, next := f.due(t, c, later, everything)
		is.Equal(len(ids), 0)
		is.True(next.IsZero())
		at := func(when time.Time) func(*domain.OrderContext) {
			return func(o *domain.OrderContext) { o.DueAt = when }
		}
		for id, when := range map[string]time.Time{"d": minute(1), "b": minute(3), "a": minute(3), "c": minute(5), "never": {}} {
			f.kept(t, c, id, at(when))
		}
		f.kept(t, other, "e", at(start))
		for limit, want := range [][]string{1: {"d"}, 2: {"d", "a"}, 3: {"d", "a", "b"}, 4: {"d", "a", "b"}} {
			if limit > 0 {
				ids, next = f.due(t, c, minute(4), limit)
				is.Equal(ids, want)
				is.Equal(next, minute(1))
			}
		}
		ids, _ = f.due(t, c, minute(5), everything) // at the moment itself
		is.Equal(len(ids), 4)
		ids, _ = f.due(t, c, start, everything)
		is.Equal(len(ids), 0)
	},
	"an order that has come to rest is never due": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		f.kept(t, c, "order", func(o *domain.OrderContext) { o.Fetched(domain.Order{Status: domain.OrderCancelled}, minute(1)) })
		ids, next := f.due(t, c, later, everything)
		is.Equal(len(ids), 0)
		is.True(next.IsZero())
	},
	"a locked order makes other transactions wait": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		f.kept(t, c, "order")
		for _, err := range together(8, func(int) error {
			return f.Repository.Update(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
				o, err := tx.Orders.Lock(ctx, c.ID, "order")
				if err != nil {
					return err
				}
				o.Failures++
				return tx.Orders.Save(ctx, o)
			})
		}) {
			is.NoErr(err)
		}
		is.Equal(f.order(t, c, "order").Failures, 8) // none was lost
	},
	"an order that is not kept is ErrNotFound": func(t *testing.T, f RepositoryFixture) {
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		stranger := connection(t, c.Tenant, domain.Fnac).State()
		f.kept(t, c, "order")
		for name, use := range map[string]ports.TxFunc{
			"got":    func(ctx context.Context, tx ports.Tx) error { _, err := tx.Orders.Get(ctx, c.ID, "none"); return err },
			"locked": func(ctx context.Context, tx ports.Tx) error { _, err := tx.Orders.Lock(ctx, c.ID, "none"); return err },
			"of a stranger": func(ctx context.Context, tx ports.Tx) error {
				_, err := tx.Orders.Get(ctx, stranger.ID, "order")
				return err
			},
			"saved": func(ctx context.Context, tx ports.Tx) error {
				return tx.Orders.Save(ctx, domain.OrderContext{Connection: c.ID, OrderID: "none", Outcome: domain.OrderWanted})
			},
		} {
			err := f.Repository.Update(t.Context(), c.Tenant, use)
			if !errors.Is(err, domain.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
	},
	"a list without a limit is ErrInvalid": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		for _, use := range []ports.TxFunc{
			func(ctx context.Context, tx ports.Tx) error { _, err := tx.Orders.Due(ctx, c.ID, start, 0); return err },
			func(ctx context.Context, tx ports.Tx) error {
				_, err := tx.Orders.EnqueueRecent(ctx, c.ID, start, 0, start)
				return err
			},
		} {
			is.True(errors.Is(f.Repository.Update(t.Context(), c.Tenant, use), domain.ErrInvalid))
		}
	},
	"a View wants, locks and saves no order": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		o := f.kept(t, c, "order")
		for _, change := range []ports.TxFunc{
			func(ctx context.Context, tx ports.Tx) error {
				_, err := tx.Orders.Enqueue(ctx, c.ID, []domain.OrderRequest{{OrderID: "another"}}, 0, start)
				return err
			},
			func(ctx context.Context, tx ports.Tx) error { _, err := tx.Orders.Lock(ctx, c.ID, "order"); return err },
			func(ctx context.Context, tx ports.Tx) error { return tx.Orders.Save(ctx, o) },
		} {
			is.True(f.Repository.View(t.Context(), c.Tenant, change) != nil)
		}
	},
	"orders of another tenant are not shown, not changed and not wanted": func(t *testing.T, f RepositoryFixture) {
		is, t2 := is.New(t), tenant(t, "t2")
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		f.connect(t, t2, domain.Amazon)
		f.ingest(t, c, inbound("m1", "thread", "recent", start))
		o := f.kept(t, c, "order", func(o *domain.OrderContext) { o.Fetched(fullOrder("order"), start) })
		for name, use := range map[string]ports.TxFunc{
			"got":    func(ctx context.Context, tx ports.Tx) error { _, err := tx.Orders.Get(ctx, c.ID, "order"); return err },
			"locked": func(ctx context.Context, tx ports.Tx) error { _, err := tx.Orders.Lock(ctx, c.ID, "order"); return err },
			"saved": func(ctx context.Context, tx ports.Tx) error {
				return tx.Orders.Save(ctx, domain.OrderContext{Connection: c.ID, OrderID: "order", Outcome: domain.OrderMissing})
			},
			"wanted": func(ctx context.Context, tx ports.Tx) error {
				_, err := tx.Orders.Enqueue(ctx, c.ID, []domain.OrderRequest{{OrderID: "order", Region: "NA"}, {OrderID: "new"}}, 0, later)
				return err
			},
			"recent": func(ctx context.Context, tx ports.Tx) error {
				_, err := tx.Orders.EnqueueRecent(ctx, c.ID, start.Add(-time.Hour), everything, later)
				return err
			},
		} {
			err := f.Repository.Update(t.Context(), t2, use)
			if !errors.Is(err, domain.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		f.view(t, t2, func(ctx context.Context, tx ports.Tx) error {
			due, err := tx.Orders.Due(ctx, c.ID, later.AddDate(1, 0, 0), everything)
			is.NoErr(err)
			is.Equal(len(due), 0)
			next, err := tx.Orders.NextDue(ctx, c.ID)
			is.True(next.IsZero())
			return err
		})
		is.Equal(f.order(t, c, "order"), o)
		ids, _ := f.due(t, c, later.AddDate(1, 0, 0), everything)
		is.Equal(ids, []string{"order"})
	},
}

// wantedOrderRules are about which orders ports.Orders has asked for.
var wantedOrderRules = rules[RepositoryFixture]{
	"orders that are not kept yet are due at once": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		is.Equal(f.want(t, c, time.Hour, minute(1)), 0)
		is.Equal(f.want(t, c, time.Hour, minute(1), domain.OrderRequest{OrderID: "b", Region: "EU"}, domain.OrderRequest{OrderID: awkward}), 2)
		is.Equal(f.want(t, c, time.Hour, minute(2), domain.OrderRequest{OrderID: "b"}, domain.OrderRequest{OrderID: "a"}), 2) // one of them before
		is.Equal(f.order(t, c, "b"), domain.OrderContext{Connection: c.ID, OrderID: "b", Region: "EU", Outcome: domain.OrderWanted, DueAt: minute(1)})
		ids, next := f.due(t, c, minute(2), everything)
		is.Equal(len(ids), 3)
		is.Equal(ids[2], "a")
		is.Equal(next, minute(1))
	},
	"an order that is kept is due at once when it is older than it may be": func(t *testing.T, f RepositoryFixture) {
		c, now := f.connect(t, tenant(t, "t1"), domain.Amazon), minute(600)
		for name, each := range map[string]struct {
			fetched, due time.Time
			becomes      bool // due
		}{
			"fresh, due later":                {minute(541), minute(700), false},
			"fresh, at rest":                  {minute(541), time.Time{}, false},
			"as old as it may be":             {minute(540), minute(700), false},
			"older, due later":                {minute(540).Add(-time.Microsecond), minute(700), true},
			"older, at rest":                  {minute(540).Add(-time.Microsecond), time.Time{}, true},
			"older, due by then":              {minute(1), minute(599), false},
			"older, due at that moment":       {minute(1), now, false},
			"never answered, at rest":         {time.Time{}, time.Time{}, true},
			"never answered, to try again":    {time.Time{}, minute(601), true},
			"never answered, due by then":     {time.Time{}, minute(2), false},
			"fresh, due by then all the same": {minute(599), minute(598), false},
		} {
			t.Run(name, func(t *testing.T) {
				is := is.New(t)
				want := f.kept(t, c, name, func(o *domain.OrderContext) {
					o.Fetched(fullOrder(name), start)
					o.Region, o.FetchedAt, o.DueAt, o.Failures = "EU", each.fetched, each.due, 3
				})
				due := 0
				if each.becomes {
					want.DueAt = now
				}
				if !want.DueAt.IsZero() && !want.DueAt.After(now) {
					due = 1
				}
				for range 2 { // again changes nothing
					is.Equal(f.want(t, c, time.Hour, now, domain.OrderRequest{OrderID: name, Region: "NA"}), due)
					is.Equal(f.order(t, c, name), want) // all else as it was, the region too
				}
			})
		}
	},
	"a region is completed, whatever else, and never replaced": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		is.Equal(f.want(t, c, 0, minute(1), domain.OrderRequest{OrderID: "a"}), 1)
		fetched := f.kept(t, c, "b", func(o *domain.OrderContext) { o.Fetched(fullOrder("b"), minute(1)) })
		for _, region := range []string{"EU", "NA", ""} {
			is.Equal(f.want(t, c, time.Hour, minute(1), domain.OrderRequest{OrderID: "a", Region: region}, domain.OrderRequest{OrderID: "b", Region: region}), 1)
			is.Equal(f.order(t, c, "a").Region, "EU")
			fetched.Region = "EU"
			is.Equal(f.order(t, c, "b"), fetched)
		}
	},
	"an order that is named twice is wanted once": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		twice := []domain.OrderRequest{{OrderID: "a"}, {OrderID: "a", Region: "EU"}, {OrderID: "a", Region: "NA"}}
		is.Equal(f.want(t, c, 0, minute(1), twice...), 1)
		is.Equal(f.order(t, c, "a").Region, "EU")
	},
	"an order without an id is ErrInvalid, and an order of no connection ErrNotFound": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		try := func(id domain.ConnectionID, wanted ...domain.OrderRequest) error {
			return f.Repository.Update(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
				_, err := tx.Orders.Enqueue(ctx, id, wanted, 0, start)
				return err
			})
		}
		is.True(errors.Is(try(c.ID, domain.OrderRequest{OrderID: "a"}, domain.OrderRequest{}), domain.ErrInvalid))
		stranger := connection(t, c.Tenant, domain.Fnac).State().ID
		is.True(errors.Is(try(stranger, domain.OrderRequest{OrderID: "a"}), domain.ErrNotFound))
		is.True(errors.Is(try(stranger), domain.ErrNotFound))
		ids, _ := f.due(t, c, later, everything)
		is.Equal(len(ids), 0)
	},
	"many who want the same orders at once all learn what is due, and do not deadlock": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		wanted := []domain.OrderRequest{{OrderID: "a"}, {OrderID: "b"}, {OrderID: "c"}, {OrderID: "d"}}
		due := make([]int, 8)
		for i, err := range together(len(due), func(i int) error {
			return f.Repository.Update(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) (err error) {
				some := slices.Clone(wanted[i%2 : 3+i%2])
				if i%3 == 0 {
					slices.Reverse(some)
				}
				due[i], err = tx.Orders.Enqueue(ctx, c.ID, some, time.Hour, minute(1))
				return err
			})
		}) {
			is.NoErr(err)
			is.Equal(due[i], 3)
		}
		ids, _ := f.due(t, c, minute(1), everything)
		is.Equal(ids, []string{"a", "b", "c", "d"})
	},
	"the orders of recent tickets are wanted, the newest tickets first, with their regions": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c, other := f.connect(t, tenant(t, "t1"), domain.Amazon), f.connect(t, tenant(t, "t1"), domain.Fnac)
		active := func(order string, at time.Time, mail string) func(*domain.TicketState) {
			return func(s *domain.TicketState) { s.OrderID, s.LastMessageAt, s.CustomerEmail = order, at, mail }
		}
		f.store(t, c, domain.PageWrite{Opened: []*domain.Ticket{
			newTicket(t, c, "k1", active("new", minute(9), "")),
			newTicket(t, c, "k2", active("", minute(8), "")), // takes no place
			newTicket(t, c, "k3", active("kept", minute(7), "a@marketplace.amazon.fr")),
			newTicket(t, c, "k4", active("twice", minute(6), "b@MARKETPLACE.amazon.com")),
			newTicket(t, c, "k5", active("twice", minute(5), "")),
			newTicket(t, c, "k6", active("next", minute(4), "c@marketplace.amazon.co.jp")),
			newTicket(t, c, "k7", active("too old", minute(3), "")),
		}})
		f.store(t, other, domain.PageWrite{Opened: []*domain.Ticket{newTicket(t, other, "k1", active("another's", minute(9), ""))}})
		kept := f.kept(t, c, "kept", func(o *domain.OrderContext) { o.Outcome, o.DueAt = domain.OrderMissing, time.Time{} })
		recent := func(limit int) (due int) {
			f.update(t, c.Tenant, func(ctx context.Context, tx ports.Tx) (err error) {
				due, err = tx.Orders.EnqueueRecent(ctx, c.ID, minute(3), limit, minute(10))
				return err
			})
			return due
		}
		is.Equal(recent(4), 2) // k1, k3, k4 and k5
		ids, _ := f.due(t, c, minute(10), everything)
		is.Equal(ids, []string{"new", "twice"})
		is.Equal(f.order(t, c, "twice"), domain.OrderContext{Connection: c.ID, OrderID: "twice", Region: "NA", Outcome: domain.OrderWanted, DueAt: minute(10)})
		is.Equal(f.order(t, c, "kept"), kept) // old as it is
		is.Equal(recent(4), 0)
		is.Equal(recent(everything), 1)
		is.Equal(f.order(t, c, "next").Region, "FE")
		is.Equal(recent(everything), 0)
		denied := f.kept(t, c, "new", func(o *domain.OrderContext) { o.Missed(domain.Errorf(domain.ErrForbidden, "no role"), 0, minute(9)) })
		is.Equal(recent(everything), 1)
		denied.DueAt = minute(10)
		is.Equal(f.order(t, c, "new"), denied) // fresh as it is
		stranger := connection(t, c.Tenant, domain.Cdiscount).State().ID
		is.True(errors.Is(f.Repository.Update(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Orders.EnqueueRecent(ctx, stranger, start, 1, later)
			return err
		}), domain.ErrNotFound))
	},
}
