package boot_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
	"github.com/keybuzzio/marketplaces/adapters/riverjobs"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// BenchmarkLatency tells how long it takes, with an idle queue and a source that answers at once, from a request to the
// first message stored: of a seller who has just connected, whose poll goes by the queue from one process's view to
// another's, and of one who asks for a sync. The target is 100 ms at p95, on a Postgres that flushes to disk.
func BenchmarkLatency(b *testing.B) {
	for b.Loop() {
		s := newLatencyStage(b)
		const n = 200
		connected, synced := make([]time.Duration, n), make([]time.Duration, n)
		for i := range n {
			tenant, err := domain.ParseTenantID(fmt.Sprintf("tenant-%d", i))
			if err != nil {
				b.Fatal(err)
			}
			stored := s.wait(tenant)
			begun := time.Now()
			_, err = s.app.SetMailbox.Run(b.Context(), app.SetMailboxCommand{
				Tenant: tenant, Marketplace: domain.Amazon,
				Mailbox: domain.Mailbox{Host: "imap.example.com", User: "seller", Password: domain.NewSecret("right")},
			})
			if err != nil {
				b.Fatal(err)
			}
			connected[i] = (<-stored).Sub(begun)

			s.deliver(tenant)
			begun = time.Now()
			if _, err := s.app.Sync.Run(b.Context(), app.SyncCommand{Tenant: tenant, Marketplace: domain.Amazon}); err != nil {
				b.Fatal(err)
			}
			synced[i] = time.Since(begun)
		}
		report(b, "connect", connected)
		report(b, "sync", synced)
		b.ReportMetric(0, "ns/op")
	}
}

func report(b *testing.B, name string, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(took[len(took)/2].Seconds()*1000, name+"_p50_ms")
	b.ReportMetric(took[len(took)*95/100].Seconds()*1000, name+"_p95_ms")
}

// latencyStage is the use cases, as the server has them, and an engine with connections of its own, as another process
// has it. Each seller's source has as many messages as were delivered: one to begin with.
type latencyStage struct {
	ports.NoObserver
	app *app.App

	mu      sync.Mutex
	there   map[domain.TenantID]int
	waiting map[domain.TenantID]chan time.Time
}

func newLatencyStage(b *testing.B) *latencyStage {
	b.Helper()
	s := &latencyStage{there: map[domain.TenantID]int{}, waiting: map[domain.TenantID]chan time.Time{}}
	url, secrets := pgtest.Durable(b), memory.NewSecretStore()
	s.app = s.open(b, url, secrets, false)
	s.open(b, url, secrets, true)
	return s
}

// open returns the use cases on connections of their own, and has an engine work if it is to.
func (s *latencyStage) open(b *testing.B, url string, secrets ports.SecretStore, work bool) *app.App {
	b.Helper()
	db := openPostgres(b, url)
	queue, err := riverjobs.NewQueue(db, postgres.Translate)
	if err != nil {
		b.Fatal(err)
	}
	repo := postgres.NewRepository(db, queue.In)
	a, err := app.New(app.Deps{
		Repository: repo, Directory: repo, PollLedger: repo, Queue: queue, Secrets: secrets, Sources: memory.NewSourceVault(), Mailboxes: anyMailbox{}, Observer: s,
		Clients: map[domain.MarketplaceType]ports.MarketplaceClient{domain.Amazon: s},
	})
	if err != nil {
		b.Fatal(err)
	}
	if !work {
		return a
	}
	listener, err := postgres.OpenListener(b.Context(), domain.NewSecret(url))
	if err != nil {
		b.Fatal(err)
	}
	engine, err := riverjobs.NewEngine(db, listener, a, riverjobs.Options{Workers: 64, Interval: time.Minute})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(b.Context()))
	done := make(chan error, 1)
	go func() { done <- engine.Run(ctx) }()
	b.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			b.Error(err)
		}
		listener.Close()
	})
	return a
}

// wait returns when the first message of tenant has been stored.
func (s *latencyStage) wait(tenant domain.TenantID) <-chan time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.there[tenant] = 1
	s.waiting[tenant] = make(chan time.Time, 1)
	return s.waiting[tenant]
}

func (s *latencyStage) deliver(tenant domain.TenantID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.there[tenant]++
}

// Ingested implements ports.Observer.
func (s *latencyStage) Ingested(i ports.Ingested) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if stored := s.waiting[i.Tenant]; stored != nil && i.Created > 0 {
		stored <- time.Now()
		delete(s.waiting, i.Tenant)
	}
}

// Pages implements ports.MarketplaceClient.
func (s *latencyStage) Pages(_ context.Context, c domain.ConnectionState, cursor string) iter.Seq2[ports.Page, error] {
	return func(yield func(ports.Page, error) bool) {
		s.mu.Lock()
		there := fmt.Sprint(s.there[c.Tenant])
		s.mu.Unlock()
		if cursor == there {
			return
		}
		yield(ports.Page{Next: there, Messages: []domain.InboundMessage{{
			ExternalID: there, BuyerName: "Ana", Subject: "Where is it?", Body: "Where is my parcel?", ReceivedAt: time.Now(),
			Source: domain.Source{MediaType: "text/plain", Bytes: []byte("Where is my parcel?")},
		}}}, nil)
	}
}
