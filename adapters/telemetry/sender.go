package telemetry

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Sender returns s with a span for every attempt and, below it, one for the caller's handOver. To whom, from whom and what is
// in none.
func (t *Tracing) Sender(s ports.Sender) ports.Sender {
	if t == nil {
		return s
	}
	return sender{t, s}
}

type sender struct {
	tracing *Tracing
	inner   ports.Sender
}

// Send implements ports.Sender.
func (s sender) Send(
	ctx context.Context, m domain.OutgoingMessage, handOver func(context.Context) error,
) (domain.Receipt, error) {
	c := m.Connection
	ctx, span := s.tracing.call(ctx, "answer send", tenantKey.String(c.Tenant.String()), connectionKey.String(c.ID.String()),
		marketplaceKey.String(marketplaceLabel(c.Type)))
	defer span.End()
	receipt, err := s.inner.Send(ctx, m, func(ctx context.Context) error {
		ctx, mark := s.tracing.start(ctx, "answer hand over")
		defer mark.End()
		err := handOver(ctx)
		fail(mark, err)
		return err
	})
	fail(span, err)
	return receipt, err
}
