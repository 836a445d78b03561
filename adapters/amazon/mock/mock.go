// Package mock is a marketplace with three buyers' messages, for development and for tests: it pages, keeps a cursor and
// fails on cue, as a real source does.
package mock

import (
	"context"
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Options tune a Client. The zero value is the demo.
type Options struct {
	PageSize int  // messages in a page; 2 if 0, so that the demo takes two pages
	Empty    bool // without the three messages of the demo
}

// Client is the mock marketplace. It implements ports.MarketplaceClient for connections whose source is
// domain.SourceMock; all of them read the same messages. Safe for concurrent use, its cues included.
type Client struct {
	pageSize int

	mu         sync.Mutex
	generation int // part of every cursor
	messages   []domain.InboundMessage
	redeliver  bool
	failure    error
	cutAfter   int // pages after which the next read breaks off; -1 not
}

var _ ports.MarketplaceClient = (*Client)(nil)

// NewClient returns a mock whose three messages were received one, two and three hours before the clock's present. They
// keep those times as long as the client lives, so that a message delivered again is the same message.
func NewClient(clock ports.Clock, o Options) *Client {
	c := &Client{pageSize: o.PageSize, cutAfter: -1}
	if c.pageSize <= 0 {
		c.pageSize = 2
	}
	c.pageSize = min(c.pageSize, domain.MaxPage)
	if !o.Empty {
		c.messages = demo(clock.Now())
	}
	return c
}

// Deliver adds messages behind those that there are. They are yielded as they stand, whatever they hold: a test can
// hand in what a real source would never give.
func (c *Client) Deliver(messages ...domain.InboundMessage) {
	c.set(func() { c.messages = append(c.messages, messages...) })
}

// Redeliver makes every read from now on begin at the beginning, whatever its cursor, or no longer.
func (c *Client) Redeliver(on bool) { c.set(func() { c.redeliver = on }) }

// Fail makes every read from now on fail with err before its first page; nil ends that.
func (c *Client) Fail(err error) { c.set(func() { c.failure = err }) }

// CutAfter makes the next read break off with domain.ErrUnavailable after so many pages, once.
func (c *Client) CutAfter(pages int) { c.set(func() { c.cutAfter = pages }) }

// Renumber makes every cursor given so far one that cannot be placed.
func (c *Client) Renumber() { c.set(func() { c.generation++ }) }

func (c *Client) set(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

// Pages implements ports.MarketplaceClient. What is delivered while reading is read.
func (c *Client) Pages(ctx context.Context, conn domain.ConnectionState, cursor string) iter.Seq2[ports.Page, error] {
	return func(yield func(ports.Page, error) bool) {
		if conn.Source != domain.SourceMock {
			yield(ports.Page{}, domain.Errorf(domain.ErrRejected, "the connection does not read the mock"))
			return
		}
		var begin, cutAfter int
		c.set(func() {
			begin, cutAfter = c.begin(cursor), c.cutAfter
			c.cutAfter = -1
		})
		for pages := 0; ; pages++ {
			page, end, err := c.page(begin)
			switch {
			case ctx.Err() != nil:
				err = ctx.Err()
			case err == nil && pages == cutAfter:
				err = domain.Errorf(domain.ErrUnavailable, "the mock breaks off, as it was told")
			}
			if err != nil {
				yield(ports.Page{}, err)
				return
			}
			if end == begin || !yield(page, nil) {
				return
			}
			begin = end
		}
	}
}

// page returns the messages from begin on, and where they end.
func (c *Client) page(begin int) (ports.Page, int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failure != nil {
		return ports.Page{}, begin, c.failure
	}
	end := min(begin+c.pageSize, len(c.messages))
	return ports.Page{Messages: slices.Clone(c.messages[begin:end]), Next: c.cursor(end)}, end, nil
}

// A cursor is mock1:<generation>:<messages that were read>.

func (c *Client) cursor(end int) string {
	return "mock1:" + strconv.Itoa(c.generation) + ":" + strconv.Itoa(end)
}

// begin returns the message that a cursor leads to: the first if the cursor is not from here.
func (c *Client) begin(cursor string) int {
	position, ok := strings.CutPrefix(cursor, "mock1:"+strconv.Itoa(c.generation)+":")
	n, err := strconv.Atoi(position)
	if !ok || err != nil || n < 0 || n > len(c.messages) || c.redeliver {
		return 0
	}
	return n
}
