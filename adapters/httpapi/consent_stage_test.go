package httpapi_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/keybuzzio/marketplaces/adapters/amazon/spapi"
	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

const (
	login    = "/api/v1/marketplaces/amazon/oauth/login"
	callback = "/api/v1/marketplaces/amazon/oauth/callback"

	loginRoute    = "/api/v1/marketplaces/{marketplace}/oauth/login"
	callbackRoute = "/api/v1/marketplaces/{marketplace}/oauth/callback"

	goodTarget     = "https://app.example.com/settings/marketplaces?tab=amazon"
	goodInvitation = "amazon_callback_uri=https%3A%2F%2Fsellercentral-europe.amazon.com%2Fapps%2Fauthorize%2Fconfirm%2Famzn1.sp.solution.1" +
		"&amazon_state=their-state&selling_partner_id=A2SELLER"
)

// amazon is a marketplace's API that a test scripts, with the addresses of the real client. A code is good once; its token is
// named after it.
type amazon struct {
	*spapi.Client
	mu     sync.Mutex
	used   map[string]bool
	fail   error // of exchanges
	orders map[string]domain.Order
	gone   bool // the seller has withdrawn the authorization
}

func newAmazon() *amazon {
	client, err := spapi.New(spapi.Options{
		App: spapi.App{
			ID: "amzn1.sp.solution.1", ClientID: "amzn1.application-oa2-client.1", ClientSecrets: []domain.Secret{domain.NewSecret("client-secret-horse")},
			RedirectURI: "https://api.example.com" + callback,
		},
		Secrets: memory.NewSecretStore(), Limits: memory.NewRateLimiter(memory.NewStore(), ports.SystemClock{}),
	})
	if err != nil {
		panic(err)
	}
	return &amazon{Client: client, used: map[string]bool{}, orders: map[string]domain.Order{}}
}

func withAmazon(a *amazon) func(*setup) {
	return func(u *setup) { u.authorizer, u.orders, u.signIn = a, a, "https://app.example.com/sign-in?from=amazon" }
}

func (a *amazon) Redeem(_ context.Context, code domain.Secret) (domain.SecretData, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.fail != nil:
		return nil, a.fail
	case a.used[code.Reveal()]:
		return nil, domain.Errorf(domain.ErrRejected, "Amazon does not take the code: begin again")
	}
	a.used[code.Reveal()] = true
	return domain.SecretData{"refresh_token": domain.NewSecret("Atzr|token-horse-of-" + code.Reveal())}, nil
}

// spent is how many codes were exchanged.
func (a *amazon) spent() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.used)
}

var errWithdrawn = domain.Errorf(domain.ErrRejected, "the seller has withdrawn the authorization")

func (a *amazon) Participations(_ context.Context, auth domain.AuthorizationState) ([]domain.Participation, error) {
	if a.gone {
		return nil, errWithdrawn
	}
	return []domain.Participation{
		{Region: auth.Region, MarketplaceID: "A1PA6795UKMFR9", Country: "DE", Name: "Amazon.de", Suspended: true},
		{Region: auth.Region, MarketplaceID: "A13V1IB3VIYZZH", Country: "FR", Name: "Amazon.fr", StoreName: "Maison", Participating: true},
	}, nil
}

func (a *amazon) Order(_ context.Context, _ domain.AuthorizationState, id string) (domain.Order, error) {
	if a.gone {
		return domain.Order{}, errWithdrawn
	}
	if o, there := a.orders[id]; there {
		return o, nil
	}
	return domain.Order{}, domain.Errorf(domain.ErrNotFound, "Amazon does not know this order")
}

// browser goes to Amazon and back.
type browser struct {
	t      testing.TB
	s      *stage
	tenant string
	cookie *http.Cookie // nil until it has one
	state  string
}

// begin has a tenant's seller begin for a country, in a browser of its own.
func (s *stage) begin(t testing.TB, tenant, country, returnTo string) *browser {
	t.Helper()
	b := &browser{t: t, s: s, tenant: tenant}
	b.again(country, returnTo)
	return b
}

// again begins once more in the same browser.
func (b *browser) again(country, returnTo string) {
	b.t.Helper()
	a := b.s.call(b.t, http.MethodPost, connect, `{"country":"`+country+`","returnTo":"`+returnTo+`"}`, as(b.t, b.tenant), b.with)
	b.takeIn(a)
	if b.state == "" {
		b.t.Fatalf("no consent was begun: %d %s", a.Code, a.Body)
	}
}

// takeIn takes cookie and state of an answer.
func (b *browser) takeIn(a answer) {
	b.t.Helper()
	for _, c := range a.Result().Cookies() {
		b.cookie = c
	}
	target, _ := a.json()["authorizationUrl"].(string)
	if u, err := url.Parse(target); err == nil {
		b.state = u.Query().Get("state")
	}
}

// with is what the browser brings along.
func (b *browser) with(r *http.Request) {
	if b.cookie != nil {
		holding(b.cookie.Value)(r)
	}
}

// holding brings a cookie along.
func holding(value string) func(*http.Request) {
	return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "keybuzz_consent", Value: value}) }
}

// query is what Amazon sends the browser back with.
func (b *browser) query(code string) url.Values {
	return url.Values{"state": {b.state}, "selling_partner_id": {"A2SELLER"}, "spapi_oauth_code": {code}}
}

// back comes back from Amazon, without a token.
func (b *browser) back(code string, change ...func(*http.Request)) answer {
	b.t.Helper()
	return b.come(b.query(code), change...)
}

func (b *browser) come(query url.Values, change ...func(*http.Request)) answer {
	b.t.Helper()
	all := append([]func(*http.Request){anonymous, b.with}, change...)
	return b.s.get(b.t, callback+"?"+query.Encode(), all...)
}

// connected has a tenant's seller authorize us.
func (s *stage) connected(t testing.TB, tenant string) *browser {
	t.Helper()
	b := s.begin(t, tenant, "FR", "")
	if a := b.back("code-of-" + tenant); a.Code != http.StatusOK {
		t.Fatalf("not connected: %d %s", a.Code, a.Body)
	}
	return b
}

// turn asks Amazon what is due for a tenant's connection.
func (s *stage) turn(t testing.TB, name string) {
	t.Helper()
	who := tenant(t, name)
	now, err := s.app.Status.Run(t.Context(), app.StatusQuery{Tenant: who, Marketplace: domain.Amazon})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.app.ContextTurn.Run(t.Context(), app.ContextCommand{Tenant: who, Connection: now.Connection.ID}); err != nil {
		t.Fatal(err)
	}
}

// statusOf is a tenant's status.
func (s *stage) statusOf(t testing.TB, tenant string, change ...func(*http.Request)) map[string]any {
	t.Helper()
	return s.get(t, status, append([]func(*http.Request){as(t, tenant)}, change...)...).json()
}

// isPage fails the test unless an answer is a page for people that runs nothing and loads nothing.
func isPage(t testing.TB, a answer, code int) {
	t.Helper()
	h := a.Header()
	switch {
	case a.Code != code, h.Get("Content-Type") != "text/html; charset=utf-8":
		t.Errorf("%d %s is no page with status %d", a.Code, h.Get("Content-Type"), code)
	case !strings.HasPrefix(h.Get("Content-Security-Policy"), "default-src 'none'; style-src 'sha256-"), strings.Contains(h.Get("Content-Security-Policy"), "unsafe"):
		t.Errorf("the page's policy is %s", h.Get("Content-Security-Policy"))
	}
	for _, tag := range []string{"<script", "<link rel=\"stylesheet", "<img", "<iframe", "<form", "@import", "url(", " style=\"", " onclick"} {
		if strings.Contains(a.Body.String(), tag) {
			t.Errorf("the page has %s", tag)
		}
	}
}
