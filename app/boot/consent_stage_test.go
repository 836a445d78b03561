package boot_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
)

// seller is a seller's browser without scripts: it keeps cookies, follows links and presses buttons. What passes through its address
// bar and its cookies is remembered.
type seller struct {
	t    *testing.T
	api  *client
	http *http.Client
	jar  *cookiejar.Jar
	seen []string // states, codes and cookies
	last *url.URL // where it is
}

func newSeller(t *testing.T, api *client) *seller {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &seller{t: t, api: api, jar: jar}
	s.http = &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		s.note(r.URL)
		return nil
	}}
	return s
}

// note remembers what is secret in an address.
func (s *seller) note(u *url.URL) {
	for _, name := range []string{"state", "spapi_oauth_code", "amazon_state"} {
		if v := u.Query().Get(name); v != "" {
			s.seen = append(s.seen, v)
		}
	}
}

// visit opens a page, or sends a form to it, and returns it.
func (s *seller) visit(address string, form url.Values) string {
	s.t.Helper()
	method, body := http.MethodGet, io.Reader(http.NoBody)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, address, body)
	if err != nil {
		s.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Accept-Language", "fr")
	s.note(r.URL)
	a, err := s.http.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = a.Body.Close() }()
	page, err := io.ReadAll(a.Body)
	if err != nil || a.StatusCode >= 400 {
		s.t.Fatalf("%s: %d %v\n%s", a.Request.URL.Path, a.StatusCode, err, page)
	}
	s.last = a.Request.URL
	return html.UnescapeString(string(page))
}

// begin asks the API where to consent, as a page's script does.
func (s *seller) begin(path string, body map[string]any) (authorizationURL string) {
	s.t.Helper()
	s.api.http = s.http
	status, answer := s.api.call("POST", path, body)
	authorizationURL, _ = answer["authorizationUrl"].(string)
	if status != http.StatusOK || authorizationURL == "" {
		s.t.Fatalf("%d %v", status, answer)
	}
	base, err := url.Parse(s.api.base + "/api/v1/marketplaces/")
	if err != nil {
		s.t.Fatal(err)
	}
	for _, c := range s.jar.Cookies(base) {
		s.seen = append(s.seen, c.Value)
	}
	return authorizationURL
}

var accountValue = regexp.MustCompile(`name="account" value="([^"]+)"`)

// press opens a page of Amazon's and presses a button on it, for the first account that it offers.
func (s *seller) press(address, button string) string {
	s.t.Helper()
	account := accountValue.FindStringSubmatch(s.visit(address, nil))
	if account == nil {
		s.t.Fatal("the page offers no account")
	}
	return s.visit(address, url.Values{"account": {account[1]}, "answer": {button}})
}

// appstore is the stand-in's page that the development page leads to.
func (s *seller) appstore() string {
	s.t.Helper()
	found := regexp.MustCompile(`href="(http://[^"]+/appstore)"`).FindStringSubmatch(s.visit(s.api.base+"/dev", nil))
	if found == nil {
		s.t.Fatal("the development page leads to no Appstore")
	}
	return found[1]
}

// order waits until the ticket about an order shows it, and returns what it shows.
func (s *seller) order(id string) map[string]any {
	s.t.Helper()
	var shown map[string]any
	eventually(s.t, "order "+id+" is on its ticket", func() bool {
		_, tickets := s.api.call("GET", "/api/v1/tickets?limit=200", nil)
		for _, row := range tickets["data"].([]any) {
			if ticket := row.(map[string]any); ticket["orderId"] == id {
				_, shown = s.api.call("GET", "/api/v1/tickets/"+ticket["id"].(string)+"/order", nil)
			}
		}
		return shown["state"] == "FETCHED"
	})
	return shown["order"].(map[string]any)
}

// status waits until the status is one, and returns it.
func (s *seller) status(status, next string) map[string]any {
	s.t.Helper()
	var now map[string]any
	eventually(s.t, "status "+status+", next "+next, func() bool {
		_, now = s.api.call("GET", "/api/v1/marketplaces/amazon/status", nil)
		return now["status"] == status && now["nextAction"] == next
	})
	return now
}

// writes has a buyer write about an order, at the seller's mailbox.
func writes(t *testing.T, box *mailtest.Server, order string) {
	t.Helper()
	box.DeliverRaw(t, fmt.Appendf(nil, "From: Jean <buyer%s@marketplace.amazon.fr>\r\nTo: seller@example.com\r\nDate: %s\r\nMessage-ID: <%s@amazon.fr>\r\n"+
		"Subject: Commande %s\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nOù est ma commande ?\r\n",
		order[4:11], time.Now().Format(time.RFC1123Z), order, order))
}

// setting is the value of one of the product's settings.
func (p *product) setting(name string) string {
	i := slices.IndexFunc(p.settings, func(s string) bool { return strings.HasPrefix(s, name+"=") })
	return strings.TrimPrefix(p.settings[i], name+"=")
}

// kept are all secrets that the development stub holds, by path and name.
func (p *product) kept(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(p.setting("KEYBUZZ_DATA_DIR"), "secrets.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]map[string]string
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	flat := map[string]string{}
	for path, entry := range all {
		for name, value := range entry {
			flat[path+" "+name] = value
		}
	}
	return flat
}

// everything is every row of every table of the database that the tenant of development mode, the only one there, can see, as text.
func (p *product) everything(t *testing.T) string {
	t.Helper()
	db, err := sql.Open("pgx", p.setting("DATABASE_URL"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1) // whose tenant is set
	texts(t, db, "SELECT set_config('keybuzz.tenant', 'demo', false)")
	tables := texts(t, db, `SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`)
	if len(tables) < 20 {
		t.Fatalf("only %d tables", len(tables))
	}
	var all strings.Builder
	for _, table := range tables {
		for _, row := range texts(t, db, "SELECT t::text FROM "+table+" t") {
			all.WriteString(table + " " + row + "\n")
		}
	}
	return all.String()
}

// texts runs a query for one column of text.
func texts(t *testing.T, db *sql.DB, query string) (all []string) {
	t.Helper()
	rows, err := db.QueryContext(context.WithoutCancel(t.Context()), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		all = append(all, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
