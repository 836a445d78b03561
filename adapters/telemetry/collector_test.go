package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/adapters/telemetry"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// The tests below set variables of the process, which is where OpenTelemetry looks: they do not run in parallel.

// environment takes every variable of OpenTelemetry away and sets some.
func environment(t *testing.T, set map[string]string) {
	t.Helper()
	for _, name := range []string{
		"OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
		"OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES",
		"OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG",
	} {
		t.Setenv(name, set[name])
	}
}

func TestTracesAreMadeWhenAStandardVariableAsksForThem(t *testing.T) {
	const somewhere = "http://127.0.0.1:1"
	for name, c := range map[string]struct {
		set  map[string]string
		asks bool
		err  string // names the variable
	}{
		"nothing":                 {nil, false, ""},
		"an endpoint":             {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": somewhere}, true, ""},
		"an endpoint for traces":  {map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": somewhere}, true, ""},
		"an exporter":             {map[string]string{"OTEL_TRACES_EXPORTER": "otlp"}, true, ""},
		"gRPC":                    {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": somewhere, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, true, ""},
		"no exporter":             {map[string]string{"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": somewhere}, false, ""},
		"switched off":            {map[string]string{"OTEL_SDK_DISABLED": "True", "OTEL_EXPORTER_OTLP_ENDPOINT": somewhere}, false, ""},
		"an unknown exporter":     {map[string]string{"OTEL_TRACES_EXPORTER": "zipkin"}, false, "OTEL_TRACES_EXPORTER"},
		"an unknown protocol":     {map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "smoke"}, false, "OTEL_EXPORTER_OTLP"},
		"attributes out of shape": {map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_RESOURCE_ATTRIBUTES": "shape"}, false, "OTEL_RESOURCE_ATTRIBUTES"},
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			environment(t, c.set)
			tracing, err := telemetry.OpenTracing(t.Context(), "worker", "v1", slog.New(slog.DiscardHandler))
			is.Equal(tracing != nil, c.asks)
			if c.err != "" {
				is.True(errors.Is(err, domain.ErrInvalid))
				is.True(strings.Contains(err.Error(), c.err))
				return
			}
			is.NoErr(err)
			is.NoErr(tracing.Close())
		})
	}
}

func TestACollectorGetsThePollAndNoSecret(t *testing.T) {
	is := is.New(t)
	var mu sync.Mutex
	var got bytes.Buffer
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = io.Copy(&got, r.Body)
	}))
	defer collector.Close()
	environment(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL, "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=blue"})
	tracing, err := telemetry.OpenTracing(t.Context(), "worker", "v1.2.3", slog.New(slog.DiscardHandler))
	is.NoErr(err)
	a := application(t, memory.NewStore(), ports.NoObserver{}, tracing)
	c := connect(t, a, "shop-1")
	is.NoErr(tracing.Job(t.Context(), "poll", "shop-1", c.ID.String(), func(ctx context.Context) error {
		_, err := a.Poll.Run(ctx, app.PollCommand{Tenant: c.Tenant, Connection: c.ID})
		return err
	}))
	is.NoErr(tracing.Close())
	mu.Lock()
	defer mu.Unlock()
	for _, word := range []string{"poll", "intake store", "marketplaces-worker", "v1.2.3", "blue", c.ID.String()} {
		is.True(bytes.Contains(got.Bytes(), []byte(word)))
	}
	for _, word := range secretWords {
		is.True(!bytes.Contains(got.Bytes(), []byte(word)))
	}
}

func TestACollectorThatDoesNotAnswerDelaysNobody(t *testing.T) {
	silent, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	closed, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	for name, c := range map[string]struct {
		address string
		says    int
	}{"a closed port": {closed.Addr().String(), 1}, "silence": {silent.Addr().String(), 0}} {
		for _, protocol := range []string{"http/protobuf", "grpc"} {
			t.Run(name+" by "+protocol, func(t *testing.T) {
				is := is.New(t)
				environment(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://" + c.address, "OTEL_EXPORTER_OTLP_PROTOCOL": protocol})
				log := &logBook{}
				tracing, err := telemetry.OpenTracing(t.Context(), "worker", "v1", slog.New(slog.NewTextHandler(log, nil)))
				is.NoErr(err)
				begun := time.Now()
				for range 10_000 { // more than the queue holds
					is.NoErr(tracing.Job(t.Context(), "poll", "t", "c", func(context.Context) error { return nil }))
				}
				is.True(time.Since(begun) < time.Minute) // nobody waits: each batch would take 10 s
				begun = time.Now()
				_ = tracing.Close()
				is.True(time.Since(begun) < 30*time.Second) // nor at the end, for four batches
				if protocol == "http/protobuf" {            // gRPC goes on trying
					is.Equal(strings.Count(log.String(), "traces cannot be sent"), c.says) // once, not for each batch
				}
			})
		}
	}
}

// logBook keeps what is logged.
type logBook struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logBook) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
