package porttest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// rawKey is a key of a tenant that is stored nowhere.
func rawKey(tenant domain.TenantID) domain.RawKey {
	id := domain.NewID[domain.RawKeyID]()
	return domain.RawKey{ID: id, Tenant: tenant, Path: domain.NewRawKeyPath(tenant, id)}
}

// newKey gives a tenant a new key; the one before is erased.
func (f RepositoryFixture) newKey(t *testing.T, tenant domain.TenantID) domain.RawKeyID {
	t.Helper()
	k := rawKey(tenant)
	f.update(t, tenant, func(ctx context.Context, tx ports.Tx) error {
		all, err := tx.RawKeys.All(ctx)
		for _, old := range all {
			err = errors.Join(err, tx.RawKeys.MarkErased(ctx, old.ID))
		}
		return errors.Join(err, tx.RawKeys.Insert(ctx, k))
	})
	return k.ID
}

// rawKeyRules are about ports.RawKeys.
var rawKeyRules = rules[RepositoryFixture]{
	"a tenant has no key in the beginning": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		f.view(t, tenant(t, "t1"), func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.RawKeys.Current(ctx)
			is.True(errors.Is(err, domain.ErrNotFound))
			_, err = tx.RawKeys.Get(ctx, domain.NewID[domain.RawKeyID]())
			is.True(errors.Is(err, domain.ErrNotFound))
			all, err := tx.RawKeys.All(ctx)
			is.NoErr(err)
			is.Equal(len(all), 0)
			return nil
		})
	},
	"an erased key cannot be used, and one in use is not erased meanwhile": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		id := f.newKey(t, t1)
		using, use := make(chan struct{}), make(chan struct{})
		marked := make(chan error, 1)
		go func() {
			<-using
			close(use)
			marked <- f.Repository.Update(t.Context(), t1, func(ctx context.Context, tx ports.Tx) error { return tx.RawKeys.MarkErased(ctx, id) })
		}()
		f.update(t, t1, func(ctx context.Context, tx ports.Tx) error {
			if err := tx.RawKeys.Use(ctx, id); err != nil {
				return err
			}
			close(using)
			<-use
			select {
			case <-marked:
				t.Error("the key was marked while it was in use")
			case <-time.After(50 * time.Millisecond):
			}
			return tx.RawKeys.Use(ctx, id)
		})
		is.NoErr(<-marked)
		err := f.Repository.Update(t.Context(), t1, func(ctx context.Context, tx ports.Tx) error { return tx.RawKeys.Use(ctx, id) })
		is.True(errors.Is(err, domain.ErrConflict))
		f.update(t, t1, func(ctx context.Context, tx ports.Tx) error {
			return tx.RawKeys.Use(ctx, domain.NewID[domain.RawKeyID]())
		}) // some vault's own
	},
	"a key that was inserted is the current one, and comes back whole": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		k := rawKey(t1)
		f.update(t, t1, func(ctx context.Context, tx ports.Tx) error { return tx.RawKeys.Insert(ctx, k) })
		f.view(t, t1, func(ctx context.Context, tx ports.Tx) error {
			current, err := tx.RawKeys.Current(ctx)
			is.NoErr(err)
			is.Equal(current, k)
			got, err := tx.RawKeys.Get(ctx, k.ID)
			is.NoErr(err)
			is.Equal(got, k)
			all, err := tx.RawKeys.All(ctx)
			is.NoErr(err)
			is.Equal(all, []domain.RawKey{k})
			return nil
		})
	},
	"a tenant has one key, and a second is ErrConflict until it was erased": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		first := f.newKey(t, t1)
		insert := func(ctx context.Context, tx ports.Tx) error { return tx.RawKeys.Insert(ctx, rawKey(t1)) }
		is.True(errors.Is(f.Repository.Update(t.Context(), t1, insert), domain.ErrConflict))
		is.Equal(f.keyIDs(t, t1), []domain.RawKeyID{first})
		second := f.newKey(t, t1)
		is.Equal(f.keyIDs(t, t1), []domain.RawKeyID{second})
		is.True(errors.Is(f.Repository.Update(t.Context(), t1, insert), domain.ErrConflict))
		f.newKey(t, tenant(t, "t2")) // each tenant has its own
	},
	"of several that insert a key at once one does": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		stored := 0
		for _, err := range together(8, func(int) error {
			return f.Repository.Update(t.Context(), t1, func(ctx context.Context, tx ports.Tx) error {
				return tx.RawKeys.Insert(ctx, rawKey(t1))
			})
		}) {
			if err == nil {
				stored++
			} else {
				is.True(errors.Is(err, domain.ErrConflict))
			}
		}
		is.Equal(stored, 1)
		is.Equal(len(f.keyIDs(t, t1)), 1)
	},
	"a key that was erased is gone, and erasing it again changes nothing": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		id := f.newKey(t, t1)
		for range 2 {
			f.update(t, t1, func(ctx context.Context, tx ports.Tx) error { return tx.RawKeys.MarkErased(ctx, id) })
			f.view(t, t1, func(ctx context.Context, tx ports.Tx) error {
				_, err := tx.RawKeys.Current(ctx)
				is.True(errors.Is(err, domain.ErrNotFound))
				_, err = tx.RawKeys.Get(ctx, id)
				is.True(errors.Is(err, domain.ErrNotFound))
				return nil
			})
			is.Equal(len(f.keyIDs(t, t1)), 0)
		}
		err := f.Repository.Update(t.Context(), t1, func(ctx context.Context, tx ports.Tx) error {
			return tx.RawKeys.MarkErased(ctx, domain.NewID[domain.RawKeyID]())
		})
		is.True(errors.Is(err, domain.ErrNotFound))
	},
	"messages that an erased key sealed stay as they are": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		want := external(c, "m1", func(m *domain.ExternalMessage) { m.Raw = sealed(mail("a"), f.newKey(t, c.Tenant)) })
		f.store(t, c, domain.Intake{Messages: []domain.ExternalMessage{want}})
		f.newKey(t, c.Tenant)
		is.Equal(f.messages(t, c), []domain.ExternalMessage{want})
	},
	"keys of another tenant are not shown and not erased": func(t *testing.T, f RepositoryFixture) {
		is, t1, t2 := is.New(t), tenant(t, "t1"), tenant(t, "t2")
		id := f.newKey(t, t1)
		f.view(t, t2, func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.RawKeys.Current(ctx)
			is.True(errors.Is(err, domain.ErrNotFound))
			_, err = tx.RawKeys.Get(ctx, id)
			is.True(errors.Is(err, domain.ErrNotFound))
			return nil
		})
		is.Equal(len(f.keyIDs(t, t2)), 0)
		err := f.Repository.Update(t.Context(), t2, func(ctx context.Context, tx ports.Tx) error { return tx.RawKeys.MarkErased(ctx, id) })
		is.True(errors.Is(err, domain.ErrNotFound))
		err = f.Repository.Update(t.Context(), t2, func(ctx context.Context, tx ports.Tx) error { return tx.RawKeys.Insert(ctx, rawKey(t1)) })
		is.True(err != nil)
		is.Equal(f.keyIDs(t, t1), []domain.RawKeyID{id})
	},
	"a View neither inserts nor erases a key": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		id := f.newKey(t, t1)
		is.True(f.Repository.View(t.Context(), t1, func(ctx context.Context, tx ports.Tx) error { return tx.RawKeys.MarkErased(ctx, id) }) != nil)
		t2 := tenant(t, "t2")
		is.True(f.Repository.View(t.Context(), t2, func(ctx context.Context, tx ports.Tx) error { return tx.RawKeys.Insert(ctx, rawKey(t2)) }) != nil)
		is.Equal(f.keyIDs(t, t1), []domain.RawKeyID{id})
	},
}

// keyIDs are a tenant's keys, which must come by rising id.
func (f RepositoryFixture) keyIDs(t *testing.T, tenant domain.TenantID) (ids []domain.RawKeyID) {
	t.Helper()
	f.view(t, tenant, func(ctx context.Context, tx ports.Tx) error {
		all, err := tx.RawKeys.All(ctx)
		for _, k := range all {
			ids = append(ids, k.ID)
		}
		return err
	})
	is.New(t).True(slices.IsSortedFunc(ids, func(a, b domain.RawKeyID) int { return bytes.Compare(a.UUID[:], b.UUID[:]) }))
	return ids
}
