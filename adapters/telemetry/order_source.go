package telemetry

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// OrderSource returns s with a span for every order that is asked for. Which order it is, and what is in it, is in none.
func (t *Tracing) OrderSource(s ports.OrderSource) ports.OrderSource {
	if t == nil {
		return s
	}
	return orderSource{t, s}
}

type orderSource struct {
	tracing *Tracing
	inner   ports.OrderSource
}

// Order implements ports.OrderSource.
func (s orderSource) Order(ctx context.Context, a domain.AuthorizationState, id string) (domain.Order, error) {
	ctx, span := s.tracing.call(ctx, "order get", authorizationAttributes(a)...)
	defer span.End()
	o, err := s.inner.Order(ctx, a, id)
	fail(span, err)
	return o, err
}
