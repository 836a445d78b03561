package riverjobs_test

import (
	"context"
	"database/sql"
	"iter"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
	"github.com/keybuzzio/marketplaces/adapters/riverjobs"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
	"github.com/keybuzzio/marketplaces/ports/porttest"
)

func TestJobs(t *testing.T) {
	t.Parallel()
	porttest.TestJobs(t, func(t *testing.T) porttest.JobsFixture {
		s := newStage(t, nothing)
		return porttest.JobsFixture{Repository: s.repo, Queue: s.queue}
	})
}

// stage is the product on a Postgres of the test's own, with a source that the test scripts.
type stage struct {
	*app.App
	url   domain.Secret
	db    *sql.DB
	queue *riverjobs.Queue
	repo  *postgres.Repository
	log   *slog.Logger

	listener *pgxpool.Pool // of the one engine; nil for one that works
}

func newStage(t testing.TB, source ports.MarketplaceClient, changes ...func(*app.Deps)) *stage {
	t.Helper()
	s := &stage{url: domain.NewSecret(pgtest.Database(t)), log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	var err error
	s.db, err = postgres.Open(t.Context(), s.url, postgres.Options{MaxConns: 20})
	must(t, err)
	t.Cleanup(func() { _ = s.db.Close() })
	s.queue, err = riverjobs.NewQueue(s.db, postgres.Translate)
	must(t, err)
	s.repo = postgres.NewRepository(s.db, s.queue.In)
	d := app.Deps{
		Repository: s.repo, Directory: s.repo, PollLedger: s.repo, Queue: s.queue, Secrets: memory.NewSecretStore(), Sources: memory.NewSourceVault(), Mailboxes: anyMailbox{},
		Clients: map[domain.MarketplaceType]ports.MarketplaceClient{domain.Amazon: source}, Log: s.log, PollInterval: time.Second,
	}
	for _, change := range changes {
		change(&d)
	}
	s.App, err = app.New(d)
	must(t, err)
	return s
}

// work runs an engine until stop is called, or the test ends.
func (s *stage) work(t testing.TB, changes ...func(*riverjobs.Options)) (stop func()) {
	t.Helper()
	listener := s.listener
	if listener == nil {
		var err error
		listener, err = postgres.OpenListener(t.Context(), s.url)
		must(t, err)
	}
	o := riverjobs.Options{Workers: 8, Interval: time.Second, Log: s.log}
	for _, change := range changes {
		change(&o)
	}
	engine, err := riverjobs.NewEngine(s.db, listener, s.App, o)
	must(t, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- engine.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		listener.Close()
	}
	t.Cleanup(stop)
	return stop
}

// connect connects a tenant, by the use case that sellers use.
func (s *stage) connect(t testing.TB, name string) domain.ConnectionState {
	t.Helper()
	c, err := s.SetMailbox.Run(t.Context(), app.SetMailboxCommand{
		Tenant: tenant(t, name), Marketplace: domain.Amazon,
		Mailbox: domain.Mailbox{Host: "imap.example.com", User: "seller", Password: domain.NewSecret("right")},
	})
	must(t, err)
	return c
}

func (s *stage) status(t testing.TB, name string) domain.ConnectionState {
	t.Helper()
	status, err := s.Status.Run(t.Context(), app.StatusQuery{Tenant: tenant(t, name), Marketplace: domain.Amazon})
	c := status.Connection
	must(t, err)
	return c
}

// job returns a connection's newest job; nil if there is none.
func (s *stage) job(t testing.TB, c domain.ConnectionState) *ports.Job {
	t.Helper()
	jobs, err := s.queue.Jobs(t.Context(), ports.JobQuery{Connection: c.ID, Limit: 1})
	must(t, err)
	if len(jobs) == 0 {
		return nil
	}
	return &jobs[0]
}

func tenant(t testing.TB, name string) domain.TenantID {
	t.Helper()
	id, err := domain.ParseTenantID(name)
	must(t, err)
	return id
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually waits until what is true.
func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); !cond(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

type anyMailbox struct{}

func (anyMailbox) CheckMailbox(context.Context, domain.Mailbox) error { return nil }

// source is a MarketplaceClient that is one function.
type source func(ctx context.Context, c domain.ConnectionState, cursor string) iter.Seq2[ports.Page, error]

func (f source) Pages(ctx context.Context, c domain.ConnectionState, cursor string) iter.Seq2[ports.Page, error] {
	return f(ctx, c, cursor)
}

// nothing is a source where nobody writes.
var nothing source = func(context.Context, domain.ConnectionState, string) iter.Seq2[ports.Page, error] {
	return func(func(ports.Page, error) bool) {}
}
