package boot_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
	"github.com/keybuzzio/marketplaces/domain"
)

// product is a database and the settings of the programs that work on it, in development mode so that a mailbox on
// this machine may be read.
type product struct {
	db       *sql.DB
	settings []string
}

func newProduct(t *testing.T) *product {
	t.Helper()
	url := pgtest.Database(t)
	db, err := postgres.Open(t.Context(), domain.NewSecret(url), postgres.Options{MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return &product{db: db, settings: []string{
		"DATABASE_URL=" + url, "KEYBUZZ_DEV_MODE=true", "KEYBUZZ_DATA_DIR=" + t.TempDir(), "PORT=0", "LOG_FORMAT=text",
		// Tests say when to poll.
		"KEYBUZZ_AMAZON_POLL_INTERVAL_SECONDS=3600",
	}}
}

// read runs a query as the tenant of development mode and scans every row.
func (p *product) read(t *testing.T, scan func(*sql.Rows) error, query string) {
	t.Helper()
	tx, err := p.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(t.Context(), "SELECT set_config('keybuzz.tenant', 'demo', true)"); err != nil {
		t.Fatal(err)
	}
	rows, err := tx.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// count runs a query that gives one number.
func (p *product) count(t *testing.T, query string) (n int) {
	t.Helper()
	p.read(t, func(rows *sql.Rows) error { return rows.Scan(&n) }, query)
	return n
}

// counts are the rows that must each be there once.
type counts struct{ messages, tickets, ticketMessages, received, rejected int }

func (p *product) counts(t *testing.T) counts {
	t.Helper()
	return counts{
		p.count(t, "SELECT count(*) FROM marketplace.external_messages"),
		p.count(t, "SELECT count(*) FROM marketplace.tickets"),
		p.count(t, "SELECT count(*) FROM marketplace.ticket_messages WHERE sender_type = 'CUSTOMER'"),
		p.count(t, "SELECT count(*) FROM marketplace.ticket_events WHERE type = 'MESSAGE_RECEIVED'"),
		p.count(t, "SELECT count(*) FROM marketplace.rejected_messages"),
	}
}

// client talks to a running server with the token that it printed.
type client struct {
	t           *testing.T
	base, token string
	http        *http.Client
}

var (
	printedBase  = regexp.MustCompile(`API +(http://[^ ]+)/api/v1`)
	printedToken = regexp.MustCompile(`export TOKEN=(\S+)`)
)

// serve starts the server and returns a client for it, as a newcomer who reads what it prints.
func (p *product) serve(t *testing.T) (*client, *process) {
	t.Helper()
	server := start(t, "server", p.settings)
	eventually(t, "the server prints its address", func() bool {
		return strings.Contains(server.out.String(), "/api/v1/tickets") || exited(server)
	})
	out := server.out.String()
	base, token := printedBase.FindStringSubmatch(out), printedToken.FindStringSubmatch(out)
	if base == nil || token == nil {
		t.Fatal("the server did not start")
	}
	return &client{t, base[1], token[1], http.DefaultClient}, server
}

func contains(s, part string) bool { return strings.Contains(s, part) }

func exited(p *process) bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// call sends a request with the token and returns the status and the decoded answer.
func (c *client) call(method, path string, body any) (int, map[string]any) {
	c.t.Helper()
	var payload io.Reader = http.NoBody
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			c.t.Fatal(err)
		}
		payload = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(context.Background(), method, c.base+path, payload)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Idempotency-Key", uuid.NewString()) // where it is needed, each call is another
	answer, err := c.http.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var out map[string]any
	if err := json.NewDecoder(answer.Body).Decode(&out); err != nil {
		c.t.Fatalf("%s %s: %d: %v", method, path, answer.StatusCode, err)
	}
	return answer.StatusCode, out
}

// worker runs worker --once and returns its exit code and what it printed.
func (p *product) worker(t *testing.T) (code int, out string) {
	t.Helper()
	w := start(t, "worker", p.settings, "--once")
	code = w.wait(t)
	return code, w.out.String()
}

// leftOver lists the processes of this machine whose command line holds text.
func leftOver(t *testing.T, text string) (found []string) {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		line, err := os.ReadFile("/proc/" + e.Name() + "/cmdline")
		if err == nil && bytes.Contains(line, []byte(text)) {
			found = append(found, e.Name()+" "+strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}

// exec changes the database behind the product's back, as the tenant of development mode.
func (p *product) exec(t *testing.T, statement string) {
	t.Helper()
	tx, err := p.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	for _, s := range []string{"SELECT set_config('keybuzz.tenant', 'demo', true)", statement} {
		if _, err := tx.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}
