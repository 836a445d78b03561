package porttest

import (
	"context"
	"errors"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// pollRules are about ports.Polls.
var pollRules = rules[RepositoryFixture]{
	"what a poll saves is what the others see": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon, connected)
		at := minute(7)
		var k domain.ConnectionState
		var s domain.SyncStateData
		f.update(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			connection, state, err := tx.Polls.Lock(ctx, c.ID)
			is.NoErr(err)
			is.NoErr(state.Advance("", "c1", at))
			state.RecordArrival(at)
			connection.RecordFailure(domain.Errorf(domain.ErrUnavailable, "down"), at)
			state.RecordFailure(domain.Errorf(domain.ErrUnavailable, "down"), at)
			k, s = connection.State(), state.State()
			return tx.Polls.Save(ctx, connection, state)
		})
		f.view(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			alone, err := tx.Connections.Get(ctx, c.ID)
			is.NoErr(err)
			state, err := tx.SyncStates.Get(ctx, c.ID)
			is.NoErr(err)
			is.Equal(alone.State(), k)
			is.Equal(state.State(), s)
			is.Equal(s.Failures, 1)
			is.Equal(s.LastArrivalAt, at)
			return nil
		})
	},
	"another tenant's connection is not there to be polled": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon, connected)
		f.update(t, tenant(t, "t2"), func(ctx context.Context, tx ports.Tx) error {
			_, _, err := tx.Polls.Lock(ctx, c.ID)
			is.True(errors.Is(err, domain.ErrNotFound))
			return nil
		})
	},
	"a View locks no poll": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon, connected)
		err := f.Repository.View(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			_, _, err := tx.Polls.Lock(ctx, c.ID)
			return err
		})
		is.True(errors.Is(err, domain.ErrInvalid))
	},
	"polls that are locked wait for each other": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon, connected)
		const n = 8
		errs := make(chan error, n)
		for range n {
			go func() {
				errs <- f.Repository.Update(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
					conn, s, err := tx.Polls.Lock(ctx, c.ID)
					if err != nil {
						return err
					}
					s.RecordFailure(domain.Errorf(domain.ErrUnavailable, "down"), later)
					return tx.Polls.Save(ctx, conn, s)
				})
			}()
		}
		for range n {
			is.NoErr(<-errs)
		}
		is.Equal(f.asStored(t, c).Sync.Failures, n) // none was lost
	},
}
