package standin

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Amazon stands in for Amazon. It is an http.Handler; [Start] and [Amazon.Listen] give it an address. Safe for concurrent use.
type Amazon struct {
	now   func() time.Time
	key   []byte // signs tokens
	more  func(id string) (Seller, bool)
	plans map[string]Plan
	slack time.Duration
	mail  http.Handler // nil: there are no messages

	mu        sync.Mutex
	base      string // URL of its address; "" until it has one
	app       Application
	sellers   map[string]Seller
	listed    []string // the sellers that pages show, in their order
	tokenLife time.Duration
	skew      time.Duration // how far the clock of the Selling Partner API is ahead
	rotation  Rotation
	serial    int64 // of the last grant or refresh token
	standings map[account]*standing
	codes     map[string]code
	meters    map[meterKey]*meter
	issued    map[string]int // access tokens by seller
	posts     map[string]int // by seller
	messages  []Message
	faults    []*fault
	notices   map[string]*notices // by region
}

var _ http.Handler = (*Amazon)(nil)

// New returns an Amazon. It starts nothing.
func New(o Options) *Amazon {
	o = o.withDefaults()
	a := &Amazon{
		now: o.Now, key: tokenKey(o.Seed), more: o.More, plans: maps.Clone(o.Plans), slack: o.Slack, mail: o.Messages, base: o.URL,
		app: o.Application, sellers: map[string]Seller{}, tokenLife: o.TokenLife, standings: map[account]*standing{},
		codes: map[string]code{}, meters: map[meterKey]*meter{}, issued: map[string]int{}, posts: map[string]int{},
		notices: map[string]*notices{},
	}
	for _, s := range o.Sellers {
		a.PutSeller(s)
	}
	return a
}

// do runs f with all that changes.
func (a *Amazon) do(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f()
}

// PutSeller adds a seller, or puts it in the place of the one with its id.
func (a *Amazon) PutSeller(s Seller) {
	a.do(func() {
		if _, known := a.sellers[s.ID]; !known {
			a.listed = append(a.listed, s.ID)
		}
		s.Orders = slices.Clone(s.Orders)
		a.sellers[s.ID] = s
	})
}

// PutOrder adds an order to those of a seller, or puts it in the place of the one with its id. It does nothing for a seller
// who is not known.
func (a *Amazon) PutOrder(seller string, o Order) {
	s, ok := a.seller(seller)
	if !ok {
		return
	}
	s.Orders = slices.DeleteFunc(slices.Clone(s.Orders), func(other Order) bool { return other.ID == o.ID })
	s.Orders = append(s.Orders, o)
	a.PutSeller(s)
}

// seller returns a seller. Its slices must not be changed.
func (a *Amazon) seller(id string) (Seller, bool) {
	a.mu.Lock()
	s, ok := a.sellers[id]
	a.mu.Unlock()
	if !ok && a.more != nil && id != "" {
		s, ok = a.more(id)
	}
	return s, ok
}

// application returns the application as it is now.
func (a *Amazon) application() (app Application) {
	a.do(func() { app = a.app })
	return app
}

// SetApplication changes what is registered with Amazon: secrets that are replaced, a redirect URI, that it is published.
func (a *Amazon) SetApplication(change func(*Application)) {
	a.do(func() {
		app := a.app
		app.Secrets, app.RedirectURIs = slices.Clone(app.Secrets), slices.Clone(app.RedirectURIs)
		change(&app)
		a.app = app
	})
}

// ServeHTTP implements http.Handler.
func (a *Amazon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p := a.placeOf(r)
	switch {
	case a.mail != nil && strings.HasPrefix(r.URL.Path, "/messages/"):
		a.mail.ServeHTTP(w, r)
	case p.api:
		a.serveAPI(w, r, p)
	case p.login && p.path == "/auth/o2/token":
		a.serveToken(w, r)
	case p.pages && strings.HasPrefix(p.path, "/"):
		a.servePage(w, r, p)
	default:
		http.NotFound(w, r)
	}
}
