package boot_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/app/boot"
)

// fetch reads an address as Prometheus and Kubernetes do.
func fetch(t *testing.T, url string) (code int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Body.Close() }()
	b, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a.StatusCode, string(b)
}

// has reports whether a page of metrics has a line that begins so.
func has(page, begin string) bool { return strings.Contains("\n"+page, "\n"+begin) }

var shownAt = regexp.MustCompile(`metrics shown" address=(\S+)`)

// startWorker starts a worker that shows its metrics, and returns where.
func (p *product) startWorker(t *testing.T, more ...string) (base string, w *process) {
	t.Helper()
	w = start(t, "worker", append(append([]string{"KEYBUZZ_METRICS_ADDR=127.0.0.1:0"}, p.settings...), more...))
	eventually(t, "the worker shows its metrics", func() bool { return shownAt.MatchString(w.log.String()) || exited(w) })
	at := shownAt.FindStringSubmatch(w.log.String())
	if at == nil {
		t.Fatal("the worker did not start")
	}
	return "http://" + at[1], w
}

func TestServerAndWorkerShowWhatTheyDo(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	p := newProduct(t)
	api, _ := p.serve(t)
	code, page := fetch(t, api.base+"/metrics")
	is.Equal(code, http.StatusOK)
	for _, line := range []string{
		`marketplaces_build_info{`, "go_goroutines ", "process_resident_memory_bytes ", "marketplaces_survey_up 1",
		`marketplaces_polls_total{marketplace="amazon",outcome="failed"} 0`,
		`marketplaces_messages_total{marketplace="amazon",outcome="created"} 0`,
		`marketplaces_connections{marketplace="amazon",status="connected"} 0`,
		`marketplaces_queue_jobs{state="discarded"} 0`, "marketplaces_queue_oldest_due_seconds 0",
		`marketplaces_throttle_wait_seconds_count{operation="imap.connect"} 0`,
	} {
		if !has(page, line) {
			t.Errorf("no %s", line)
		}
	}
	is.True(!strings.Contains(page, "tenant="))

	code, _ = api.call("POST", "/api/v1/marketplaces/amazon/mock/connect", nil)
	is.Equal(code, http.StatusOK)
	for _, line := range []string{
		`marketplaces_messages_total{marketplace="amazon",outcome="created"} 3`,
		`http_requests_total{code="200",method="POST",route="/api/v1/marketplaces/amazon/mock/connect"} 1`,
	} {
		eventually(t, "the server shows "+line, func() bool {
			_, page := fetch(t, api.base+"/metrics")
			return has(page, line)
		})
	}

	// A worker beside it sees the same sellers in the database.
	worker, w := p.startWorker(t)
	_, page = fetch(t, worker+"/metrics")
	is.True(has(page, `marketplaces_connections{marketplace="amazon",status="connected"} 1`))
	is.True(has(page, "marketplaces_last_message_timestamp_seconds "))
	is.True(!has(page, "http_requests_total"))
	code, page = fetch(t, worker+"/healthz")
	is.Equal(code, http.StatusOK)
	is.Equal(page, `{"status":"ok"}`+"\n")
	code, page = fetch(t, worker+"/readyz")
	is.Equal(code, http.StatusOK)
	is.Equal(page, `{"status":"ready"}`+"\n")
	code, _ = fetch(t, worker+"/api/v1/tickets")
	is.Equal(code, http.StatusNotFound) // a worker serves nobody else

	// A release rolls out: the schema is ahead, and what runs goes on. Behind it nothing works: not ready, and alive.
	p.exec(t, "INSERT INTO marketplace.schema_migrations (version) VALUES ('29991231000000_future')")
	code, _ = fetch(t, worker+"/readyz")
	is.Equal(code, http.StatusOK)
	p.exec(t, "DELETE FROM marketplace.schema_migrations")
	code, _ = fetch(t, worker+"/readyz")
	is.Equal(code, http.StatusServiceUnavailable)
	code, _ = fetch(t, worker+"/healthz")
	is.Equal(code, http.StatusOK)

	is.NoErr(w.Process.Signal(syscall.SIGTERM))
	is.Equal(w.wait(t), 0)
}

// Polls that hang in the database hold connections to it, and what watches them has its own: the worker stays ready, so that
// nobody restarts it, and its metrics tell.
func TestAWorkerStaysReadyWhenTheDatabaseIsStuck(t *testing.T) {
	t.Parallel()
	is, p := is.New(t), newProduct(t)
	worker, _ := p.startWorker(t)
	tx, err := p.db.BeginTx(t.Context(), nil)
	is.NoErr(err)
	defer func() { _ = tx.Rollback() }()
	_, err = tx.ExecContext(t.Context(), "LOCK TABLE marketplace.connections, marketplace.sync_states, river.river_job IN ACCESS EXCLUSIVE MODE")
	is.NoErr(err)
	begun := time.Now()
	_, page := fetch(t, worker+"/metrics")
	is.True(has(page, "marketplaces_survey_up 0"))
	is.True(has(page, "marketplaces_polls_total"))   // what is counted here is there
	is.True(!has(page, "marketplaces_connections{")) // what cannot be looked up is not
	is.True(time.Since(begun) < time.Minute)         // the look gave up, and did not wait for the lock
	for range 3 {
		code, _ := fetch(t, worker+"/readyz")
		is.Equal(code, http.StatusOK)
	}
	is.NoErr(tx.Rollback())
	eventually(t, "the look works again", func() bool {
		_, page := fetch(t, worker+"/metrics")
		return has(page, "marketplaces_survey_up 1")
	})
}

func TestTenantsAreShownWhenAsked(t *testing.T) {
	t.Parallel()
	p := newProduct(t)
	p.settings = append(p.settings, "KEYBUZZ_METRICS_TENANTS=true")
	api, _ := p.serve(t)
	api.call("POST", "/api/v1/marketplaces/amazon/mock/connect", nil)
	eventually(t, "the server shows the tenant's messages", func() bool {
		_, page := fetch(t, api.base+"/metrics")
		return has(page, `marketplaces_tenant_messages_total{marketplace="amazon",outcome="created",tenant="demo"} 3`)
	})
}

func TestAMetricsAddressInUseIsNamed(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	is.NoErr(err)
	defer func() { _ = taken.Close() }()
	address := taken.Addr().String()
	err = boot.Worker(t.Context(), nil, production("KEYBUZZ_METRICS_ADDR="+address), boot.Streams{Out: io.Discard, Err: io.Discard})
	is.True(err != nil)
	is.True(strings.Contains(err.Error(), "KEYBUZZ_METRICS_ADDR"))
	is.True(strings.Contains(err.Error(), address+" is in use"))
}

// A request is one trace, from the door of the server to the database, and a turn of a poll job is another.
func TestTracesReachACollector(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var mu sync.Mutex
	var got bytes.Buffer
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = io.Copy(&got, r.Body)
	}))
	defer collector.Close()
	received := func(word string) bool {
		mu.Lock()
		defer mu.Unlock()
		return bytes.Contains(got.Bytes(), []byte(word))
	}
	p := newProduct(t)
	p.settings = append(p.settings, "OTEL_EXPORTER_OTLP_ENDPOINT="+collector.URL, "OTEL_BSP_SCHEDULE_DELAY=100")
	api, server := p.serve(t)
	code, _ := api.call("POST", "/api/v1/marketplaces/amazon/mock/connect", nil)
	is.Equal(code, http.StatusOK)
	for _, word := range []string{"POST /api/v1/marketplaces/amazon/mock/connect", "intake store", "read page", "marketplaces-server"} {
		eventually(t, "the collector gets "+word, func() bool { return received(word) })
	}
	const poll = "\x2a\x04poll" // a span's name, field 5 of its message: the job that the worker inside has
	eventually(t, "the collector gets the job's poll", func() bool { return received(poll) })
	for _, word := range []string{"Jean", "commande", "reembolso", "Dupont", "INSERT"} {
		is.True(!received(word)) // no buyer, no SQL
	}
	is.NoErr(server.Process.Signal(syscall.SIGTERM))
	is.Equal(server.wait(t), 0)
}

func TestADeadCollectorDoesNotKeepTheServerFromStopping(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	closed, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	is.NoErr(err)
	is.NoErr(closed.Close())
	p := newProduct(t)
	p.settings = append(p.settings, "OTEL_EXPORTER_OTLP_ENDPOINT=http://"+closed.Addr().String())
	api, server := p.serve(t)
	code, _ := api.call("POST", "/api/v1/marketplaces/amazon/mock/connect", nil)
	is.Equal(code, http.StatusOK)
	begun := time.Now()
	is.NoErr(server.Process.Signal(syscall.SIGTERM))
	is.Equal(server.wait(t), 0)
	is.True(time.Since(begun) < time.Minute)
}
