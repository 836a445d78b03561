package porttest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// rawRules are about how raws are kept, and about ports.Sources.
var rawRules = rules[RepositoryFixture]{
	"a sealed raw comes back as it was given, wherever it is read": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		key := f.newKey(t, c.Tenant)
		in := domain.Thread(c, []domain.InboundMessage{withFiles("m1", "thread", files()[:1])}, domain.Candidates{}, start)
		in.Messages[0].Source = sealed(domain.Source{MediaType: "message/rfc822", Bytes: everyByte()}, key)
		in.Messages = append(in.Messages, external(c, "m2", func(m *domain.ExternalMessage) {
			m.Kind, m.Quarantine, m.Source = domain.KindUnknown, domain.QuarantineUnknown, sealed(domain.Source{MediaType: awkward, Bytes: []byte{}}, key)
		}))
		in.Rejected = []domain.RejectedMessage{rejected(c, "r1", domain.RejectNUL, nil), rejected(c, "r2", domain.RejectNUL, nil)}
		in.Rejected[0].Source = sealed(mail("r1"), key)
		in.Rejected[1].Source = sealed(domain.Source{Bytes: bytes.Repeat([]byte{0, 1}, 1<<20)}, key)
		f.store(t, c, in)
		f.readsRaws(t, c, in)
		is.Equal(f.messages(t, c)[0].Source, in.Messages[0].Source)
		is.Equal(f.rejected(t, c), in.Rejected)
	},
	"plain raws stay plain, and are not held to be moved": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		in := domain.PageWrite{Messages: []domain.ExternalMessage{external(c, "m1")}, Rejected: []domain.RejectedMessage{rejected(c, "1", domain.RejectNUL, everyByte())}}
		f.store(t, c, in)
		f.readsRaws(t, c, in)
		is.Equal(len(f.held(t, c.Tenant, everything, 1<<30)), 0)
		f.move(t, c.Tenant, in.Messages[0].Source, in.Rejected[0].Source)
		f.readsRaws(t, c, in) // nothing happened
	},
	"raws with the same digest and key are stored once, and each message has them": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		key := f.newKey(t, c.Tenant)
		with := func(raw domain.StoredSource) func(*domain.ExternalMessage) {
			return func(m *domain.ExternalMessage) { m.Source = raw }
		}
		same, other := sealed(mail("a"), key), sealed(mail("a"), key)
		other.Bytes = bytes.ToUpper(same.Bytes) // as sealing again gives, with another nonce
		other.Bytes[0] = same.Bytes[0] + 1
		f.store(t, c, domain.PageWrite{Messages: []domain.ExternalMessage{external(c, "m1", with(same)), external(c, "m2", with(other))}})
		in := domain.PageWrite{Messages: []domain.ExternalMessage{external(c, "m3", with(other))}, Rejected: []domain.RejectedMessage{rejected(c, "r", domain.RejectNUL, nil)}}
		in.Rejected[0].Source = other
		f.store(t, c, in)
		held := f.held(t, c.Tenant, everything, 1<<30)
		is.Equal(len(held), 1)
		for _, m := range f.messages(t, c) {
			is.Equal(m.Source.Bytes, held[0].Bytes)
		}
		is.Equal(f.rejected(t, c)[0].Source.Bytes, held[0].Bytes)
		again := f.newKey(t, c.Tenant) // another key is another content
		f.store(t, c, domain.PageWrite{Messages: []domain.ExternalMessage{external(c, "m4", with(sealed(mail("a"), again)))}})
		is.Equal(len(f.held(t, c.Tenant, everything, 1<<30)), 2)
	},
	"a raw that is rejected again, sealed this time, is the same": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		first := rejected(c, "1", domain.RejectNUL, everyByte())
		f.store(t, c, domain.PageWrite{Rejected: []domain.RejectedMessage{first}})
		for range 2 { // and under another key
			again := rejected(c, "1", domain.RejectNUL, nil)
			again.Source = sealed(domain.Source{MediaType: "message/rfc822", Bytes: everyByte()}, f.newKey(t, c.Tenant))
			f.store(t, c, domain.PageWrite{Rejected: []domain.RejectedMessage{again}})
		}
		is.Equal(f.rejected(t, c), []domain.RejectedMessage{first})
	},
	"Held gives those that came first, first, in pages bounded by number and by size": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		want := f.manyHeld(t, c, 7, 100)
		is.Equal(f.held(t, c.Tenant, everything, 1<<30), want)
		for _, bounds := range []struct{ limit, size, n int }{{1, 1 << 20, 1}, {3, 1 << 20, 3}, {8, 1 << 20, 7}, {9, 1, 1}, {9, 100, 1}, {9, 101, 2}, {9, 250, 3}} {
			is.Equal(f.held(t, c.Tenant, bounds.limit, bounds.size), want[:bounds.n])
		}
		f.view(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			for _, bounds := range [][2]int{{0, 1}, {1, 0}, {-1, 1}} {
				_, err := tx.Sources.Unarchived(ctx, bounds[0], bounds[1])
				is.True(errors.Is(err, domain.ErrInvalid))
			}
			return nil
		})
	},
	"what was moved is held no more, and its messages are without bytes and otherwise as they were": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		key := f.newKey(t, c.Tenant)
		in := domain.Thread(c, []domain.InboundMessage{withFiles("m1", "thread", files()[:1])}, domain.Candidates{}, start)
		in.Messages[0].Source = sealed(mail("m1"), key)
		in.Messages = append(in.Messages, external(c, "m2", func(m *domain.ExternalMessage) {
			m.Kind, m.Quarantine, m.Source = domain.KindUnknown, domain.QuarantineUnknown, sealed(mail("m2"), key)
		}))
		in.Rejected = []domain.RejectedMessage{rejected(c, "r1", domain.RejectNUL, nil)}
		in.Rejected[0].Source = sealed(mail("r1"), key)
		stay := external(c, "m3", func(m *domain.ExternalMessage) { m.Source = sealed(mail("m3"), key) })
		in.Messages = append(in.Messages, stay)
		f.store(t, c, in)
		for range 2 { // the second time nothing happens
			f.move(t, c.Tenant, in.Messages[0].Source, in.Messages[1].Source, in.Rejected[0].Source, sealed(mail("unknown"), key))
			for i := range in.Messages[:2] {
				in.Messages[i].Source.Bytes = nil
			}
			in.Rejected[0].Source.Bytes = nil
			f.readsRaws(t, c, in)
			left := f.held(t, c.Tenant, everything, 1<<30)
			is.Equal(len(left), 1)
			is.Equal(left[0].Digest, stay.Source.Digest)
		}
	},
	"pages are bounded by the plain sizes of raws, wherever their bytes are": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		raws := f.manyHeld(t, c, 6, 100)
		f.move(t, c.Tenant, raws[:3]...)
		f.view(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			got, err := tx.Archive.Messages(ctx, domain.MessageID{}, everything, 250)
			is.NoErr(err)
			is.Equal(len(got), 3)
			pending, err := tx.DeadLetters.Pending(ctx, domain.RejectedID{}, everything, 250)
			is.NoErr(err)
			is.Equal(len(pending), 3)
			return nil
		})
	},
	"a move that is undone was never made": func(t *testing.T, f RepositoryFixture) {
		is, mine := is.New(t), errors.New("mine")
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		want := f.manyHeld(t, c, 2, 10)
		err := f.Repository.Update(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			return errors.Join(tx.Sources.Moved(ctx, want), mine)
		})
		is.True(errors.Is(err, mine))
		is.True(f.Repository.View(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error { return tx.Sources.Moved(ctx, want) }) != nil)
		is.Equal(f.held(t, c.Tenant, everything, 1<<30), want)
	},
	"raws of another tenant are not shown and not moved": func(t *testing.T, f RepositoryFixture) {
		is, t2 := is.New(t), tenant(t, "t2")
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		want := f.manyHeld(t, c, 2, 10)
		is.Equal(len(f.held(t, t2, everything, 1<<30)), 0)
		f.move(t, t2, want...)
		is.Equal(f.held(t, c.Tenant, everything, 1<<30), want)
	},
}

// readsRaws checks that the raws of an intake read as they are in it, through every port that shows them.
func (f RepositoryFixture) readsRaws(t *testing.T, c domain.ConnectionState, in domain.PageWrite) {
	t.Helper()
	check := func(where string, got, want domain.StoredSource, err error) {
		t.Helper()
		same := got.MediaType == want.MediaType && got.Digest == want.Digest && got.Size == want.Size && got.Key == want.Key
		// A raw without bytes was moved; one of no bytes was not.
		same = same && bytes.Equal(got.Bytes, want.Bytes) && (!want.Sealed() || (got.Bytes == nil) == (want.Bytes == nil))
		if err != nil || !same {
			t.Errorf("%s is not as it should be (%v): %d bytes of %s, not %d of %s", where, err, len(got.Bytes), got.Digest, len(want.Bytes), want.Digest)
		}
	}
	listed := map[domain.MessageID]domain.StoredSource{}
	for _, m := range f.allStored(t, c.Tenant, everything, 1<<30) {
		listed[m.Message.ID] = m.Message.Source
	}
	pending := map[domain.RejectedID]domain.StoredSource{}
	for _, m := range f.pending(t, c.Tenant, everything, 1<<30) {
		pending[m.ID] = m.Source
	}
	f.view(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
		for _, m := range in.Messages {
			check("Archive.Messages", listed[m.ID], m.Source, nil)
			one, err := tx.Archive.Message(ctx, m.ID)
			check("Archive.Message", one.Message.Source, m.Source, err)
			if m.Quarantine != "" {
				q, err := tx.Quarantine.Get(ctx, domain.QuarantineID(m.ID))
				check("Quarantine.Get", q.Raw, m.Source, err)
			}
			for _, file := range one.Message.Files {
				_, holder, err := tx.Tickets.File(ctx, m.Ticket, file.ID)
				check("Tickets.File", holder.Source, m.Source, err)
			}
		}
		for _, m := range in.Rejected {
			check("Rejects.Pending", pending[m.ID], m.Source, nil)
			one, err := tx.DeadLetters.Get(ctx, m.ID)
			check("Rejects.Get", one.Source, m.Source, err)
			q, err := tx.Quarantine.Get(ctx, domain.QuarantineID(m.ID))
			check("Quarantine.Get", q.Raw, m.Source, err)
		}
		return nil
	})
}

// manyHeld stores n messages and n rejected ones with sealed raws of a size, each pair in a transaction of its own and with
// one raw, and returns the raws as Held gives them.
func (f RepositoryFixture) manyHeld(t *testing.T, c domain.ConnectionState, n, size int) (raws []domain.StoredSource) {
	t.Helper()
	key := f.newKey(t, c.Tenant)
	for i := range n {
		m, r := external(c, fmt.Sprint("m", i)), rejected(c, fmt.Sprint("r", i), domain.RejectNUL, nil)
		m.Source = sealed(domain.Source{Bytes: bytes.Repeat([]byte{byte(n - i)}, size)}, key)
		r.Source = m.Source
		raws = append(raws, m.Source)
		f.store(t, c, domain.PageWrite{Messages: []domain.ExternalMessage{m}, Rejected: []domain.RejectedMessage{r}})
	}
	return raws
}

// held asks for raws that can be moved. What media type they are of is with their messages.
func (f RepositoryFixture) held(t *testing.T, tenant domain.TenantID, limit, size int) (raws []domain.StoredSource) {
	t.Helper()
	f.view(t, tenant, func(ctx context.Context, tx ports.Tx) (err error) {
		raws, err = tx.Sources.Unarchived(ctx, limit, size)
		return err
	})
	for i := range raws {
		raws[i].MediaType = ""
	}
	return raws
}

// move notes that raws are in the object store.
func (f RepositoryFixture) move(t *testing.T, tenant domain.TenantID, raws ...domain.StoredSource) {
	t.Helper()
	f.update(t, tenant, func(ctx context.Context, tx ports.Tx) error { return tx.Sources.Moved(ctx, raws) })
}

// rawsHeldRules are about ports.UnarchivedSources.
var rawsHeldRules = rules[RepositoryFixture]{
	"nobody holds anything in the beginning": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		got, err := f.Held.WithUnarchived(t.Context(), "", 10)
		is.NoErr(err)
		is.Equal(len(got), 0)
	},
	"tenants with raws that can be moved are seen, and no others": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		plainOnly := f.connect(t, tenant(t, "plain"), domain.Amazon)
		f.store(t, plainOnly, domain.PageWrite{Messages: []domain.ExternalMessage{external(plainOnly, "m1")}})
		f.newKey(t, tenant(t, "key"))
		a, b := f.connect(t, tenant(t, "a"), domain.Amazon), f.connect(t, tenant(t, "b"), domain.Amazon)
		raws := f.manyHeld(t, a, 2, 10)
		f.manyHeld(t, b, 1, 10)
		is.Equal(f.holders(t, 10), []domain.TenantID{a.Tenant, b.Tenant})
		f.move(t, a.Tenant, raws[0])
		is.Equal(f.holders(t, 10), []domain.TenantID{a.Tenant, b.Tenant}) // one is left
		f.move(t, a.Tenant, raws...)
		is.Equal(f.holders(t, 10), []domain.TenantID{b.Tenant})
	},
	"pages by rising id give each tenant once, whatever their size": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		var want []domain.TenantID
		for _, name := range []string{"t3", "t1", "t22", "t2"} {
			c := f.connect(t, tenant(t, name), domain.Amazon)
			f.manyHeld(t, c, 3, 10)
			want = append(want, c.Tenant)
		}
		slices.SortFunc(want, func(a, b domain.TenantID) int { return cmp.Compare(a.String(), b.String()) })
		for limit := 1; limit <= len(want)+1; limit++ {
			is.Equal(f.holders(t, limit), want)
		}
	},
	"names that differ by case and by signs are all seen once": func(t *testing.T, f RepositoryFixture) {
		is, seen := is.New(t), map[domain.TenantID]int{}
		names := []string{"t1", "T1", "t-1", "t_1", "1", "t1-"}
		for _, name := range names {
			f.manyHeld(t, f.connect(t, tenant(t, name), domain.Amazon), 1, 10)
		}
		for _, id := range f.holders(t, 1) {
			seen[id]++
		}
		is.Equal(len(seen), len(names))
		for _, n := range seen {
			is.Equal(n, 1)
		}
	},
	"a limit below one is ErrInvalid, and a cancelled context passes as it is": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		_, err := f.Held.WithUnarchived(t.Context(), "", 0)
		is.True(errors.Is(err, domain.ErrInvalid))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = f.Held.WithUnarchived(ctx, "", 10)
		is.True(errors.Is(err, context.Canceled))
	},
}

// holders walks through the tenants that hold raws, limit at a time.
func (f RepositoryFixture) holders(t *testing.T, limit int) (all []domain.TenantID) {
	t.Helper()
	is, after := is.New(t), ""
	for {
		page, err := f.Held.WithUnarchived(t.Context(), after, limit)
		is.NoErr(err)
		is.True(len(page) <= limit && len(all) < 100)
		all = append(all, page...)
		if len(page) < limit {
			return all
		}
		after = page[len(page)-1].String()
	}
}
