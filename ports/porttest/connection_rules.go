package porttest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// connectionRules are about ports.Connections.
var connectionRules = rules[RepositoryFixture]{
	"every field of a connection comes back": func(t *testing.T, f RepositoryFixture) {
		t1 := tenant(t, "t1")
		for name, change := range map[string]func(*domain.ConnectionState){
			"bare": func(*domain.ConnectionState) {},
			"full": func(s *domain.ConnectionState) {
				s.MarketplaceID, s.Status, s.Source = "A13V1IB3VIYZZH", domain.ConnectionConnected, domain.SourceIMAP
				s.DisplayName, s.Region, s.VaultPath = "Ma boutique", "EU", "secret/keybuzz/tenants/t1/amazon/x"
				s.LastSyncAt, s.LastError = minute(3), "the mailbox refused"
				s.CreatedAt, s.UpdatedAt = minute(1), minute(2)
			},
			"awkward": func(s *domain.ConnectionState) {
				s.Type, s.MarketplaceID, s.DisplayName, s.Region, s.LastError = awkward, awkward, awkward, awkward, awkward
				s.Status = domain.ConnectionError
			},
			"authorized":     func(s *domain.ConnectionState) { s.Status, s.Authorized = domain.ConnectionConnected, true },
			"withdrawn":      func(s *domain.ConnectionState) { s.Status, s.Withdrawn = domain.ConnectionError, true },
			"source refused": func(s *domain.ConnectionState) { s.Status, s.SourceRefused = domain.ConnectionError, true },
		} {
			t.Run(name, func(t *testing.T) {
				is := is.New(t)
				c := connection(t, t1, domain.Amazon, change)
				f.update(t, t1, func(ctx context.Context, tx ports.Tx) error { return tx.Connections.Insert(ctx, c) })
				is.Equal(f.connectionOf(t, c.State()), c.State()) // inserted
				f.update(t, t1, func(ctx context.Context, tx ports.Tx) error {
					got, err := tx.Connections.Lock(ctx, c.State().ID)
					is.NoErr(err)
					is.Equal(got.State(), c.State()) // locked
					got.Disable(minute(9))
					c = got
					return tx.Connections.Save(ctx, got)
				})
				is.Equal(f.connectionOf(t, c.State()), c.State()) // saved
			})
		}
	},
	"times come back in UTC and to the microsecond": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		given := time.Date(2026, time.March, 29, 1, 59, 59, 999_999_999, time.FixedZone("far", 14*60*60))
		c := f.connect(t, t1, domain.Amazon, func(s *domain.ConnectionState) { s.CreatedAt, s.LastSyncAt = given, given })
		got := f.connectionOf(t, c)
		for _, at := range []time.Time{got.CreatedAt, got.LastSyncAt} {
			is.Equal(at.Location(), time.UTC)
			is.Equal(at.Nanosecond()%1000, 0)
			is.True(at.Sub(given).Abs() <= time.Microsecond)
		}
	},
	"a connection that is not there is ErrNotFound": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		f.connect(t, t1, domain.Fnac)
		c := connection(t, t1, domain.Amazon)
		for _, use := range []func(context.Context, ports.Tx) error{
			func(ctx context.Context, tx ports.Tx) error {
				_, err := tx.Connections.Get(ctx, c.State().ID)
				return err
			},
			func(ctx context.Context, tx ports.Tx) error {
				_, err := tx.Connections.Lock(ctx, c.State().ID)
				return err
			},
			func(ctx context.Context, tx ports.Tx) error { return tx.Connections.Save(ctx, c) },
		} {
			is.True(errors.Is(f.Repository.Update(t.Context(), t1, use), domain.ErrNotFound))
		}
		is.True(f.isGone(t, c.State())) // Save is no Insert
	},
	"a second live connection to a marketplace is ErrConflict": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		insert := func(c *domain.Connection) error {
			return f.Repository.Update(t.Context(), c.State().Tenant, func(ctx context.Context, tx ports.Tx) error {
				return tx.Connections.Insert(ctx, c)
			})
		}
		france := func(s *domain.ConnectionState) { s.MarketplaceID = "A13V1IB3VIYZZH" }
		disabled := func(s *domain.ConnectionState) { s.Status = domain.ConnectionDisabled }
		is.NoErr(insert(connection(t, t1, domain.Amazon, disabled)))
		is.NoErr(insert(connection(t, t1, domain.Amazon)))              // a disabled one does not count
		is.NoErr(insert(connection(t, t1, domain.Amazon, disabled)))    // nor does it ask
		is.NoErr(insert(connection(t, t1, domain.Amazon, france)))      // another marketplace of the type
		is.NoErr(insert(connection(t, t1, domain.Fnac)))                // another type
		is.NoErr(insert(connection(t, tenant(t, "t2"), domain.Amazon))) // another tenant
		is.True(errors.Is(insert(connection(t, t1, domain.Amazon)), domain.ErrConflict))
		is.True(errors.Is(insert(connection(t, t1, domain.Amazon, france)), domain.ErrConflict))
		f.view(t, t1, func(ctx context.Context, tx ports.Tx) error {
			amazon, err := tx.Connections.OfType(ctx, domain.Amazon)
			is.NoErr(err)
			is.Equal(len(amazon), 4)
			return nil
		})
	},
	"of several Inserts at once one wins": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		rivals := make([]*domain.Connection, 8)
		for i := range rivals {
			rivals[i] = connection(t, t1, domain.Amazon)
		}
		won := 0
		for _, err := range together(len(rivals), func(i int) error {
			return f.Repository.Update(t.Context(), t1, func(ctx context.Context, tx ports.Tx) error {
				return tx.Connections.Insert(ctx, rivals[i])
			})
		}) {
			if err == nil {
				won++
			} else {
				is.True(errors.Is(err, domain.ErrConflict))
			}
		}
		is.Equal(won, 1)
	},
	"the same connection inserted twice is ErrConflict": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		c := connection(t, t1, domain.Amazon, func(s *domain.ConnectionState) { s.Status = domain.ConnectionDisabled })
		insert := func(ctx context.Context, tx ports.Tx) error { return tx.Connections.Insert(ctx, c) }
		f.update(t, t1, insert)
		is.True(errors.Is(f.Repository.Update(t.Context(), t1, insert), domain.ErrConflict))
	},
	"a connection saved into another's place is ErrConflict": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		old := f.connect(t, t1, domain.Amazon, func(s *domain.ConnectionState) { s.Status = domain.ConnectionDisabled })
		f.connect(t, t1, domain.Amazon)
		err := f.Repository.Update(t.Context(), t1, func(ctx context.Context, tx ports.Tx) error {
			c, err := tx.Connections.Lock(ctx, old.ID)
			is.NoErr(err)
			c.Reopen(minute(1))
			return tx.Connections.Save(ctx, c)
		})
		is.True(errors.Is(err, domain.ErrConflict))
		is.Equal(f.connectionOf(t, old), old)
	},
	"OfType gives the live one first, then by falling creation time": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		made := func(at int, status domain.ConnectionStatus) domain.ConnectionState {
			return f.connect(t, t1, domain.Amazon, func(s *domain.ConnectionState) { s.CreatedAt, s.Status = minute(at), status })
		}
		oldest := made(1, domain.ConnectionDisabled)
		live := made(2, domain.ConnectionPending)
		newest := made(4, domain.ConnectionDisabled)
		middle := made(3, domain.ConnectionDisabled)
		f.connect(t, t1, domain.Fnac)
		f.view(t, t1, func(ctx context.Context, tx ports.Tx) error {
			got, err := tx.Connections.OfType(ctx, domain.Amazon)
			is.NoErr(err)
			is.Equal(len(got), 4)
			for i, want := range []domain.ConnectionState{live, newest, middle, oldest} {
				is.Equal(got[i].State(), want)
			}
			none, err := tx.Connections.OfType(ctx, domain.Cdiscount)
			is.NoErr(err)
			is.Equal(len(none), 0)
			return nil
		})
	},
	"a locked connection makes other transactions wait": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		c := f.connect(t, t1, domain.Amazon, func(s *domain.ConnectionState) { s.LastSyncAt = minute(0) })
		const each = 10
		for _, err := range together(8, func(int) error {
			for range each {
				err := f.Repository.Update(t.Context(), t1, func(ctx context.Context, tx ports.Tx) error {
					got, err := tx.Connections.Lock(ctx, c.ID)
					if err != nil {
						return err
					}
					got.RecordSync(got.State().LastSyncAt.Add(time.Minute))
					return tx.Connections.Save(ctx, got)
				})
				if err != nil {
					return err
				}
			}
			return nil
		}) {
			is.NoErr(err)
		}
		is.Equal(f.connectionOf(t, c).LastSyncAt, minute(8*each)) // no step was lost
	},
}
