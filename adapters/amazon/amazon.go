// Package amazon reads Amazon buyers' messages. Amazon has no operation to read them with: they come by mail (package
// mail), or from the mock during development (package mock). [Client] picks the source that a connection has.
package amazon

import (
	"context"
	"iter"
	"maps"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Client is the ports.MarketplaceClient of Amazon: it reads a connection by the client of its source.
type Client struct {
	sources map[domain.SourceKind]ports.MarketplaceClient
}

var _ ports.MarketplaceClient = (*Client)(nil)

// NewClient returns a client that knows these sources and no others.
func NewClient(sources map[domain.SourceKind]ports.MarketplaceClient) *Client {
	return &Client{maps.Clone(sources)}
}

// Pages implements ports.MarketplaceClient. A source that is not among those the client knows is domain.ErrRejected:
// it is how this installation is set up that keeps the connection from being read, and only a person can mend that.
func (c *Client) Pages(ctx context.Context, conn domain.ConnectionState, cursor string) iter.Seq2[ports.Page, error] {
	if source := c.sources[conn.Source]; source != nil {
		return source.Pages(ctx, conn, cursor)
	}
	err := domain.Errorf(domain.ErrRejected, "messages from %q are not read here", conn.Source)
	if conn.Source == domain.SourceMock {
		err = domain.Errorf(domain.ErrRejected, "the mock is read in development mode only: connect a mailbox")
	}
	return func(yield func(ports.Page, error) bool) { yield(ports.Page{}, err) }
}
