package porttest

import (
	"context"
	"errors"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// marketplaceTrouble is how a client fails.
var marketplaceTrouble = rules[MarketplaceFixture]{
	"a source that refuses us is ErrRejected": func(t *testing.T, f MarketplaceFixture) {
		if f.Refuse == nil {
			return
		}
		is := is.New(t)
		f.Deliver(t, 2)
		f.Refuse(t)
		r := f.read(t, "")
		is.True(r.failed(domain.ErrRejected))
		is.True(!errors.Is(r.err, domain.ErrUnavailable))                  // it is one or the other
		is.True(domain.Message(r.err) != domain.Message(context.Canceled)) // it has words for the seller
	},
	"a source that does not answer is ErrUnavailable": func(t *testing.T, f MarketplaceFixture) {
		if f.Fail == nil {
			return
		}
		is := is.New(t)
		f.Deliver(t, 2)
		f.Fail(t)
		r := f.read(t, "")
		is.True(r.failed(domain.ErrUnavailable))
		is.True(!errors.Is(r.err, domain.ErrRejected)) // else a person would be called for nothing
	},
	"a read that breaks off loses nothing": func(t *testing.T, f MarketplaceFixture) {
		if f.Cut == nil {
			return
		}
		is := is.New(t)
		ids := f.Deliver(t, 7)
		f.Cut(t)
		broken := f.read(t, "")
		is.True(broken.failed(domain.ErrUnavailable))
		is.True(!broken.holds(ids)) // else it was not cut
		rest := f.read(t, broken.cursor)
		is.NoErr(rest.err)
		rest.messages = append(rest.messages, broken.messages...)
		is.Equal(rest.count(), each(ids)) // the pages before the fault are good, and the read goes on behind them
	},
	"a failed read releases what it held": func(t *testing.T, f MarketplaceFixture) {
		if f.Held == nil {
			return
		}
		is := is.New(t)
		f.Deliver(t, 7)
		for _, cue := range []func(*testing.T){f.Cut, f.Refuse, f.Fail} {
			if cue != nil {
				cue(t)
				is.True(f.read(t, "").err != nil)
				is.Equal(f.Held(), 0)
			}
		}
	},
	"a connection without such a source is ErrRejected": func(t *testing.T, f MarketplaceFixture) {
		is := is.New(t)
		f.Deliver(t, 1)
		for _, source := range []domain.SourceKind{"", "ELSEWHERE"} {
			f.Connection.Source = source
			is.True(f.read(t, "").failed(domain.ErrRejected)) // never another source's messages
		}
	},
	"a cancelled context passes as it is": func(t *testing.T, f MarketplaceFixture) {
		is := is.New(t)
		f.Deliver(t, 2)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		r := readAll(f.Client.Pages(ctx, f.Connection, ""), "", nil)
		is.True(r.failed(context.Canceled))
		is.True(!errors.Is(r.err, domain.ErrUnavailable) && !errors.Is(r.err, domain.ErrRejected)) // nobody is to blame
	},
	"a read cancelled on its way never passes for a whole one": func(t *testing.T, f MarketplaceFixture) {
		is := is.New(t)
		ids := f.Deliver(t, domain.MaxPage+2)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		r := readAll(f.Client.Pages(ctx, f.Connection, ""), "", func(ports.Page) { cancel() })
		if r.err == nil {
			is.True(r.holds(ids)) // all was in hand already
		} else {
			is.True(r.failed(context.Canceled))
		}
		rest := f.read(t, r.cursor)
		is.NoErr(rest.err)
		rest.messages = append(rest.messages, r.messages...)
		is.True(rest.holds(ids))
		if f.Held != nil {
			is.Equal(f.Held(), 0)
		}
	},
}
