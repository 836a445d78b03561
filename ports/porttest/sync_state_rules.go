package porttest

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// syncStateRules are about ports.SyncStates.
var syncStateRules = rules[RepositoryFixture]{
	"Insert makes an empty sync state": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		is.Equal(f.syncStateOf(t, c), domain.NewSyncState(c).State())
	},
	"every field of a sync state comes back": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		c := f.connect(t, t1, domain.Amazon)
		for _, want := range []domain.SyncStateData{
			{Cursor: "1:2", LastPolledAt: minute(2), LastSuccessAt: minute(1), LastError: "the mailbox did not answer"},
			{Cursor: awkward, LastPolledAt: minute(3), LastError: awkward},
			{}, // and all of it can be taken away again
		} {
			want.Connection, want.Tenant, want.Type = c.ID, t1, c.Type
			f.update(t, t1, func(ctx context.Context, tx ports.Tx) error {
				_, err := tx.SyncStates.Lock(ctx, c.ID)
				is.NoErr(err)
				s, err := domain.RestoreSyncState(want)
				is.NoErr(err)
				return tx.Pages.Store(ctx, domain.PageWrite{Sync: s})
			})
			is.Equal(f.syncStateOf(t, c), want)
		}
	},
	"a sync state that is not there is ErrNotFound": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		f.connect(t, t1, domain.Fnac)
		c := connection(t, t1, domain.Amazon).State()
		for _, use := range []func(context.Context, ports.Tx) error{
			func(ctx context.Context, tx ports.Tx) error { _, err := tx.SyncStates.Get(ctx, c.ID); return err },
			func(ctx context.Context, tx ports.Tx) error { _, err := tx.SyncStates.Lock(ctx, c.ID); return err },
			func(ctx context.Context, tx ports.Tx) error {
				return tx.Pages.Store(ctx, domain.PageWrite{Sync: domain.NewSyncState(c)})
			},
		} {
			is.True(errors.Is(f.Repository.Update(t.Context(), t1, use), domain.ErrNotFound))
		}
	},
	"a locked sync state makes other transactions wait": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		c := f.connect(t, t1, domain.Amazon)
		const each = 10
		for _, err := range together(8, func(int) error {
			for range each {
				err := f.Repository.Update(t.Context(), t1, func(ctx context.Context, tx ports.Tx) error {
					s, err := tx.SyncStates.Lock(ctx, c.ID)
					if err != nil {
						return err
					}
					at := s.State().Cursor
					n, _ := strconv.Atoi(at) // "" is 0
					if err := s.Advance(at, strconv.Itoa(n+1), start); err != nil {
						return err
					}
					return tx.Pages.Store(ctx, domain.PageWrite{Sync: s})
				})
				if err != nil {
					return err
				}
			}
			return nil
		}) {
			is.NoErr(err)
		}
		is.Equal(f.syncStateOf(t, c).Cursor, strconv.Itoa(8*each)) // no step was lost
	},
	"of several who move the cursor from one place one does": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		c := f.connect(t, t1, domain.Amazon)
		for round := range 10 {
			from, moved := f.syncStateOf(t, c).Cursor, 0
			for _, err := range together(4, func(i int) error {
				return f.Repository.Update(t.Context(), t1, func(ctx context.Context, tx ports.Tx) error {
					s, err := tx.SyncStates.Lock(ctx, c.ID)
					if err != nil {
						return err
					}
					if err := s.Advance(from, strconv.Itoa(round)+"-"+strconv.Itoa(i), start); err != nil {
						return err
					}
					return tx.Pages.Store(ctx, domain.PageWrite{Sync: s})
				})
			}) {
				if err == nil {
					moved++
				} else {
					is.True(errors.Is(err, domain.ErrConflict))
				}
			}
			is.Equal(moved, 1)
		}
	},
}
