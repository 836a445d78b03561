package httpapi_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/matryer/is"
	"go.uber.org/mock/gomock"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
	"github.com/keybuzzio/marketplaces/ports/portmock"
)

func TestProblemsAreRFC9457(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	id := uuid.NewString()
	a := s.get(t, "/api/v1/tickets/"+id+"?cursor=secret", header("X-Request-Id", "call-17"))
	is.Equal(a.Code, http.StatusNotFound)
	is.Equal(a.Header().Get("Content-Type"), "application/problem+json")
	p := a.json()
	is.Equal(p["type"], "/docs#not-found")
	is.Equal(p["title"], "Not found")
	is.Equal(p["status"], float64(404))
	is.True(p["detail"] != "")
	is.Equal(p["instance"], "/api/v1/tickets/"+id) // without the query
	is.Equal(p["requestId"], "call-17")
	is.Equal(a.Header().Get("X-Request-Id"), "call-17")
}

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		given string
		kept  bool
	}{
		"a short token":    {"Call_17.a-b", true},
		"64 bytes":         {strings.Repeat("x", 64), true},
		"none":             {"", false},
		"65 bytes":         {strings.Repeat("x", 65), false},
		"a space":          {"a b", false},
		"a line feed":      {"a\nforged=line", false},
		"quotes":           {`a"b`, false},
		"not ASCII":        {"é", false},
		"markup":           {"<script>", false},
		"a log's own sign": {"id=7", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, s := is.New(t), newStage(t)
			got := s.get(t, "/healthz", header("X-Request-Id", c.given)).Header().Get("X-Request-Id")
			is.Equal(got == c.given, c.kept)
			if !c.kept {
				u, err := uuid.Parse(got)
				is.NoErr(err)
				is.Equal(u.Version(), uuid.Version(7))
			}
			is.Equal(s.log.lines(t, "request")[0]["request_id"], got)
		})
	}
}

func TestMethodNotAllowedNamesTheMethodsThereAre(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ method, path, allow string }{
		"post to a list":      {"POST", "/api/v1/tickets", "GET, HEAD"},
		"get a command":       {"GET", connect, "POST"},
		"post a mailbox":      {"POST", mailbox, "PUT"},
		"delete a ticket":     {"DELETE", "/api/v1/tickets/" + uuid.NewString(), "GET, HEAD"},
		"preflight":           {"OPTIONS", status, "GET, HEAD"},
		"outside of the API":  {"POST", "/healthz", "GET, HEAD"},
		"metrics":             {"POST", "/metrics", "GET, HEAD"},
		"an invented method":  {"SECRET-METHOD", status, "GET, HEAD"},
		"lower case is other": {"get", status, "GET, HEAD"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, s := is.New(t), newStage(t)
			a := s.call(t, c.method, c.path, "")
			is.Equal(a.Code, http.StatusMethodNotAllowed)
			is.Equal(strings.Join(a.Header().Values("Allow"), ", "), c.allow)
			line := s.log.lines(t, "request")[0]
			is.Equal(line["route"], "other")
			is.True(line["method"] == c.method || line["method"] == "other")
		})
	}
}

func TestWhatIsNotThere(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	for _, path := range []string{"/", "/favicon.ico", "/api", "/api/v2/tickets", "/api/v1", "/api/v1/", "/api/v1/nothing", "/docs/", "//docs", "/healthz/.."} {
		is.Equal(s.get(t, path).Code, http.StatusNotFound)
	}
}

func TestHeadersThatKeepBrowsersAndCachesOut(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	for _, path := range []string{"/api/v1/tickets", "/api/v1/nothing", status, "/healthz", "/metrics"} {
		h := s.get(t, path, header("Origin", "https://evil.example")).Header()
		is.Equal(h.Get("X-Content-Type-Options"), "nosniff")
		is.Equal(h.Get("Cache-Control"), "no-store")
		is.Equal(h.Get("Content-Security-Policy"), "default-src 'none'; frame-ancestors 'none'")
		is.Equal(h.Get("Referrer-Policy"), "no-referrer")
		is.Equal(h.Get("Access-Control-Allow-Origin"), "") // no CORS
	}
}

func TestAPanicIsAProblemAndItsValueASecret(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	s.Handle("/broken", func(http.ResponseWriter, *http.Request) error { panic("buyer's words: ring 0123456789") })
	a := s.get(t, "/api/v1/broken")
	is.Equal(a.Code, http.StatusInternalServerError)
	is.Equal(a.json()["type"], "/docs#internal")
	line := s.log.lines(t, "request panicked")[0]
	is.Equal(line["panic"], "string")
	is.True(strings.Contains(line["stack"].(string), "exchange_test.go"))
	is.True(!strings.Contains(s.log.String(), "0123456789"))
	is.Equal(s.log.lines(t, "request")[0]["status"], float64(500))
}

func TestAPanicInTheMiddleOfAnAnswerCutsIt(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	s.Handle("/half", func(w http.ResponseWriter, _ *http.Request) error {
		_, _ = w.Write([]byte(`{"data":[`))
		panic("half way")
	})
	defer func() {
		is.Equal(recover(), http.ErrAbortHandler) // what makes net/http close the connection
		is.Equal(len(s.log.lines(t, "request panicked")), 1)
		is.Equal(len(s.log.lines(t, "request")), 1)
	}()
	s.get(t, "/api/v1/half")
}

func TestARequestThatTakesTooLongIsStopped(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	s.SetTimeout(20 * time.Millisecond)
	s.source.before = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	a := s.post(t, mock)
	is.Equal(a.Code, http.StatusServiceUnavailable)
	is.Equal(a.Header().Get("Retry-After"), "10")
	is.True(strings.Contains(a.json()["detail"].(string), "took too long"))
}

func TestAClientThatHasGoneIsNoError(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	s.Handle("/slow", func(_ http.ResponseWriter, r *http.Request) error {
		return fmt.Errorf("driver: connection closed by %w", r.Context().Err())
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/api/v1/slow", http.NoBody)
	is.NoErr(err)
	as(t, "t1")(r)
	w := &discard{header: http.Header{}}
	s.ServeHTTP(w, r)
	is.Equal(w.body.Len(), 0)
	is.Equal(s.log.lines(t, "request")[0]["status"], float64(499))
	is.Equal(len(s.log.lines(t, "request failed")), 0)
}

type discard struct {
	header http.Header
	body   bytes.Buffer
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return d.body.Write(b) }
func (d *discard) WriteHeader(int)             {}

// bodies are good ones, for the routes that need one.
var bodies = map[string]string{
	mailbox:                          goodMailbox,
	addresses:                        `{"country":"FR"}`,
	"/api/v1/quarantine/{id}/assign": `{"ticketId":"` + uuid.NewString() + `"}`,
	loginRoute:                       `{"query":"` + goodInvitation + `"}`,
	"/api/v1/tickets/{id}/replies":   `{"body":"Hello","seenMessageId":"` + uuid.NewString() + `"}`,
	"/api/v1/tickets/{id}/notes":     `{"body":"Hello"}`,
	"/api/v1/replies/check":          `{"ticketId":"` + uuid.NewString() + `","body":"Hello"}`,
	"/api/v1/tickets/{id}/replies/{replyId}/resolve": `{"outcome":"sent"}`,

	webhook: "Subject: Hello\r\n\r\nHello\r\n",
}

func TestADatabaseThatIsDown(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	mocks := gomock.NewController(t)
	repo, queue, seen := portmock.NewMockRepository(mocks), portmock.NewMockQueue(mocks), portmock.NewMockOperations(mocks)
	down := &domain.Error{Kind: domain.ErrUnavailable, Msg: "the database does not answer", RetryAfter: 1500 * time.Millisecond, Err: errors.New("dial unix /run/pg.sock")}
	repo.EXPECT().View(gomock.Any(), gomock.Any(), gomock.Any()).Return(down).AnyTimes()
	repo.EXPECT().Update(gomock.Any(), gomock.Any(), gomock.Any()).Return(down).AnyTimes()
	queue.EXPECT().Jobs(gomock.Any(), gomock.Any()).Return(nil, down).AnyTimes()
	seen.EXPECT().Connections(gomock.Any(), gomock.Any()).Return(nil, down).AnyTimes()
	seen.EXPECT().FindConnection(gomock.Any(), gomock.Any()).Return(ports.ConnectionRef{}, down).AnyTimes()
	seen.EXPECT().Rejected(gomock.Any(), gomock.Any()).Return(nil, down).AnyTimes()
	seen.EXPECT().FindRejected(gomock.Any(), gomock.Any()).Return(ports.RejectedRef{}, down).AnyTimes()
	routes := portmock.NewMockRoutes(mocks)
	routes.EXPECT().Route(gomock.Any(), gomock.Any()).Return(domain.InboundAddressState{}, down).AnyTimes()
	pending := portmock.NewMockPendingConsents(mocks)
	pending.EXPECT().FindConsent(gomock.Any(), gomock.Any()).Return(domain.ConsentState{}, down).AnyTimes()
	s := newStage(t, withAmazon(newAmazon()), func(u *setup) {
		u.repository, u.queue, u.operations, u.routes, u.pending = repo, queue, seen, routes, pending
	})
	asked := 0
	for _, o := range operations(t, s) {
		if !strings.HasPrefix(o.Path, "/api/v1") || o.Path == session || browsersOnly[o] != "" { // which asks no database, or answers with a page
			continue
		}
		asked++
		a := s.call(t, o.Method, concrete.Replace(o.Path), bodies[o.Path], func(r *http.Request) {
			if o.Path == webhook {
				signed("", "a@inbound.example.com", bodies[webhook])(r)
			}
			r.Header.Set("Idempotency-Key", "1")
		})
		is.Equal(a.Code, http.StatusServiceUnavailable) // an error is never an empty list
		is.Equal(a.Header().Get("Retry-After"), "2")    // rounded up
		is.True(!strings.Contains(a.Body.String(), "pg.sock"))
	}
	is.Equal(asked, 39)
	page := s.get(t, callback+"?state="+domain.NewNonce().Reveal(), anonymous, holding(domain.NewNonce().Reveal()))
	is.Equal(page.Code, http.StatusServiceUnavailable)
	is.Equal(page.Header().Get("Retry-After"), "2")
	is.True(!strings.Contains(page.Body.String(), "pg.sock"))
	is.Equal(len(s.log.lines(t, "request failed")), asked+1)
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := newStage(t)
	is.Equal(s.get(t, "/healthz", anonymous).Body.String(), `{"status":"ok"}`+"\n")
	is.Equal(s.get(t, "/readyz", anonymous).Body.String(), `{"status":"ready"}`+"\n")

	s = newStage(t, func(u *setup) {
		u.ready = func(context.Context) error { return errors.New("schema 7, want 9 at postgres://db.internal") }
	})
	is.Equal(s.get(t, "/healthz", anonymous).Code, http.StatusOK) // alive all the same
	a := s.get(t, "/readyz", anonymous)
	is.Equal(a.Code, http.StatusServiceUnavailable)
	is.True(!strings.Contains(a.Body.String(), "db.internal"))
	is.True(strings.Contains(s.log.lines(t, "request failed")[0]["error"].(string), "schema 7, want 9")) // the cause is for operators
}

func TestHeadIsAnsweredWhereGetIs(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	for _, o := range operations(t, s) {
		if o.Method == http.MethodGet && o.Path != callbackRoute { // which HEAD must not use up
			path := concrete.Replace(o.Path)
			is.Equal(s.call(t, http.MethodHead, path, "").Code, s.get(t, path).Code)
		}
	}
}
