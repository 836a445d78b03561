package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keybuzzio/marketplaces/adapters/httpapi"
	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

var (
	noon   = time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	secret = domain.NewSecret("an-hs256-secret-of-more-than-32-bytes")

	webhookKey = domain.NewSecret("a-webhook-key-of-more-than-32-bytes!")
)

// stage is a Server on use cases in memory, with a marketplace that the test scripts. Everything it logs is kept, and
// every answer it gives is checked against openapi.yaml.
type stage struct {
	*httpapi.Server
	app     *app.App
	store   *memory.Store
	source  *source
	secrets *memory.SecretStore
	clock   *memory.Clock
	raws    *memory.SourceVault
	log     *logBook
	spec    *spec
	handler http.Handler // what requests go to: the Server, or what a test puts before it
}

// setup is what a test may want otherwise.
type setup struct {
	repository ports.Repository
	operations ports.Operations
	observer   ports.Observer
	queue      ports.Queue
	river      http.Handler
	routes     ports.Routes
	host       string // of inbound addresses
	keys       []domain.Secret
	clients    map[domain.MarketplaceType]ports.MarketplaceClient
	mock       bool
	auth       *httpapi.Authenticator
	ready      func(context.Context) error

	vault      ports.SecretStore
	pending    ports.PendingConsents
	authorizer ports.Authorizer  // nil where sellers cannot authorize us
	orders     ports.OrderSource // required with authorizer
	signIn     string
	dev        *httpapi.DevPage
}

func newStage(t testing.TB, change ...func(*setup)) *stage {
	t.Helper()
	store := memory.NewStore()
	s := &stage{store: store, source: &source{today: map[string]domain.InboundMessage{}, files: map[string][]byte{}}, secrets: memory.NewSecretStore(), clock: memory.NewClock(noon.Add(24 * time.Hour)), raws: memory.NewSourceVault(), log: &logBook{}, spec: loadSpec(t)}
	u := setup{
		repository: store, operations: store, queue: store, river: http.NotFoundHandler(), mock: true,
		routes: store, host: "inbound.example.com", keys: []domain.Secret{webhookKey},
		auth:    authenticator(t, httpapi.AuthOptions{Secret: secret}),
		clients: map[domain.MarketplaceType]ports.MarketplaceClient{domain.Amazon: s.source},
		ready:   func(context.Context) error { return nil },
		vault:   s.secrets, pending: store,
	}
	for _, c := range change {
		c(&u)
	}
	targets, err := domain.ParseReturnTargets([]string{"https://app.example.com/settings", "http://127.0.0.1:4000/dev"})
	if err != nil {
		t.Fatal(err)
	}
	deps := app.Deps{
		Repository: u.repository, Directory: store, PollLedger: store, Secrets: u.vault, Mailboxes: mailboxes{}, Submissions: mailboxes{}, Sources: s.raws, Clients: u.clients,
		Interpreters: map[domain.MarketplaceType]ports.Interpreter{domain.Amazon: s.source},
		Operations:   u.operations, Queue: u.queue, Routes: u.routes, InboundHost: u.host, Observer: u.observer,
		Clock: s.clock, MockSource: u.mock, PendingConsents: u.pending, ReturnTargets: targets,
	}
	if u.authorizer != nil {
		deps.Authorizers = map[domain.MarketplaceType]ports.Authorizer{domain.Amazon: u.authorizer}
		deps.Orders = map[domain.MarketplaceType]ports.OrderSource{domain.Amazon: u.orders}
	}
	a, err := app.New(deps)
	if err != nil {
		t.Fatal(err)
	}
	s.app = a
	log := slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.Server, err = httpapi.New(a, httpapi.Options{Auth: u.auth, Ready: u.ready, Log: log, River: u.river, Version: "v1.2.3", WebhookKeys: u.keys, SignIn: u.signIn, Dev: u.dev})
	if err != nil {
		t.Fatal(err)
	}
	s.handler = s.Server
	return s
}

func authenticator(t testing.TB, o httpapi.AuthOptions) *httpapi.Authenticator {
	t.Helper()
	a, err := httpapi.NewAuthenticator(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func tenant(t testing.TB, name string) domain.TenantID {
	t.Helper()
	id, err := domain.ParseTenantID(name)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// tokenOf returns a good token of a tenant.
func tokenOf(t testing.TB, name string) string {
	t.Helper()
	token, err := httpapi.IssueToken(secret, tenant(t, name), time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// answer is what the server gave.
type answer struct {
	*httptest.ResponseRecorder
	t testing.TB
}

// json reads the body as one JSON object.
func (a answer) json() map[string]any {
	a.t.Helper()
	var v map[string]any
	if err := json.Unmarshal(a.Body.Bytes(), &v); err != nil {
		a.t.Fatalf("%d %s: %v", a.Code, a.Body, err)
	}
	return v
}

// data reads the rows of a page.
func (a answer) data() []map[string]any {
	a.t.Helper()
	rows, ok := a.json()["data"].([]any)
	if !ok {
		a.t.Fatalf("no data in %d %s", a.Code, a.Body)
	}
	all := make([]map[string]any, len(rows))
	for i, r := range rows {
		all[i] = r.(map[string]any)
	}
	return all
}

// call sends a request of tenant t1 with a JSON body, if there is one; change alters it before. The answer is one that openapi.yaml
// has.
func (s *stage) call(t testing.TB, method, path, body string, change ...func(*http.Request)) answer {
	t.Helper()
	var asked *http.Request
	a := s.ask(t, method, path, body, append(change[:len(change):len(change)], func(r *http.Request) { asked = r })...)
	s.spec.check(t, asked, a)
	return a
}

// ask is call for what openapi.yaml does not have.
func (s *stage) ask(t testing.TB, method, path, body string, change ...func(*http.Request)) answer {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+tokenOf(t, "t1"))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, c := range change {
		c(r)
	}
	a := answer{httptest.NewRecorder(), t}
	s.handler.ServeHTTP(a, r)
	return a
}

func (s *stage) get(t testing.TB, path string, change ...func(*http.Request)) answer {
	t.Helper()
	return s.call(t, http.MethodGet, path, "", change...)
}

func (s *stage) post(t testing.TB, path string, change ...func(*http.Request)) answer {
	t.Helper()
	return s.call(t, http.MethodPost, path, "", change...)
}

func as(t testing.TB, name string) func(*http.Request) { return bearer(tokenOf(t, name)) }

func bearer(token string) func(*http.Request) { return header("Authorization", "Bearer "+token) }

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func anonymous(r *http.Request) { r.Header.Del("Authorization") }

const goodMailbox = `{"host":"imap.example.com","port":993,"tls":"implicit","user":"seller@example.com","password":"right-horse","mailbox":"INBOX"}`

// mailboxes is a MailboxChecker that lets in whoever knows the password.
type mailboxes struct{}

func (mailboxes) CheckMailbox(_ context.Context, m domain.Mailbox) error {
	switch m.Password.Reveal() {
	case "right-horse":
		return nil
	case "slow":
		return &domain.Error{Kind: domain.ErrUnavailable, Msg: "the server does not answer", RetryAfter: 1500 * time.Millisecond}
	}
	return domain.Errorf(domain.ErrRejected, "%s does not accept this user and password", m.Host)
}

func (c mailboxes) CheckSubmission(ctx context.Context, a domain.Submission) error {
	return c.CheckMailbox(ctx, domain.Mailbox{Host: a.Host, Password: a.Password})
}

// source is a marketplace in memory. Its cursor is the number of messages behind it.
type source struct {
	messages []domain.InboundMessage
	before   func(context.Context) error      // asked before a page is given; its error ends the reading
	today    map[string]domain.InboundMessage // what today's code reads in a raw
	files    map[string][]byte                // content of the files of all raws, by their names
}

func (s *source) Pages(ctx context.Context, _ domain.ConnectionState, cursor string) iter.Seq2[ports.Page, error] {
	return func(yield func(ports.Page, error) bool) {
		if s.before != nil {
			if err := s.before(ctx); err != nil {
				yield(ports.Page{}, err)
				return
			}
		}
		from, _ := strconv.Atoi(cursor)
		if from < len(s.messages) {
			yield(ports.Page{Messages: s.messages[from:], Next: strconv.Itoa(len(s.messages))}, nil)
		}
	}
}

// Interpret reads what the test scripts, and finds nothing wrong with other raws.
func (s *source) Interpret(raw domain.Source, received time.Time) domain.InboundMessage {
	if m, ok := s.today[string(raw.Bytes)]; ok {
		m.Source = raw
		return m
	}
	return domain.InboundMessage{ExternalID: string(raw.Bytes), Body: "words", ReceivedAt: received, Source: raw}
}

// File finds a file by its name in the message that the test scripts.
func (s *source) File(raw domain.Source, number int) ([]byte, error) {
	for _, f := range s.today[string(raw.Bytes)].Files {
		if f.Number == number {
			return s.files[f.OriginalName], nil
		}
	}
	return nil, domain.Errorf(domain.ErrNotFound, "there is no such file")
}

// message is a sound message that came n minutes after noon, in the thread given.
func message(n int, thread string) domain.InboundMessage {
	return domain.InboundMessage{
		ExternalID: fmt.Sprintf("m-%04d", n), ThreadID: thread, OrderID: "", BuyerName: "Ana Buyername",
		BuyerEmail: "relay123@marketplace.amazon.es", Subject: "Una pregunta", Body: fmt.Sprintf("Buyer's <words> & %d", n),
		ReceivedAt: noon.Add(time.Duration(n) * time.Minute), Source: domain.Source{MediaType: "text/plain", Bytes: fmt.Appendf(nil, "raw %d", n)},
	}
}

// logBook keeps what is logged.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
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

// lines returns what was logged with a message.
func (l *logBook) lines(t testing.TB, msg string) []map[string]any {
	t.Helper()
	var all []map[string]any
	for line := range strings.Lines(l.String()) {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatal(err)
		}
		if v["msg"] == msg {
			all = append(all, v)
		}
	}
	return all
}
