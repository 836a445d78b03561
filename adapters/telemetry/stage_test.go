package telemetry_test

import (
	"context"
	"iter"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/keybuzzio/marketplaces/adapters/httpapi"
	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/adapters/telemetry"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

var enabled = []domain.MarketplaceType{domain.Amazon}

// database is a ports.Operations and a ports.Queue that a test scripts.
type database struct {
	ports.Operations
	ports.Queue
	survey func(context.Context) (ports.FleetStats, error)
	depth  func(context.Context) (ports.QueueDepth, error)
}

func (d database) FleetStats(ctx context.Context) (ports.FleetStats, error) { return d.survey(ctx) }
func (d database) Depth(ctx context.Context) (ports.QueueDepth, error)      { return d.depth(ctx) }

// busy is a database in which there is something of everything.
func busy() database {
	return database{
		survey: func(context.Context) (ports.FleetStats, error) {
			return ports.FleetStats{
				Connections: map[ports.ConnectionClass]int{
					{Type: domain.Amazon, Status: domain.ConnectionConnected}: 7,
					{Type: domain.Amazon, Status: domain.ConnectionError}:     2,
					{Type: "NEW", Status: domain.ConnectionConnected}:         1,
				},
				WorstPollLag: time.Hour, P99PollLag: time.Minute, LastMessage: time.UnixMilli(1_790_000_000_500), Rejected: 3,
				Expiring: map[int]int{60: 5, 30: 4, 7: 2, 0: 1}, Withdrawn: 6,
			}, nil
		},
		depth: func(context.Context) (ports.QueueDepth, error) {
			return ports.QueueDepth{Due: 4, Waiting: 5, Running: 6, Discarded: 1, OldestDue: 90 * time.Second}, nil
		},
	}
}

// metrics registers everything that a server has.
func metrics(t *testing.T, registry *prometheus.Registry, o telemetry.Options) *telemetry.Metrics {
	t.Helper()
	m, err := telemetry.New(registry, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := telemetry.Watch(registry, busy(), busy(), telemetry.WatchOptions{Marketplaces: o.Marketplaces}); err != nil {
		t.Fatal(err)
	}
	server, err := httpapi.New(application(t, memory.NewStore(), m, nil), httpapi.Options{
		Auth: keys(t), Ready: func(context.Context) error { return nil }, Metrics: registry,
	})
	if err != nil {
		t.Fatal(err)
	}
	server.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), "GET", "/healthz", nil))
	return m
}

var secret = domain.NewSecret("an-hs256-secret-of-more-than-32-bytes")

func keys(t *testing.T) *httpapi.Authenticator {
	t.Helper()
	auth, err := httpapi.NewAuthenticator(t.Context(), httpapi.AuthOptions{Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	return auth
}

// application is the use cases over store, with a source that gives two messages. A tracing decorates the ports.
func application(t *testing.T, store *memory.Store, o ports.Observer, tracing *telemetry.Tracing) *app.App {
	t.Helper()
	a, err := app.New(app.Deps{
		Sources:    memory.NewSourceVault(),
		Repository: tracing.Repository(store), PollLedger: tracing.PollBook(store), Directory: store,
		Secrets: tracing.SecretStore(memory.NewSecretStore()), Mailboxes: anyMailbox{}, Observer: o, MockSource: true,
		Clients: map[domain.MarketplaceType]ports.MarketplaceClient{domain.Amazon: tracing.MarketplaceClient(&source{})},
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

type anyMailbox struct{}

func (anyMailbox) CheckMailbox(context.Context, domain.Mailbox) error { return nil }

// source has two messages of buyers and one that cannot be mapped; then it fails as it is told.
type source struct{ err error }

// What no trace and no metric may hold.
const (
	buyersWords   = "Where-is-my-parcel"
	buyersName    = "Ana-Buyername"
	buyersAddress = "relay-horse@marketplace.amazon.es"
	password      = "right-horse-battery"
	theCursor     = "cursor-of-two"
)

func (s *source) Pages(_ context.Context, _ domain.ConnectionState, cursor string) iter.Seq2[ports.Page, error] {
	return func(yield func(ports.Page, error) bool) {
		if s.err != nil {
			yield(ports.Page{}, s.err)
			return
		}
		if cursor == theCursor {
			return
		}
		page := ports.Page{Next: theCursor, Messages: []domain.InboundMessage{{Body: buyersWords, Source: domain.Source{Bytes: []byte(buyersWords)}}}}
		for _, id := range []string{"m-1", "m-2"} {
			page.Messages = append(page.Messages, domain.InboundMessage{
				ExternalID: id, ThreadID: "thread", BuyerName: buyersName, BuyerEmail: buyersAddress, Subject: buyersWords,
				Body: buyersWords, ReceivedAt: time.Now(), Source: domain.Source{MediaType: "text/plain", Bytes: []byte(buyersWords + id)},
			})
		}
		yield(page, nil)
	}
}

func tenant(t *testing.T, name string) domain.TenantID {
	t.Helper()
	id, err := domain.ParseTenantID(name)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// gather reads all metric families by name.
func gather(t *testing.T, registry *prometheus.Registry) map[string]*dto.MetricFamily {
	t.Helper()
	found, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	families := map[string]*dto.MetricFamily{}
	for _, f := range found {
		families[f.GetName()] = f
	}
	return families
}

// value is the sample of a family with exactly these labels, as name, value, name, value.
func value(t *testing.T, f *dto.MetricFamily, labels ...string) float64 {
	t.Helper()
	for _, m := range f.GetMetric() {
		if len(m.GetLabel())*2 != len(labels) {
			continue
		}
		have := map[string]string{}
		for _, l := range m.GetLabel() {
			have[l.GetName()] = l.GetValue()
		}
		same := true
		for i := 0; i < len(labels); i += 2 {
			same = same && have[labels[i]] == labels[i+1]
		}
		if same {
			return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	t.Fatalf("%s has no %v: %v", f.GetName(), labels, f)
	return 0
}
