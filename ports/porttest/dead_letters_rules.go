package porttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// rejectsRules are about trying rejected messages again.
var rejectsRules = rules[RepositoryFixture]{
	"Pending gives rejected messages whole, by rising id, in pages bounded by number and by size": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		var in domain.PageWrite
		for i := range 23 {
			in.Rejected = append(in.Rejected, rejected(c, awkward, domain.RejectNUL, bytes.Repeat([]byte{0, byte(i)}, 50)))
		}
		in.Rejected[7].Source, in.Rejected[7].Detail = domain.Source{Bytes: bytes.Repeat([]byte{7}, 100_000)}.Plain(), ""
		in.Rejected[8].ReceivedAt = minute(8)
		f.store(t, c, in)
		want := slices.SortedFunc(slices.Values(in.Rejected), func(a, b domain.RejectedMessage) int {
			return bytes.Compare(a.ID.UUID[:], b.ID.UUID[:])
		})
		for _, bounds := range [][2]int{{1, 1 << 20}, {5, 1 << 20}, {23, 1 << 20}, {100, 1}, {100, 100}, {100, 101}, {100, 1000}} {
			is.Equal(f.pending(t, c.Tenant, bounds[0], bounds[1]), want)
		}
		f.view(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			got, err := tx.DeadLetters.Pending(ctx, domain.RejectedID{}, everything, 250)
			is.NoErr(err)
			is.Equal(len(got), 3) // the third reaches the size
			n, err := tx.DeadLetters.Count(ctx)
			is.NoErr(err)
			is.Equal(n, 23)
			one, err := tx.DeadLetters.Get(ctx, want[7].ID)
			is.NoErr(err)
			is.Equal(one, want[7])
			_, err = tx.DeadLetters.Get(ctx, domain.NewID[domain.RejectedID]())
			is.True(errors.Is(err, domain.ErrNotFound))
			for _, bounds := range [][2]int{{0, 1}, {1, 0}, {-1, 1}} {
				_, err = tx.DeadLetters.Pending(ctx, domain.RejectedID{}, bounds[0], bounds[1])
				is.True(errors.Is(err, domain.ErrInvalid))
			}
			return nil
		})
	},
	"what was replayed is not pending and stays": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		a, b := rejected(c, "a", domain.RejectNUL, []byte("a")), rejected(c, "b", domain.RejectNUL, []byte("b"))
		f.store(t, c, domain.PageWrite{Rejected: []domain.RejectedMessage{a, b}})
		for n := range 2 { // the second time nothing happens
			f.underLock(t, c, func(ctx context.Context, tx ports.Tx) error { return tx.DeadLetters.MarkReplayed(ctx, a.ID, minute(n)) })
			is.Equal(f.pending(t, c.Tenant, everything, 1<<30), []domain.RejectedMessage{b})
		}
		f.store(t, c, domain.PageWrite{Rejected: []domain.RejectedMessage{a}}) // delivered again
		f.view(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			n, err := tx.DeadLetters.Count(ctx)
			is.NoErr(err)
			is.Equal(n, 1)
			got, err := tx.DeadLetters.Get(ctx, a.ID)
			is.NoErr(err)
			is.Equal(got, a)
			return nil
		})
		err := f.Repository.Update(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			return tx.DeadLetters.MarkReplayed(ctx, domain.NewID[domain.RejectedID](), start)
		})
		is.True(errors.Is(err, domain.ErrNotFound))
		err = f.Repository.View(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			return tx.DeadLetters.MarkReplayed(ctx, b.ID, start)
		})
		is.True(err != nil) // a View changes nothing
	},
	"a mark that is undone was never made": func(t *testing.T, f RepositoryFixture) {
		is, mine := is.New(t), errors.New("mine")
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		a := rejected(c, "a", domain.RejectNUL, []byte("a"))
		f.store(t, c, domain.PageWrite{Rejected: []domain.RejectedMessage{a}})
		err := f.Repository.Update(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			return errors.Join(tx.DeadLetters.MarkReplayed(ctx, a.ID, start), mine)
		})
		is.True(errors.Is(err, mine))
		is.Equal(f.pending(t, c.Tenant, everything, 1<<30), []domain.RejectedMessage{a})
	},
	"rejected messages of another tenant are not shown and not marked": func(t *testing.T, f RepositoryFixture) {
		is, t2 := is.New(t), tenant(t, "t2")
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		f.connect(t, t2, domain.Amazon)
		var in domain.PageWrite
		for i := range 5 {
			in.Rejected = append(in.Rejected, rejected(c, fmt.Sprint(i), domain.RejectNUL, fmt.Append(nil, i)))
		}
		f.store(t, c, in)
		id := in.Rejected[0].ID
		f.view(t, t2, func(ctx context.Context, tx ports.Tx) error {
			n, err := tx.DeadLetters.Count(ctx)
			is.NoErr(err)
			is.Equal(n, 0)
			_, err = tx.DeadLetters.Get(ctx, id)
			is.True(errors.Is(err, domain.ErrNotFound))
			return nil
		})
		is.Equal(len(f.pending(t, t2, everything, 1<<30)), 0)
		err := f.Repository.Update(t.Context(), t2, func(ctx context.Context, tx ports.Tx) error {
			return tx.DeadLetters.MarkReplayed(ctx, id, start)
		})
		is.True(errors.Is(err, domain.ErrNotFound))
		is.Equal(len(f.pending(t, c.Tenant, everything, 1<<30)), 5)
	},
}

// pending reads the rejected messages to their end in pages.
func (f RepositoryFixture) pending(t *testing.T, tenant domain.TenantID, limit, size int) (all []domain.RejectedMessage) {
	t.Helper()
	var after domain.RejectedID
	for {
		var page []domain.RejectedMessage
		f.view(t, tenant, func(ctx context.Context, tx ports.Tx) (err error) {
			page, err = tx.DeadLetters.Pending(ctx, after, limit, size)
			return err
		})
		if len(page) == 0 {
			return all
		}
		if len(page) > limit {
			t.Fatalf("a page of %d, not %d", len(page), limit)
		}
		after, all = page[len(page)-1].ID, append(all, page...)
	}
}
