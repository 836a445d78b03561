package telemetry

import (
	"context"
	"iter"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// MarketplaceClient returns c with a span for every reading of a source and, below it, one for every page: the time until the
// page was there, without what was then done with it.
func (t *Tracing) MarketplaceClient(c ports.MarketplaceClient) ports.MarketplaceClient {
	if t == nil {
		return c
	}
	return marketplaceClient{t, c}
}

type marketplaceClient struct {
	tracing *Tracing
	inner   ports.MarketplaceClient
}

// Pages implements ports.MarketplaceClient.
func (m marketplaceClient) Pages(ctx context.Context, c domain.ConnectionState, cursor string) iter.Seq2[ports.Page, error] {
	return func(yield func(ports.Page, error) bool) {
		ctx, whole := m.tracing.start(ctx, "read source", tenantKey.String(c.Tenant.String()), connectionKey.String(c.ID.String()),
			marketplaceKey.String(marketplaceLabel(c.Type)), sourceKey.String(string(c.Source)))
		defer whole.End()
		read := 0
		defer func() { whole.SetAttributes(messagesKey.Int(read)) }()
		_, page := m.tracing.call(ctx, "read page")
		defer func() { page.End() }() // the last one, which found the source's end or was not asked for
		for p, err := range m.inner.Pages(ctx, c, cursor) {
			read += len(p.Messages)
			page.SetAttributes(messagesKey.Int(len(p.Messages)))
			fail(page, err)
			fail(whole, err)
			page.End()
			if !yield(p, err) {
				return
			}
			_, page = m.tracing.call(ctx, "read page")
		}
	}
}
