package standin_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keybuzzio/marketplaces/adapters/amazon/standin"
)

const (
	callback = "http://127.0.0.1:4000/api/v1/marketplaces/amazon/oauth/callback"
	fr       = "A13V1IB3VIYZZH"
	es       = "A1RKKUPIHCS9HS"
	gb       = "A1F83G8C2ARO7P"
	us       = "ATVPDKIKX0DER"

	frenchOrder  = "123-4567890-1234567"
	spanishOrder = "123-9876543-7654321"
	britishOrder = "123-1111111-9999999"
)

var start = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// clock is set by tests.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// stage is an Amazon with a clock that stands still, and a client of it.
type stage struct {
	t testing.TB
	*standin.Amazon
	clock *clock
	app   standin.Application
}

func set(t testing.TB, change ...func(*standin.Options)) *stage {
	t.Helper()
	c := &clock{now: start}
	o := standin.Options{Now: c.Now, Application: standin.DemoApplication(callback)}
	for _, f := range change {
		f(&o)
	}
	return &stage{t, standin.Start(t, o), c, o.Application}
}

// said is an answer.
type said struct {
	status int
	header http.Header
	text   string
}

// at returns what stands at a path of names and places in the body: texts as they are, all else as JSON, "" for nothing.
func (s said) at(t testing.TB, path ...any) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(s.text), &v); err != nil {
		t.Fatalf("%d %q: %v", s.status, s.text, err)
	}
	for _, step := range path {
		switch at := v.(type) {
		case map[string]any:
			v = at[step.(string)]
		case []any:
			if step.(int) >= len(at) {
				return ""
			}
			v = at[step.(int)]
		default:
			return ""
		}
	}
	if text, ok := v.(string); ok {
		return text
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (s *stage) do(r *http.Request) said {
	s.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return said{answer.StatusCode, answer.Header, string(body)}
}

func (s *stage) request(method, to, body string) *http.Request {
	s.t.Helper()
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, to, content)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// form posts fields.
func (s *stage) form(to string, fields url.Values) said {
	s.t.Helper()
	r := s.request(http.MethodPost, to, fields.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.do(r)
}

// login asks for a token; fields come in pairs of name and value, and change those that are right.
func (s *stage) login(fields ...string) said {
	s.t.Helper()
	form := url.Values{"client_id": {s.app.ClientID}, "client_secret": {s.app.Secrets[0]}}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
		if fields[i+1] == "" {
			form.Del(fields[i])
		}
	}
	return s.form(s.TokenURL(), form)
}

// access is a good access token of a seller.
func (s *stage) access(seller, region string) string {
	s.t.Helper()
	a := s.login("grant_type", "refresh_token", "refresh_token", s.RefreshToken(seller, region))
	if a.status != http.StatusOK {
		s.t.Fatalf("no token: %d %s", a.status, a.text)
	}
	return a.at(s.t, "access_token")
}

func (s *stage) grantless() string {
	s.t.Helper()
	return s.login("grant_type", "client_credentials", "scope", standin.ScopeNotifications).at(s.t, "access_token")
}

// call makes a call with a token that is "" for none.
func (s *stage) call(token, method, to, body string) said {
	s.t.Helper()
	return s.do(s.signed(token, method, to, body))
}

func (s *stage) signed(token, method, to, body string) *http.Request {
	s.t.Helper()
	r := s.request(method, to, body)
	r.Header.Set("User-Agent", "Test/1 (Language=Go)")
	if token != "" {
		r.Header.Set("x-amz-access-token", token)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

// get makes a call of the demo's seller in Europe.
func (s *stage) get(token, path string) said {
	s.t.Helper()
	return s.call(token, http.MethodGet, s.APIURL("EU")+path, "")
}

const (
	participations = "/sellers/v1/marketplaceParticipations"
	orders         = "/orders/2026-01-01/orders"
	messaging      = "/messaging/v1/orders/"
)
