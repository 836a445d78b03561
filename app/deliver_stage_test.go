package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
	"github.com/keybuzzio/marketplaces/ports/portmock"
)

// deliverStage is what pushed mails need, with a repository, a vault and an interpreter that fail on cue.
type deliverStage struct {
	*app.App
	store    *memory.Store
	repo     *cuedRepository
	vault    *cuedVault
	observer *deliveries
	clock    *memory.Clock
	address  domain.InboundAddressState // of the tenant seller
}

func newDeliverStage(t testing.TB) *deliverStage {
	t.Helper()
	store := memory.NewStore()
	s := &deliverStage{store: store, repo: &cuedRepository{Store: store}, vault: &cuedVault{SourceVault: memory.NewSourceVault()}, observer: &deliveries{}, clock: memory.NewClock(noon)}
	s.App = s.process(t)
	s.address = s.newAddress(t, "seller", "DE")
	return s
}

// process returns the use cases of another process on the same store.
func (s *deliverStage) process(t testing.TB) *app.App {
	t.Helper()
	a, err := app.New(app.Deps{
		Repository: s.repo, Directory: s.store, PollLedger: s.store, Secrets: memory.NewSecretStore(), Sources: s.vault, Routes: s.repo,
		Mailboxes: new(portmock.MockMailboxChecker), InboundHost: "in.example.com", Observer: s.observer, Clock: s.clock, HeldMail: 8 << 20,
		Clients:      map[domain.MarketplaceType]ports.MarketplaceClient{domain.Amazon: new(portmock.MockMarketplaceClient)},
		Interpreters: map[domain.MarketplaceType]ports.Interpreter{domain.Amazon: plainReader{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (s *deliverStage) newAddress(t testing.TB, who, country string) domain.InboundAddressState {
	t.Helper()
	id, err := domain.ParseTenantID(who)
	if err != nil {
		t.Fatal(err)
	}
	a, _, err := s.CreateAddress.Run(t.Context(), app.CreateAddressCommand{Tenant: id, Marketplace: domain.Amazon, Country: country, By: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// deliver delivers a mail for the stage's address.
func (s *deliverStage) deliver(ctx context.Context, raw string) delivered {
	return s.deliverTo(ctx, s.address, raw)
}

func (s *deliverStage) deliverTo(ctx context.Context, a domain.InboundAddressState, raw string) (end delivered) {
	end.outcome, end.err = s.Deliver.Run(ctx, app.DeliverCommand{
		Address: a, Via: ports.ViaLMTP, Source: domain.Source{MediaType: "text/plain", Bytes: []byte(raw)}, Arrived: time.Now(),
	})
	return end
}

type delivered struct {
	outcome ports.DeliveryOutcome
	err     error
}

// later delivers a mail in the background.
func (s *deliverStage) later(ctx context.Context, raw string) <-chan delivered {
	end := make(chan delivered, 1)
	go func() { end <- s.deliver(ctx, raw) }()
	return end
}

// known returns which external ids of the tenant seller are stored.
func (s *deliverStage) known(t testing.TB, ids ...string) map[string]bool {
	t.Helper()
	var known map[string]bool
	err := s.store.View(t.Context(), s.address.Tenant, func(ctx context.Context, tx ports.Tx) (err error) {
		known, err = tx.Pages.Known(ctx, domain.Amazon, ids)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return known
}

// letter is a mail that plainReader understands.
func letter(id string) string { return id + "\nWhere is my parcel?" }

// plainReader reads mails whose first line is the id and whose other lines are the text.
type plainReader struct{}

func (plainReader) Interpret(raw domain.Source, received time.Time) domain.InboundMessage {
	id, body, _ := strings.Cut(string(raw.Bytes), "\n")
	if id == "panic" {
		panic(body)
	}
	return domain.InboundMessage{ExternalID: id, ThreadID: id, Subject: "A question", Body: body[:min(len(body), 100)], ReceivedAt: received, Source: raw}
}

func (plainReader) File(domain.Source, int) ([]byte, error) {
	return nil, domain.Errorf(domain.ErrNotFound, "no files")
}

// cuedRepository calls before before each Update and Route and counts the Updates.
type cuedRepository struct {
	*memory.Store
	mu      sync.Mutex
	before  func(ctx context.Context) error
	updates int
	locked  atomic.Int64 // addresses
}

func (r *cuedRepository) cue(before func(ctx context.Context) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.before, r.updates = before, 0
}

func (r *cuedRepository) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.updates
}

func (r *cuedRepository) begin(ctx context.Context, updates int) error {
	r.mu.Lock()
	r.updates += updates
	before := r.before
	r.mu.Unlock()
	if before == nil {
		return nil
	}
	return before(ctx)
}

func (r *cuedRepository) Update(ctx context.Context, tenant domain.TenantID, fn ports.TxFunc) error {
	if err := r.begin(ctx, 1); err != nil {
		return err
	}
	return r.Store.Update(ctx, tenant, func(ctx context.Context, tx ports.Tx) error {
		tx.Addresses = countedAddresses{tx.Addresses, &r.locked}
		return fn(ctx, tx)
	})
}

// countedAddresses counts those that are locked.
type countedAddresses struct {
	ports.Addresses
	locked *atomic.Int64
}

func (a countedAddresses) Lock(ctx context.Context, id domain.InboundAddressID) (*domain.InboundAddress, error) {
	a.locked.Add(1)
	return a.Addresses.Lock(ctx, id)
}

func (r *cuedRepository) Route(ctx context.Context, address string) (domain.InboundAddressState, error) {
	if err := r.begin(ctx, 0); err != nil {
		return domain.InboundAddressState{}, err
	}
	return r.Store.Route(ctx, address)
}

// cuedVault fails with err, and cannot seal what holds the word poison.
type cuedVault struct {
	*memory.SourceVault
	err error
}

func (v *cuedVault) Sealer(ctx context.Context, tenant domain.TenantID) (ports.SourceSealer, error) {
	if v.err != nil {
		return nil, v.err
	}
	s, err := v.SourceVault.Sealer(ctx, tenant)
	return cuedSealer{s}, err
}

type cuedSealer struct{ ports.SourceSealer }

func (s cuedSealer) Seal(raw domain.StoredSource) (domain.StoredSource, error) {
	if bytes.Contains(raw.Bytes, []byte("poison")) {
		return raw, errors.New("a bug")
	}
	return s.SourceSealer.Seal(raw)
}

// deliveries counts what an observer is told of.
type deliveries struct {
	ports.NoObserver
	mu  sync.Mutex
	all []string
}

func (d *deliveries) Delivered(e ports.Delivered) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = append(d.all, fmt.Sprintf("%s %s", e.Via, e.Outcome))
}
