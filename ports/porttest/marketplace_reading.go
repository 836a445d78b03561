package porttest

import (
	"sync"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// marketplaceReading is what a client yields.
var marketplaceReading = rules[MarketplaceFixture]{
	"an empty source has no messages and no error": func(t *testing.T, f MarketplaceFixture) {
		is := is.New(t)
		r := f.read(t, "")
		is.NoErr(r.err)
		is.Equal(len(r.messages), 0)
	},
	"a read from the beginning yields every message": func(t *testing.T, f MarketplaceFixture) {
		is := is.New(t)
		ids := f.Deliver(t, 5)
		is.Equal(len(ids), 5)
		r := f.read(t, "")
		is.NoErr(r.err)
		is.Equal(r.count(), each(ids))
	},
	"a page holds at most MaxPage messages": func(t *testing.T, f MarketplaceFixture) {
		is := is.New(t)
		ids := f.Deliver(t, domain.MaxPage+2)
		r := f.read(t, "")
		is.NoErr(r.err)
		is.Equal(r.count(), each(ids))
		for _, p := range r.pages {
			is.True(len(p.Messages) <= domain.MaxPage)
		}
	},
	"a page is bounded in bytes": func(t *testing.T, f MarketplaceFixture) {
		if f.DeliverLarge == nil {
			return
		}
		is := is.New(t)
		f.DeliverLarge(t, 5, f.PageBytes/2)
		r := f.read(t, "")
		is.NoErr(r.err)
		is.Equal(len(r.messages), 5)
		for _, p := range r.pages {
			bytes := 0
			for _, m := range p.Messages {
				bytes += len(m.Source.Bytes)
			}
			is.True(bytes <= f.PageBytes || len(p.Messages) == 1)
		}
	},
	"a message larger than a page is yielded all the same": func(t *testing.T, f MarketplaceFixture) {
		if f.DeliverLarge == nil {
			return
		}
		is := is.New(t)
		f.DeliverLarge(t, 1, f.PageBytes+1)
		ids := f.Deliver(t, 1)
		r := f.read(t, "")
		is.NoErr(r.err)
		is.Equal(len(r.messages), 2)
		is.True(r.holds(ids)) // and does not stand in the way of the next
	},
	"every message comes with its raw and its time": func(t *testing.T, f MarketplaceFixture) {
		is := is.New(t)
		f.Deliver(t, 3)
		r := f.read(t, "")
		is.NoErr(r.err)
		is.Equal(len(r.messages), 3)
		for _, m := range r.messages {
			is.True(len(m.Source.Bytes) > 0)
			is.True(m.Source.MediaType != "")
			is.True(!m.ReceivedAt.IsZero())
		}
	},
	"what is readable passes the screen": func(t *testing.T, f MarketplaceFixture) {
		is := is.New(t)
		f.Deliver(t, 5)
		r := f.read(t, "")
		is.NoErr(r.err)
		s := domain.Screen(f.Connection, r.messages)
		is.Equal(len(s.Accepted), 5)
		is.Equal(len(s.Rejected), 0)
		is.Equal(s.Duplicates, 0)
	},
	"a message that cannot be understood is yielded with its raw and why": func(t *testing.T, f MarketplaceFixture) {
		if f.DeliverUnreadable == nil {
			return
		}
		is := is.New(t)
		before, raw, after := f.Deliver(t, 1), f.DeliverUnreadable(t), f.Deliver(t, 1)
		r := f.read(t, "")
		is.NoErr(r.err)
		is.Equal(len(r.messages), 3)
		is.True(r.holds(before) && r.holds(after)) // it stands in nobody's way
		for _, m := range r.messages {
			if m.Unreadable != "" {
				is.Equal(m.Source.Bytes, raw)
			}
		}
		s := domain.Screen(f.Connection, r.messages)
		is.Equal(len(s.Accepted), 2)
		is.Equal(len(s.Rejected), 1)
		is.Equal(s.Rejected[0].Reason, domain.RejectUnreadable)
	},
	"nothing is done before the sequence is ranged over": func(t *testing.T, f MarketplaceFixture) {
		is := is.New(t)
		seq := f.Client.Pages(t.Context(), f.Connection, "")
		if f.Held != nil {
			is.Equal(f.Held(), 0)
		}
		ids := f.Deliver(t, 2)
		r := readAll(seq, "", nil)
		is.NoErr(r.err)
		is.Equal(r.count(), each(ids)) // what came after the call and before the range is seen
	},
	"each range reads anew": func(t *testing.T, f MarketplaceFixture) {
		is := is.New(t)
		seq := f.Client.Pages(t.Context(), f.Connection, "")
		first := f.Deliver(t, 2)
		r := readAll(seq, "", nil)
		is.NoErr(r.err)
		is.Equal(r.count(), each(first))
		second := f.Deliver(t, 2)
		r = readAll(seq, "", nil)
		is.NoErr(r.err)
		is.Equal(r.count(), each(first, second))
	},
	"reading changes nothing at the source": func(t *testing.T, f MarketplaceFixture) {
		if f.Look == nil {
			return
		}
		is := is.New(t)
		f.Deliver(t, 5)
		before := f.Look(t)
		is.NoErr(f.read(t, "").err)
		is.Equal(f.Look(t), before)
	},
	"leaving the loop releases what the read held": func(t *testing.T, f MarketplaceFixture) {
		is := is.New(t)
		ids := f.Deliver(t, 5)
		for range 20 {
			_, err := f.onePage(t.Context(), "")
			is.NoErr(err)
		}
		if f.Held != nil {
			is.Equal(f.Held(), 0)
		}
		r := f.read(t, "")
		is.NoErr(r.err) // twenty reads that were left do not stand in the way of another
		is.Equal(r.count(), each(ids))
		if f.Held != nil {
			is.Equal(f.Held(), 0)
		}
	},
	"reads at once on one connection each see everything": func(t *testing.T, f MarketplaceFixture) {
		is := is.New(t)
		ids := f.Deliver(t, 7)
		reads := make([]reading, 4)
		var wg sync.WaitGroup
		for i := range reads {
			wg.Go(func() { reads[i] = f.read(t, "") })
		}
		wg.Wait()
		for _, r := range reads {
			is.NoErr(r.err)
			is.Equal(r.count(), each(ids))
		}
	},
	"a page in hand stays as it is while reading goes on": func(t *testing.T, f MarketplaceFixture) {
		is := is.New(t)
		f.Deliver(t, 5)
		var seen, kept []string
		r := readAll(f.Client.Pages(t.Context(), f.Connection, ""), "", func(p ports.Page) {
			for _, m := range p.Messages {
				seen = append(seen, m.ExternalID+string(m.Source.Bytes))
			}
		})
		is.NoErr(r.err)
		for _, p := range r.pages {
			for _, m := range p.Messages {
				kept = append(kept, m.ExternalID+string(m.Source.Bytes))
			}
		}
		is.Equal(kept, seen) // no buffer is used twice
	},
}
