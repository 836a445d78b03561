package telemetry

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/keybuzzio/marketplaces/domain"
)

// Job runs do in a span of its own, below which comes what it does: the root of a poll that the queue begins.
func (t *Tracing) Job(ctx context.Context, kind, tenant, connection string, do func(context.Context) error) error {
	if t == nil {
		return do(ctx)
	}
	ctx, span := t.tracer.Start(ctx, kind, trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(tenantKey.String(tenant), connectionKey.String(connection)))
	defer span.End()
	err := do(ctx)
	fail(span, err)
	return err
}

// start begins a span within the process.
func (t *Tracing) start(ctx context.Context, name string, attributes ...attribute.KeyValue) (context.Context, trace.Span) {
	return t.tracer.Start(ctx, name, trace.WithAttributes(attributes...))
}

// call begins a span for a call of another system.
func (t *Tracing) call(ctx context.Context, name string, attributes ...attribute.KeyValue) (context.Context, trace.Span) {
	return t.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attributes...))
}

// fail notes in span that what it stands for ended with err: its kind, and of its text what anybody may see.
func fail(span trace.Span, err error) {
	if err != nil {
		span.SetAttributes(errorKey.String(errorType(err)))
		span.SetStatus(codes.Error, domain.Message(err))
	}
}

// errorType names the kind of an error.
func errorType(err error) string {
	switch domain.KindOf(err) {
	case domain.ErrInvalid:
		return "invalid"
	case domain.ErrNotFound:
		return "not_found"
	case domain.ErrConflict:
		return "conflict"
	case domain.ErrForbidden:
		return "forbidden"
	case domain.ErrRejected:
		return "rejected"
	case domain.ErrUnavailable:
		return "unavailable"
	case domain.ErrThrottled:
		return "throttled"
	case domain.ErrOutcomeUnknown:
		return "unknown"
	}
	switch {
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	}
	return "internal"
}
