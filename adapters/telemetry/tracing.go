package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/keybuzzio/marketplaces/domain"
)

// flushTimeout is how long the end of a program waits for the last spans to be taken.
const flushTimeout = 2 * time.Second

// scope names what makes our spans.
const scope = "github.com/keybuzzio/marketplaces"

// Tracing makes traces of what goes through the ports that it decorates. A nil one makes none and decorates nothing, so that
// nobody pays for traces that nobody asked for.
type Tracing struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
}

// NewTracing returns a Tracing on provider, which the caller's Close ends.
func NewTracing(provider *sdktrace.TracerProvider) *Tracing {
	return &Tracing{provider, provider.Tracer(scope)}
}

// OpenTracing returns what the standard variables of OpenTelemetry ask for, nil if they ask for no traces: exporter,
// sampler, limits, the service's name and attributes. OpenTelemetry reads them from the process's environment itself, and
// only from there. program is the service's name unless the environment says another.
//
// Nothing is kept in global state. A collector that cannot be reached delays nobody: spans wait in a bounded queue, beyond it
// they are dropped, and log says once that it happens. An error names variables that are not understood.
func OpenTracing(ctx context.Context, program, version string, log *slog.Logger) (*Tracing, error) {
	if !tracesAsked() {
		return nil, nil // one that makes no traces
	}
	exporter, err := autoexport.NewSpanExporter(ctx)
	if err != nil {
		return nil, domain.Wrap(domain.ErrInvalid, err, "OTEL_TRACES_EXPORTER or OTEL_EXPORTER_OTLP_* cannot be used")
	}
	about, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "marketplaces-"+program), attribute.String("service.version", version)),
		resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, domain.Wrap(domain.ErrInvalid, err, "OTEL_RESOURCE_ATTRIBUTES cannot be used: give key=value, separated by commas")
	}
	return NewTracing(sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(&door{SpanExporter: exporter, log: log}), sdktrace.WithResource(about), sdktrace.WithoutPanicRecording(),
	)), nil
}

// tracesAsked reports whether the environment asks for traces.
func tracesAsked() bool {
	if strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") {
		return false
	}
	if exporter := os.Getenv("OTEL_TRACES_EXPORTER"); exporter != "" {
		return exporter != "none"
	}
	return os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != ""
}

// Close sends what is left and returns within two seconds, whether it was taken or not.
func (t *Tracing) Close() error {
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("send the last traces: %w", err)
	}
	return nil
}
