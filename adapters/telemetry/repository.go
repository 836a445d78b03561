package telemetry

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Repository returns r with a span for every transaction and, below it, for every step of an intake.
func (t *Tracing) Repository(r ports.Repository) ports.Repository {
	if t == nil {
		return r
	}
	return repository{t, r}
}

type repository struct {
	tracing *Tracing
	inner   ports.Repository
}

// Update implements ports.Repository.
func (r repository) Update(ctx context.Context, tenant domain.TenantID, fn ports.TxFunc) error {
	return r.run(ctx, "repository update", tenant, fn, r.inner.Update)
}

// View implements ports.Repository.
func (r repository) View(ctx context.Context, tenant domain.TenantID, fn ports.TxFunc) error {
	return r.run(ctx, "repository view", tenant, fn, r.inner.View)
}

func (r repository) run(ctx context.Context, name string, tenant domain.TenantID, fn ports.TxFunc,
	inner func(context.Context, domain.TenantID, ports.TxFunc) error,
) error {
	ctx, span := r.tracing.call(ctx, name, tenantKey.String(tenant.String()))
	defer span.End()
	var given error // what the work itself gave the transaction up for
	err := inner(ctx, tenant, func(ctx context.Context, tx ports.Tx) error {
		tx.Pages = intake{r.tracing, tx.Pages}
		given = fn(ctx, tx)
		return given
	})
	switch {
	case given != nil && domain.KindOf(given) == nil && errors.Is(err, given):
		// Use cases end transactions with errors of their own, which are no fault.
		span.SetAttributes(rolledBackKey.Bool(true))
	default:
		fail(span, err)
	}
	return err
}

// intake makes a span of each step of an intake.
type intake struct {
	tracing *Tracing
	inner   ports.PageStore
}

// Known implements ports.PageWrite.
func (x intake) Known(ctx context.Context, t domain.MarketplaceType, externalIDs []string) (map[string]bool, error) {
	ctx, span := x.tracing.call(ctx, "intake known")
	defer span.End()
	known, err := x.inner.Known(ctx, t, externalIDs)
	span.SetAttributes(messagesKey.Int(len(externalIDs)), knownKey.Int(len(known)))
	fail(span, err)
	return known, err
}

// Candidates implements ports.PageWrite.
func (x intake) Candidates(ctx context.Context, c domain.ConnectionID, keys domain.ConversationKeys, now time.Time) (domain.Candidates, error) {
	ctx, span := x.step(ctx, "intake book", c)
	defer span.End()
	book, err := x.inner.Candidates(ctx, c, keys, now)
	span.SetAttributes(ticketsKey.Int(len(book.Tickets)))
	fail(span, err)
	return book, err
}

// Store implements ports.PageWrite.
func (x intake) Store(ctx context.Context, in domain.PageWrite) error {
	ctx, span := x.tracing.call(ctx, "intake store", messagesKey.Int(len(in.Messages)), ticketsKey.Int(len(in.Opened)),
		rejectedKey.Int(len(in.Rejected)))
	defer span.End()
	err := x.inner.Store(ctx, in)
	fail(span, err)
	return err
}

func (x intake) step(ctx context.Context, name string, c domain.ConnectionID) (context.Context, trace.Span) {
	return x.tracing.call(ctx, name, connectionKey.String(c.String()))
}
