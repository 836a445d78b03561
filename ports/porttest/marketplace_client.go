package porttest

import (
	"context"
	"errors"
	"iter"
	"testing"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// MarketplaceFixture is a client and one empty source that it reads. The optional fields are cues that a source may not
// be able to take; the rules about them are left out where they are nil.
type MarketplaceFixture struct {
	Client     ports.MarketplaceClient
	Connection domain.ConnectionState // its messages come from the source

	// Deliver puts n new readable messages into the source, n up to a few more than domain.MaxPage, and returns the
	// ExternalID of each. It may be called while a read is going on.
	Deliver func(t *testing.T, n int) []string

	DeliverUnreadable func(t *testing.T) []byte         // optional: one message that cannot be understood; returns its raw
	DeliverLarge      func(t *testing.T, n, bytes int)  // optional: n readable messages whose raw is of about so many bytes
	PageBytes         int                               // with DeliverLarge: a page's raws are no larger together, but for one message
	Refuse            func(t *testing.T)                // optional: from now on the source refuses us
	Fail              func(t *testing.T)                // optional: from now on the source does not answer
	Cut               func(t *testing.T)                // optional: the next read breaks off before its end; those after it are whole
	Renumber          func(t *testing.T)                // optional: the source keeps its messages and can place no earlier cursor
	Held              func() int                        // optional: how many network connections the client holds now
	Look              func(t *testing.T) (state string) // optional: all that another reader of the source can see of it
}

// TestMarketplaceClient checks a MarketplaceClient against its contract. open is called once per subtest.
func TestMarketplaceClient(t *testing.T, open func(t *testing.T) MarketplaceFixture) {
	marketplaceReading.check(t, open)
	marketplaceCursors.check(t, open)
	marketplaceTrouble.check(t, open)
}

// reading is what one range over Pages gave.
type reading struct {
	pages    []ports.Page
	messages []domain.InboundMessage
	cursor   string // the last Next, else the cursor that the read began with
	err      error
	after    int // yields behind the error
}

func (f MarketplaceFixture) read(t *testing.T, cursor string) reading {
	t.Helper()
	return readAll(f.Client.Pages(t.Context(), f.Connection, cursor), cursor, nil)
}

// readAll ranges over seq to its end. each, when there is one, is called with every page.
func readAll(seq iter.Seq2[ports.Page, error], cursor string, each func(ports.Page)) reading {
	r := reading{cursor: cursor}
	for page, err := range seq {
		if r.err != nil {
			r.after++
			continue
		}
		r.pages = append(r.pages, page)
		if r.err = err; err != nil {
			continue
		}
		r.messages = append(r.messages, page.Messages...)
		if page.Next != "" {
			r.cursor = page.Next
		}
		if each != nil {
			each(page)
		}
	}
	return r
}

// count says how often each external id was yielded.
func (r reading) count() map[string]int {
	n := make(map[string]int, len(r.messages))
	for _, m := range r.messages {
		n[m.ExternalID]++
	}
	return n
}

// each is the count of a read that yields every one of ids once.
func each(ids ...[]string) map[string]int {
	n := map[string]int{}
	for _, some := range ids {
		for _, id := range some {
			n[id] = 1
		}
	}
	return n
}

// holds reports whether every one of ids was yielded, however often.
func (r reading) holds(ids []string) bool {
	n := r.count()
	for _, id := range ids {
		if n[id] == 0 {
			return false
		}
	}
	return true
}

// failed reports whether the read ended as a failure should: with an error of kind, yielded once, last and with a zero
// page.
func (r reading) failed(kind error) bool {
	if !errors.Is(r.err, kind) || r.after > 0 {
		return false
	}
	last := r.pages[len(r.pages)-1]
	return last.Messages == nil && last.Next == ""
}

// onePage yields the first page only, as a caller does who leaves the loop.
func (f MarketplaceFixture) onePage(ctx context.Context, cursor string) (ports.Page, error) {
	for page, err := range f.Client.Pages(ctx, f.Connection, cursor) {
		return page, err
	}
	return ports.Page{}, nil
}
