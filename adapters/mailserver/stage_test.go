package mailserver_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keybuzzio/marketplaces/adapters/amazon"
	"github.com/keybuzzio/marketplaces/adapters/amazon/mail"
	"github.com/keybuzzio/marketplaces/adapters/mailserver"
	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
	"github.com/keybuzzio/marketplaces/ports/portmock"
)

// stage is use cases on a store, with addresses to send to.
type stage struct {
	*app.App
	repo     *cuedRepository // nil on Postgres
	read     *witness
	observer *deliveries
	log      *syncBuffer

	live, second, retired domain.InboundAddressState // of the tenant seller
	other                 domain.InboundAddressState // of another tenant
}

func newStage(t testing.TB) *stage {
	t.Helper()
	repo := &cuedRepository{Store: memory.NewStore()}
	s := newStageOn(t, app.Deps{
		Repository: repo, Directory: repo, PollLedger: repo, Routes: repo, Sources: memory.NewSourceVault(), HeldMail: 40 << 20,
	})
	s.repo = repo
	return s
}

// newStageOn completes what d says of the stores.
func newStageOn(t testing.TB, d app.Deps) *stage {
	t.Helper()
	s := &stage{observer: &deliveries{}, log: &syncBuffer{}, read: &witness{
		Interpreter: amazon.NewInterpreter(map[string]ports.Interpreter{mail.MediaType: mail.Interpreter{AuthServer: "mx.test"}}),
	}}
	d.Secrets, d.Mailboxes, d.InboundHost, d.Observer = memory.NewSecretStore(), new(portmock.MockMailboxChecker), "in.example.com", s.observer
	d.Clients = map[domain.MarketplaceType]ports.MarketplaceClient{domain.Amazon: new(portmock.MockMarketplaceClient)}
	d.Interpreters = map[domain.MarketplaceType]ports.Interpreter{domain.Amazon: s.read}
	d.Log = slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	a, err := app.New(d)
	if err != nil {
		t.Fatal(err)
	}
	s.App = a
	s.live, s.second, s.retired = s.address(t, "seller", "DE"), s.address(t, "seller", "FR"), s.address(t, "seller", "ES")
	s.other = s.address(t, "other", "DE")
	_, err = s.RetireAddress.Run(t.Context(), app.RetireAddressCommand{Tenant: s.retired.Tenant, Address: s.retired.ID, By: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stage) address(t testing.TB, who, country string) domain.InboundAddressState {
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

// fill puts the stage's addresses into the words of a script.
func (s *stage) fill(script string) string {
	return strings.NewReplacer("LIVE", s.live.Address, "SECOND", s.second.Address, "RETIRED", s.retired.Address, "OTHER", s.other.Address).Replace(script)
}

// serve serves until the test ends and returns where.
func (s *stage) serve(t testing.TB, o mailserver.Options) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.serveOn(t, l, o)
	return l.Addr().String()
}

// serveOn serves until stop is called, or the test ends.
func (s *stage) serveOn(t testing.TB, l net.Listener, o mailserver.Options) (stop func() error) {
	o.Log = slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- mailserver.New(s.Deliver, o).Serve(ctx, l) }()
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return stop
}

// client speaks to a server by hand.
type client struct {
	net.Conn
	t testing.TB
	r *bufio.Reader
}

func dial(t testing.TB, address string) *client {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(5 * time.Minute))
	return newClient(t, c)
}

func newClient(t testing.TB, c net.Conn) *client { return &client{c, t, bufio.NewReader(c)} }

// send writes as it is. A connection that the server has closed is found out by what it answers.
func (c *client) send(text string) { _, _ = io.WriteString(c, text) }

// reply reads one answer, all lines of it. "" when the connection is closed.
func (c *client) reply() string {
	var all strings.Builder
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return all.String()
		}
		all.WriteString(line)
		if len(line) > 3 && line[3] != '-' {
			return all.String()
		}
	}
}

// want reads one answer, whose last line must begin so.
func (c *client) want(prefix string) string {
	c.t.Helper()
	all := c.reply()
	last := strings.TrimSuffix(all, "\r\n")
	if i := strings.LastIndexByte(last, '\n'); i >= 0 {
		last = last[i+1:]
	}
	if prefix == closed && all != "" || !strings.HasPrefix(last, prefix) {
		c.t.Fatalf("got %q, want %q", all, prefix)
	}
	return all
}

// closed is the answer of a server that has hung up.
const closed = ""

// talk sends each command and wants its answer: "> command" and "< answer", a line each. The greeting was read.
func (c *client) talk(script string) {
	c.t.Helper()
	for line := range strings.Lines(script) {
		line = strings.TrimSpace(line)
		if text, ok := strings.CutPrefix(line, "> "); ok {
			c.send(text + "\r\n")
		} else if text, ok := strings.CutPrefix(line, "<"); ok {
			c.want(strings.TrimSpace(text))
		}
	}
}

// mailOf is a mail that Amazon might have sent, n says which.
func mailOf(n int) string {
	return crlf(fmt.Sprintf(`From: Ana <abc%d@marketplace.amazon.de>
To: seller@example.com
Subject: Where is it?
Date: Mon, 02 Nov 2026 12:00:00 +0000
Message-ID: <%d@amazonses.com>
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8

Where is my parcel number %d?
`, n, n, n))
}

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

// witness keeps what it interprets.
type witness struct {
	ports.Interpreter
	forget bool // keeps nothing
	mu     sync.Mutex
	raws   [][]byte
}

func (w *witness) Interpret(raw domain.Source, received time.Time) domain.InboundMessage {
	w.mu.Lock()
	if !w.forget {
		w.raws = append(w.raws, raw.Bytes)
	}
	w.mu.Unlock()
	return w.Interpreter.Interpret(raw, received)
}

// all returns what was interpreted.
func (w *witness) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make([]string, len(w.raws))
	for i, raw := range w.raws {
		all[i] = string(raw)
	}
	return all
}

// cuedRepository calls update before each Update and route before each Route.
type cuedRepository struct {
	*memory.Store
	mu            sync.Mutex
	update, route func(ctx context.Context) error
}

func (r *cuedRepository) cue(update, route func(ctx context.Context) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.update, r.route = update, route
}

func (r *cuedRepository) cued() (update, route func(ctx context.Context) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.update, r.route
}

func (r *cuedRepository) Update(ctx context.Context, tenant domain.TenantID, fn ports.TxFunc) error {
	if update, _ := r.cued(); update != nil {
		if err := update(ctx); err != nil {
			return err
		}
	}
	return r.Store.Update(ctx, tenant, fn)
}

func (r *cuedRepository) Route(ctx context.Context, address string) (domain.InboundAddressState, error) {
	if _, route := r.cued(); route != nil {
		if err := route(ctx); err != nil {
			return domain.InboundAddressState{}, err
		}
	}
	return r.Store.Route(ctx, address)
}

func down(context.Context) error { return domain.Errorf(domain.ErrUnavailable, "the database is away") }

// deliveries counts what an observer is told of.
type deliveries struct {
	ports.NoObserver
	mu    sync.Mutex
	all   map[ports.DeliveryOutcome]int
	pages int
}

func (d *deliveries) Ingested(ports.Ingested) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pages++
}

func (d *deliveries) Delivered(e ports.Delivered) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.all == nil {
		d.all = map[ports.DeliveryOutcome]int{}
	}
	d.all[e.Outcome]++
}

func (d *deliveries) count(o ports.DeliveryOutcome) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.all[o]
}

// syncBuffer is a log that many write.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
