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
func rawKey(tenant domain.TenantID) domain.SourceKey {
	id := domain.NewID[domain.SourceKeyID]()
	return domain.SourceKey{ID: id, Tenant: tenant, Path: domain.NewRawKeyPath(tenant, id)}
}

// newKey gives a tenant a new key; the one before is erased.
func (f RepositoryFixture) newKey(t *testing.T, tenant domain.TenantID) domain.SourceKeyID {
	t.Helper()
	k := rawKey(tenant)
	f.update(t, tenant, func(ctx context.Context, tx ports.Tx) error {
		all, err := tx.SourceKeys.All(ctx)
		for _, old := range all {
			err = errors.Join(err, tx.SourceKeys.MarkErased(ctx, old.ID))
		}
		return errors.Join(err, tx.SourceKeys.Insert(ctx, k))
	})
	return k.ID
}

// rawKeyRules are about ports.SourceKeys.
var rawKeyRules = rules[RepositoryFixture]{
	"a tenant has no key in the beginning": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		f.view(t, tenant(t, "t1"), func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.SourceKeys.Current(ctx)
			is.True(errors.Is(err, domain.ErrNotFound))
			_, err = tx.SourceKeys.Get(ctx, domain.NewID[domain.SourceKeyID]())
			is.True(errors.Is(err, domain.ErrNotFound))
			all, err := tx.SourceKeys.All(ctx)
			is.NoErr(err)
			is.Equal(len(all), 0)
			return nil
		})
	},
	"nothing is stored with an erased key, and no key is erased while something is stored with it": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		for kind, with := range map[string]func(text string, key domain.SourceKeyID) domain.PageWrite{
			"a message": func(text string, key domain.SourceKeyID) domain.PageWrite {
				m := external(c, text, func(m *domain.ExternalMessage) { m.Source = sealed(mail(text), key) })
				return domain.PageWrite{Messages: []domain.ExternalMessage{m}}
			},
			"a rejected message": func(text string, key domain.SourceKeyID) domain.PageWrite {
				m := rejected(c, text, domain.RejectNUL, nil)
				m.Source = sealed(mail(text), key)
				return domain.PageWrite{Rejected: []domain.RejectedMessage{m}}
			},
		} {
			id := f.newKey(t, c.Tenant)
			storing, stored := make(chan struct{}), make(chan struct{})
			marked := make(chan error, 1)
			go func() {
				<-storing
				close(stored)
				marked <- f.Repository.Update(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
					return tx.SourceKeys.MarkErased(ctx, id)
				})
			}()
			f.update(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
				if _, err := tx.SyncStates.Lock(ctx, c.ID); err != nil {
					return err
				}
				if err := tx.Pages.Store(ctx, with("stored", id)); err != nil {
					return err
				}
				close(storing)
				<-stored
				select {
				case <-marked:
					t.Error("the key was marked while it was in use for", kind)
				case <-time.After(50 * time.Millisecond):
				}
				return nil
			})
			is.NoErr(<-marked)
			is.True(errors.Is(f.tryStore(t.Context(), c, with("refused", id)), domain.ErrConflict))
			f.store(t, c, with("of the new key", f.newKey(t, c.Tenant)))
			f.store(t, c, with("of some vault's own", domain.NewID[domain.SourceKeyID]()))
		}
	},
	"a key that was inserted is the current one, and comes back whole": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		k := rawKey(t1)
		f.update(t, t1, func(ctx context.Context, tx ports.Tx) error { return tx.SourceKeys.Insert(ctx, k) })
		f.view(t, t1, func(ctx context.Context, tx ports.Tx) error {
			current, err := tx.SourceKeys.Current(ctx)
			is.NoErr(err)
			is.Equal(current, k)
			got, err := tx.SourceKeys.Get(ctx, k.ID)
			is.NoErr(err)
			is.Equal(got, k)
			all, err := tx.SourceKeys.All(ctx)
			is.NoErr(err)
			is.Equal(all, []domain.SourceKey{k})
			return nil
		})
	},
	"a tenant has one key, and a second is ErrConflict until it was erased": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		first := f.newKey(t, t1)
		insert := func(ctx context.Context, tx ports.Tx) error { return tx.SourceKeys.Insert(ctx, rawKey(t1)) }
		is.True(errors.Is(f.Repository.Update(t.Context(), t1, insert), domain.ErrConflict))
		is.Equal(f.keyIDs(t, t1), []domain.SourceKeyID{first})
		second := f.newKey(t, t1)
		is.Equal(f.keyIDs(t, t1), []domain.SourceKeyID{second})
		is.True(errors.Is(f.Repository.Update(t.Context(), t1, insert), domain.ErrConflict))
		f.newKey(t, tenant(t, "t2")) // each tenant has its own
	},
	"of several that insert a key at once one does": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		stored := 0
		for _, err := range together(8, func(int) error {
			return f.Repository.Update(t.Context(), t1, func(ctx context.Context, tx ports.Tx) error {
				return tx.SourceKeys.Insert(ctx, rawKey(t1))
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
			f.update(t, t1, func(ctx context.Context, tx ports.Tx) error { return tx.SourceKeys.MarkErased(ctx, id) })
			f.view(t, t1, func(ctx context.Context, tx ports.Tx) error {
				_, err := tx.SourceKeys.Current(ctx)
				is.True(errors.Is(err, domain.ErrNotFound))
				_, err = tx.SourceKeys.Get(ctx, id)
				is.True(errors.Is(err, domain.ErrNotFound))
				return nil
			})
			is.Equal(len(f.keyIDs(t, t1)), 0)
		}
		err := f.Repository.Update(t.Context(), t1, func(ctx context.Context, tx ports.Tx) error {
			return tx.SourceKeys.MarkErased(ctx, domain.NewID[domain.SourceKeyID]())
		})
		is.True(errors.Is(err, domain.ErrNotFound))
	},
	"messages that an erased key sealed stay as they are": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		want := external(c, "m1", func(m *domain.ExternalMessage) { m.Source = sealed(mail("a"), f.newKey(t, c.Tenant)) })
		f.store(t, c, domain.PageWrite{Messages: []domain.ExternalMessage{want}})
		f.newKey(t, c.Tenant)
		is.Equal(f.messages(t, c), []domain.ExternalMessage{want})
	},
	"keys of another tenant are not shown and not erased": func(t *testing.T, f RepositoryFixture) {
		is, t1, t2 := is.New(t), tenant(t, "t1"), tenant(t, "t2")
		id := f.newKey(t, t1)
		f.view(t, t2, func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.SourceKeys.Current(ctx)
			is.True(errors.Is(err, domain.ErrNotFound))
			_, err = tx.SourceKeys.Get(ctx, id)
			is.True(errors.Is(err, domain.ErrNotFound))
			return nil
		})
		is.Equal(len(f.keyIDs(t, t2)), 0)
		err := f.Repository.Update(t.Context(), t2, func(ctx context.Context, tx ports.Tx) error { return tx.SourceKeys.MarkErased(ctx, id) })
		is.True(errors.Is(err, domain.ErrNotFound))
		err = f.Repository.Update(t.Context(), t2, func(ctx context.Context, tx ports.Tx) error { return tx.SourceKeys.Insert(ctx, rawKey(t1)) })
		is.True(err != nil)
		is.Equal(f.keyIDs(t, t1), []domain.SourceKeyID{id})
	},
	"a View neither inserts nor erases a key": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		id := f.newKey(t, t1)
		is.True(f.Repository.View(t.Context(), t1, func(ctx context.Context, tx ports.Tx) error { return tx.SourceKeys.MarkErased(ctx, id) }) != nil)
		t2 := tenant(t, "t2")
		is.True(f.Repository.View(t.Context(), t2, func(ctx context.Context, tx ports.Tx) error { return tx.SourceKeys.Insert(ctx, rawKey(t2)) }) != nil)
		is.Equal(f.keyIDs(t, t1), []domain.SourceKeyID{id})
	},
}

// keyIDs are a tenant's keys, which must come by rising id.
func (f RepositoryFixture) keyIDs(t *testing.T, tenant domain.TenantID) (ids []domain.SourceKeyID) {
	t.Helper()
	f.view(t, tenant, func(ctx context.Context, tx ports.Tx) error {
		all, err := tx.SourceKeys.All(ctx)
		for _, k := range all {
			ids = append(ids, k.ID)
		}
		return err
	})
	is.New(t).True(slices.IsSortedFunc(ids, func(a, b domain.SourceKeyID) int { return bytes.Compare(a.UUID[:], b.UUID[:]) }))
	return ids
}
