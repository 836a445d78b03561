package app_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// watcher is a ports.MailboxWatcher of mailboxes that the test fills.
type watcher struct {
	mu      sync.Mutex
	arrived map[domain.ConnectionID]func() // of the mailboxes that are watched
	tries   map[domain.ConnectionID][]time.Time
	most    int                                                    // watched at once
	doubled bool                                                   // one was watched twice at once
	fail    func(c domain.ConnectionState) (fails bool, err error) // asked first
	gone    map[domain.ConnectionID]chan error                     // ends the watching
}

func newWatcher() *watcher {
	return &watcher{
		arrived: map[domain.ConnectionID]func(){}, tries: map[domain.ConnectionID][]time.Time{}, gone: map[domain.ConnectionID]chan error{},
	}
}

func (w *watcher) Watch(ctx context.Context, c domain.ConnectionState, arrived func()) error {
	gone, err := w.begin(c, arrived)
	if gone == nil {
		return err
	}
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.arrived, c.ID)
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-gone:
		return err
	}
}

func (w *watcher) begin(c domain.ConnectionState, arrived func()) (gone chan error, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tries[c.ID] = append(w.tries[c.ID], time.Now())
	if w.fail != nil {
		if fails, err := w.fail(c); fails {
			return nil, err
		}
	}
	w.doubled = w.doubled || w.arrived[c.ID] != nil
	w.arrived[c.ID] = arrived
	w.most = max(w.most, len(w.arrived))
	w.gone[c.ID] = make(chan error, 1)
	return w.gone[c.ID], nil
}

// deliver has something come for a connection, as often as said.
func (w *watcher) deliver(c domain.ConnectionState, times int) {
	arrived := w.teller(c)
	for range times {
		arrived()
	}
}

// teller returns what a watched mailbox tells by.
func (w *watcher) teller(c domain.ConnectionState) func() {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.arrived[c.ID]
}

// breakLine ends the watching of a mailbox.
func (w *watcher) breakLine(c domain.ConnectionState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gone[c.ID] <- domain.Errorf(domain.ErrUnavailable, "the server ends what is idle")
}

// tried returns when it was tried to watch a mailbox.
func (w *watcher) tried(c domain.ConnectionState) []time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.tries[c.ID])
}

// watched returns how many mailboxes are watched, and whether this one is.
func (w *watcher) watched(c domain.ConnectionState) (all int, this bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.arrived), w.arrived[c.ID] != nil
}

// scheduled counts the polls that are scheduled through a repository.
type scheduled struct {
	store
	mu    sync.Mutex
	times map[domain.ConnectionID]int
}

func (s *scheduled) Update(ctx context.Context, who domain.TenantID, fn ports.TxFunc) error {
	return s.store.Update(ctx, who, func(ctx context.Context, tx ports.Tx) error {
		tx.Jobs = countedJobs{tx.Jobs, s}
		return fn(ctx, tx)
	})
}

func (s *scheduled) of(c domain.ConnectionState) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.times[c.ID]
}

type countedJobs struct {
	ports.Jobs
	counts *scheduled
}

func (j countedJobs) Schedule(ctx context.Context, kind ports.JobKind, c domain.ConnectionID, at time.Time) error {
	j.counts.mu.Lock()
	j.counts.times[c]++
	j.counts.mu.Unlock()
	return j.Jobs.Schedule(ctx, kind, c, at)
}

// watchStage is Watch in a bubble of synctest, on the bubble's clock.
type watchStage struct {
	*app.App
	*watcher
	store  *scheduled
	leases ports.Leases
}

func newWatchStage(t *testing.T) *watchStage {
	t.Helper()
	s := &watchStage{watcher: newWatcher(), store: &scheduled{store: memory.NewStore(), times: map[domain.ConnectionID]int{}}, leases: memory.NewLeases()}
	s.App = s.process(t, s.watcher, s.store)
	return s
}

// process is a program on the stage's store and leases.
func (s *watchStage) process(t *testing.T, w ports.MailboxWatcher, d ports.Directory) *app.App {
	t.Helper()
	a, err := app.New(app.Deps{
		Repository: s.store, Directory: d, PollLedger: s.store, Secrets: memory.NewSecretStore(), Mailboxes: &mailboxes{}, Sources: memory.NewSourceVault(),
		Clients: map[domain.MarketplaceType]ports.MarketplaceClient{domain.Amazon: &source{size: 2}}, Watcher: w, Leases: s.leases, MockSource: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// mailbox connects a tenant's mailbox.
func (s *watchStage) mailbox(t *testing.T, who string) domain.ConnectionState {
	t.Helper()
	c, err := s.SetMailbox.Run(t.Context(), app.SetMailboxCommand{Tenant: tenant(t, who), Marketplace: domain.Amazon, Mailbox: mailbox})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (s *watchStage) status(t *testing.T, c domain.ConnectionState) domain.ConnectionState {
	t.Helper()
	status, err := s.Status.Run(t.Context(), app.StatusQuery{Tenant: c.Tenant, Marketplace: domain.Amazon})
	got := status.Connection
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// run runs Watch until what it returns is called, which waits for it.
func (s *watchStage) run(t *testing.T, a *app.App, limit int) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Watch.Run(ctx, limit) }()
	synctest.Wait()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}
