package telemetry

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// The attributes of our spans. Ids, constants and numbers only.
const (
	tenantKey      = attribute.Key("keybuzz.tenant")
	connectionKey  = attribute.Key("keybuzz.connection")
	marketplaceKey = attribute.Key("keybuzz.marketplace")
	sourceKey      = attribute.Key("keybuzz.source")
	regionKey      = attribute.Key("keybuzz.region")      // of an authorization
	messagesKey    = attribute.Key("keybuzz.messages")    // in a page, or stored
	ticketsKey     = attribute.Key("keybuzz.tickets")     // opened
	knownKey       = attribute.Key("keybuzz.known")       // messages that were there already
	rejectedKey    = attribute.Key("keybuzz.rejected")    // messages that could not be mapped
	rolledBackKey  = attribute.Key("keybuzz.rolled_back") // the work itself gave the transaction up
	errorKey       = attribute.Key("error.type")
)

// let are the keys of the attributes that leave the process: ours, and those of HTTP that no client chooses.
var let = []attribute.Key{
	tenantKey, connectionKey, marketplaceKey, sourceKey, regionKey, messagesKey, ticketsKey, knownKey, rejectedKey, rolledBackKey, errorKey,
	"http.request.method", "http.route", "http.response.status_code", "http.request.body.size", "http.response.body.size",
	"network.protocol.version", "url.scheme",
}

// door is where spans leave the process. Whatever a library puts into them, it lets out only what is known to hold no
// buyer's text, address, secret or client's words: attributes by their keys, and no events. A failure to send is logged when
// it begins and when it ends, and kept from OpenTelemetry's global handler, which would write lines of its own.
type door struct {
	sdktrace.SpanExporter
	log     *slog.Logger
	failing atomic.Bool
}

// ExportSpans implements sdktrace.SpanExporter.
func (d *door) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	out := make([]sdktrace.ReadOnlySpan, len(spans))
	for i, span := range spans {
		out[i] = letOut{span}
	}
	err := d.SpanExporter.ExportSpans(ctx, out)
	switch failing := err != nil; {
	case failing && d.failing.CompareAndSwap(false, true):
		d.log.WarnContext(ctx, "traces cannot be sent and are dropped", "error", err)
	case !failing && d.failing.CompareAndSwap(true, false):
		d.log.InfoContext(ctx, "traces are sent again")
	}
	return nil
}

// letOut is a span as it leaves the process.
type letOut struct{ sdktrace.ReadOnlySpan }

// Attributes implements sdktrace.ReadOnlySpan.
func (s letOut) Attributes() []attribute.KeyValue {
	return slices.DeleteFunc(slices.Clone(s.ReadOnlySpan.Attributes()), func(kv attribute.KeyValue) bool {
		return !slices.Contains(let, kv.Key)
	})
}

// Events implements sdktrace.ReadOnlySpan.
func (letOut) Events() []sdktrace.Event { return nil }
