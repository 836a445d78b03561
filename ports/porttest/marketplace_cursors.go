package porttest

import (
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// marketplaceCursors is how a read goes on from another.
var marketplaceCursors = rules[MarketplaceFixture]{
	"a read from the last Next yields only what came since": func(t *testing.T, f MarketplaceFixture) {
		is := is.New(t)
		f.Deliver(t, 3)
		first := f.read(t, "")
		is.NoErr(first.err)
		is.True(first.cursor != "")
		since := f.Deliver(t, 4)
		second := f.read(t, first.cursor)
		is.NoErr(second.err)
		is.Equal(second.count(), each(since))
		is.True(second.cursor != first.cursor)
	},
	"with nothing new a read yields no message and the cursor stays good": func(t *testing.T, f MarketplaceFixture) {
		is := is.New(t)
		f.Deliver(t, 3)
		cursor := f.read(t, "").cursor
		for range 3 {
			r := f.read(t, cursor)
			is.NoErr(r.err)
			is.Equal(len(r.messages), 0)
			cursor = r.cursor
		}
		since := f.Deliver(t, 1)
		r := f.read(t, cursor)
		is.NoErr(r.err)
		is.Equal(r.count(), each(since))
	},
	"the cursor of an empty source leads to its first messages": func(t *testing.T, f MarketplaceFixture) {
		is := is.New(t)
		r := f.read(t, "")
		is.NoErr(r.err)
		ids := f.Deliver(t, 2)
		r = f.read(t, r.cursor)
		is.NoErr(r.err)
		is.Equal(r.count(), each(ids))
	},
	"a read from the Next of a page goes on behind that page": func(t *testing.T, f MarketplaceFixture) {
		is := is.New(t)
		ids := f.Deliver(t, domain.MaxPage+2)
		all := reading{}
		for {
			page, err := f.onePage(t.Context(), all.cursor)
			is.NoErr(err)
			if len(page.Messages) == 0 {
				break
			}
			all.messages = append(all.messages, page.Messages...)
			is.True(page.Next != "" && page.Next != all.cursor) // else this walk would never end
			all.cursor = page.Next
			is.True(len(all.messages) <= len(ids))
		}
		is.Equal(all.count(), each(ids)) // page by page, a read each, nothing is left out or comes twice
	},
	"what arrives while reading comes in this read or behind its last Next": func(t *testing.T, f MarketplaceFixture) {
		is := is.New(t)
		ids := f.Deliver(t, 5)
		meanwhile := false
		r := readAll(f.Client.Pages(t.Context(), f.Connection, ""), "", func(ports.Page) {
			if !meanwhile {
				meanwhile = true
				ids = append(ids, f.Deliver(t, 5)...)
			}
		})
		is.NoErr(r.err)
		rest := f.read(t, r.cursor)
		is.NoErr(rest.err)
		r.messages = append(r.messages, rest.messages...)
		is.Equal(r.count(), each(ids))
	},
	"a cursor that the source cannot place reads from the beginning": func(t *testing.T, f MarketplaceFixture) {
		is := is.New(t)
		ids := f.Deliver(t, 3)
		for _, foreign := range []string{
			"another source's cursor", "{}", "-1", ":", "0:", ":0", "a:b", "1:2:3:4:5:6:7:8", "\x00\xff", " ",
			strings.Repeat("9", 400), strings.Repeat("9", 30) + ":" + strings.Repeat("9", 30),
		} {
			r := f.read(t, foreign)
			is.NoErr(r.err)
			is.Equal(r.count(), each(ids))
			r = f.read(t, r.cursor)
			is.NoErr(r.err)
			is.Equal(len(r.messages), 0) // and the Next of such a read is good again
		}
	},
	"a renumbered source is read from the beginning": func(t *testing.T, f MarketplaceFixture) {
		if f.Renumber == nil {
			return
		}
		is := is.New(t)
		ids := f.Deliver(t, 3)
		before := f.read(t, "")
		is.NoErr(before.err)
		f.Renumber(t)
		ids = append(ids, f.Deliver(t, 1)...)
		r := f.read(t, before.cursor)
		is.NoErr(r.err)
		is.Equal(r.count(), each(ids))
		r = f.read(t, r.cursor)
		is.NoErr(r.err)
		is.Equal(len(r.messages), 0)
	},
}
