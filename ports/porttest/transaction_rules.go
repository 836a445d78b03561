package porttest

import (
	"context"
	"errors"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// transactionRules are about Update and View themselves.
var transactionRules = rules[RepositoryFixture]{
	"what an Update does commits together": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		a, b := connection(t, t1, domain.Amazon), connection(t, t1, domain.Fnac)
		f.update(t, t1, func(ctx context.Context, tx ports.Tx) error {
			return errors.Join(tx.Connections.Insert(ctx, a), tx.Connections.Insert(ctx, b))
		})
		is.Equal(f.connectionOf(t, a.State()), a.State())
		is.Equal(f.connectionOf(t, b.State()), b.State())
	},
	"an error of fn undoes everything and comes back as it is": func(t *testing.T, f RepositoryFixture) {
		is, t1, mine := is.New(t), tenant(t, "t1"), errors.New("mine")
		c := connection(t, t1, domain.Amazon)
		err := f.Repository.Update(t.Context(), t1, func(ctx context.Context, tx ports.Tx) error {
			is.NoErr(tx.Connections.Insert(ctx, c))
			return mine
		})
		is.True(err == mine) // itself, not a wrapping
		is.True(f.isGone(t, c.State()))
		is.True(f.Repository.View(t.Context(), t1, func(context.Context, ports.Tx) error { return mine }) == mine)
	},
	"a panic in fn undoes everything": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		c := connection(t, t1, domain.Amazon)
		err := together(1, func(int) error {
			return f.Repository.Update(t.Context(), t1, func(ctx context.Context, tx ports.Tx) error {
				if err := tx.Connections.Insert(ctx, c); err != nil {
					return err
				}
				panic("fn is broken")
			})
		})[0]
		is.True(err != nil)
		is.True(f.isGone(t, c.State()))
		f.connect(t, t1, domain.Amazon) // nothing stays locked behind it
	},
	"a transaction sees its own changes": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		c := connection(t, t1, domain.Amazon)
		f.update(t, t1, func(ctx context.Context, tx ports.Tx) error {
			is.NoErr(tx.Connections.Insert(ctx, c))
			got, err := tx.Connections.Get(ctx, c.State().ID)
			is.NoErr(err)
			is.Equal(got.State(), c.State())
			return nil
		})
	},
	"nobody sees an Update before it commits": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		c := connection(t, t1, domain.Amazon)
		look, gone := make(chan struct{}), make(chan bool)
		go func() {
			<-look
			gone <- f.isGone(t, c.State())
		}()
		f.update(t, t1, func(ctx context.Context, tx ports.Tx) error {
			err := tx.Connections.Insert(ctx, c)
			close(look)
			is.True(<-gone)
			return err
		})
		is.True(!f.isGone(t, c.State()))
	},
	"a View sees one moment": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		c := f.connect(t, t1, domain.Amazon)
		change, changed := make(chan struct{}), make(chan error)
		go func() {
			<-change
			changed <- f.Repository.Update(t.Context(), t1, func(ctx context.Context, tx ports.Tx) error {
				got, err := tx.Connections.Lock(ctx, c.ID)
				if err != nil {
					return err
				}
				got.Disable(minute(1))
				return errors.Join(tx.Connections.Save(ctx, got), tx.Connections.Insert(ctx, connection(t, t1, domain.Fnac)))
			})
		}()
		f.view(t, t1, func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.SyncStates.Get(ctx, c.ID)
			is.NoErr(err)
			close(change)
			is.NoErr(<-changed) // another transaction has committed by now
			got, err := tx.Connections.Get(ctx, c.ID)
			is.NoErr(err)
			is.Equal(got.State(), c)
			others, err := tx.Connections.OfType(ctx, domain.Fnac)
			is.NoErr(err)
			is.Equal(len(others), 0)
			return nil
		})
		is.Equal(f.connectionOf(t, c).Status, domain.ConnectionDisabled)
	},
	"a View refuses every change and every lock": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		c := f.connect(t, t1, domain.Amazon)
		changed := connection(t, t1, domain.Amazon, func(s *domain.ConnectionState) { *s = c; s.LastError = "changed" })
		state := domain.NewSyncState(c)
		is.NoErr(state.Advance("", "changed", start))
		for _, change := range []func(context.Context, ports.Tx) error{
			func(ctx context.Context, tx ports.Tx) error {
				return tx.Connections.Insert(ctx, connection(t, t1, domain.Fnac))
			},
			func(ctx context.Context, tx ports.Tx) error { return tx.Connections.Save(ctx, changed) },
			func(ctx context.Context, tx ports.Tx) error { _, err := tx.Connections.Lock(ctx, c.ID); return err },
			func(ctx context.Context, tx ports.Tx) error {
				return tx.Pages.Store(ctx, domain.PageWrite{Sync: state})
			},
			func(ctx context.Context, tx ports.Tx) error { _, err := tx.SyncStates.Lock(ctx, c.ID); return err },
			func(ctx context.Context, tx ports.Tx) error {
				return tx.Pages.Store(ctx, domain.Thread(c, []domain.InboundMessage{inbound("m", "", "", start)}, domain.Candidates{}, start))
			},
		} {
			is.True(f.Repository.View(t.Context(), t1, change) != nil)
		}
		is.Equal(f.connectionOf(t, c), c)
		is.Equal(f.syncStateOf(t, c), domain.NewSyncState(c).State())
		is.Equal(f.holding(t, t1).count(), [3]int{})
	},
	"the zero tenant is refused": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		ran := false
		fn := func(context.Context, ports.Tx) error { ran = true; return nil }
		is.True(f.Repository.Update(t.Context(), domain.TenantID{}, fn) != nil)
		is.True(f.Repository.View(t.Context(), domain.TenantID{}, fn) != nil)
		is.True(!ran)
	},
	"a cancelled context passes as it is": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		c := connection(t, t1, domain.Amazon)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := f.Repository.Update(ctx, t1, func(ctx context.Context, tx ports.Tx) error { return tx.Connections.Insert(ctx, c) })
		is.True(errors.Is(err, context.Canceled) && !errors.Is(err, domain.ErrUnavailable))
		err = f.Repository.View(ctx, t1, func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Connections.OfType(ctx, domain.Amazon)
			return err
		})
		is.True(errors.Is(err, context.Canceled) && !errors.Is(err, domain.ErrUnavailable))
		is.True(f.isGone(t, c.State()))
	},
	"a context cancelled in fn undoes everything": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		c := connection(t, t1, domain.Amazon)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		err := f.Repository.Update(ctx, t1, func(ctx context.Context, tx ports.Tx) error {
			is.NoErr(tx.Connections.Insert(ctx, c))
			cancel()
			return nil
		})
		is.True(errors.Is(err, context.Canceled))
		is.True(f.isGone(t, c.State()))
	},
	"tenants do not wait for each other": func(t *testing.T, f RepositoryFixture) {
		is, t1, t2 := is.New(t), tenant(t, "t1"), tenant(t, "t2")
		c := f.connect(t, t1, domain.Amazon)
		work, worked := make(chan struct{}), make(chan error)
		go func() {
			<-work
			worked <- f.Repository.Update(t.Context(), t2, func(ctx context.Context, tx ports.Tx) error {
				return tx.Connections.Insert(ctx, connection(t, t2, domain.Amazon))
			})
		}()
		f.update(t, t1, func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Connections.Lock(ctx, c.ID)
			close(work)
			is.NoErr(<-worked)
			return err
		})
	},
	"what a transaction gives out is a copy": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		c := connection(t, t1, domain.Amazon)
		before := c.State()
		f.update(t, t1, func(ctx context.Context, tx ports.Tx) error {
			is.NoErr(tx.Connections.Insert(ctx, c))
			c.Disable(minute(1))
			got, err := tx.Connections.Lock(ctx, before.ID)
			is.NoErr(err)
			got.Disable(minute(1))
			return nil
		})
		is.Equal(f.connectionOf(t, before), before) // only Insert and Save store
	},
}

// isGone reports whether c is stored nowhere.
func (f RepositoryFixture) isGone(t *testing.T, c domain.ConnectionState) bool {
	err := f.Repository.View(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
		_, err := tx.Connections.Get(ctx, c.ID)
		return err
	})
	return errors.Is(err, domain.ErrNotFound)
}
