package telemetry

import (
	"context"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// PollLedger returns b with a span for every call.
func (t *Tracing) PollBook(b ports.PollLedger) ports.PollLedger {
	if t == nil {
		return b
	}
	return pollBook{t, b}
}

type pollBook struct {
	tracing *Tracing
	inner   ports.PollLedger
}

// BeginPoll implements ports.PollLedger.
func (b pollBook) BeginPoll(ctx context.Context, tenant domain.TenantID, id domain.ConnectionID) (ports.PollState, error) {
	ctx, span := b.tracing.call(ctx, "poll begin", tenantKey.String(tenant.String()), connectionKey.String(id.String()))
	defer span.End()
	state, err := b.inner.BeginPoll(ctx, tenant, id)
	fail(span, err)
	return state, err
}

// EndPoll implements ports.PollLedger.
func (b pollBook) EndPoll(ctx context.Context, began ports.PollState, now time.Time) (bool, error) {
	ctx, span := b.tracing.call(ctx, "poll end", tenantKey.String(began.Connection.Tenant.String()),
		connectionKey.String(began.Connection.ID.String()))
	defer span.End()
	saved, err := b.inner.EndPoll(ctx, began, now)
	fail(span, err)
	return saved, err
}
