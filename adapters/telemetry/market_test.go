package telemetry_test

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
	"github.com/keybuzzio/marketplaces/ports/porttest"
)

// market is a ports.Authorizer and a ports.OrderSource of a marketplace with one seller, who sells in France. It is trouble on
// cue: trouble, when it is not nil, is what the next calls meet.
type market struct {
	mu      sync.Mutex
	asked   int
	serial  int
	codes   map[string]bool // those that are good
	tokens  map[string]bool
	places  map[string]string // tokens by where they are kept
	trouble func(ctx context.Context) error
}

const (
	sellersPages = "https://sellers.market.example/"
	theSeller    = "A1HORSESELLER"
	theOrder     = "403-horse-1"
	tokenOf      = "token-of-horse-"
)

func newMarket() *market {
	return &market{codes: map[string]bool{}, tokens: map[string]bool{}, places: map[string]string{}}
}

func (m *market) ConsentURL(country string, state domain.Secret) (string, error) {
	if country != "FR" {
		return "", domain.Errorf(domain.ErrInvalid, "no marketplace there")
	}
	return sellersPages + "consent?" + url.Values{"state": {state.Reveal()}}.Encode(), nil
}

func (m *market) Invited(query url.Values) (ports.Invitation, error) {
	if v := query["callback"]; len(v) != 1 || v[0] != sellersPages+"confirm" {
		return ports.Invitation{}, domain.Errorf(domain.ErrInvalid, "no invitation of the marketplace's")
	}
	return ports.Invitation{Region: "EU", SellerID: theSeller, Callback: query.Get("callback")}, nil
}

func (m *market) AcceptURL(i ports.Invitation, state domain.Secret) string {
	return i.Callback + "?" + url.Values{"state": {state.Reveal()}}.Encode()
}

func (m *market) Redeem(ctx context.Context, code domain.Secret) (domain.SecretData, error) {
	if err := m.ask(ctx); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.codes[code.Reveal()] {
		return nil, domain.Wrap(domain.ErrRejected, errors.New("used before"), "the consent is too old: begin again")
	}
	delete(m.codes, code.Reveal())
	m.tokens[tokenOf+code.Reveal()] = true
	return domain.SecretData{"refresh_token": domain.NewSecret(tokenOf + code.Reveal())}, nil
}

func (m *market) Participations(ctx context.Context, a domain.AuthorizationState) ([]domain.Participation, error) {
	if err := m.authorized(ctx, a); err != nil {
		return nil, err
	}
	return []domain.Participation{{Region: "EU", MarketplaceID: "A13V1IB3VIYZZH", Country: "FR", StoreName: buyersWords, Participating: true}}, nil
}

func (m *market) Order(ctx context.Context, a domain.AuthorizationState, id string) (domain.Order, error) {
	if err := m.authorized(ctx, a); err != nil {
		return domain.Order{}, err
	}
	if id != theOrder {
		return domain.Order{}, domain.Wrap(domain.ErrNotFound, errors.New(id), "the marketplace knows no such order")
	}
	return domain.Order{ID: id, MarketplaceID: "A13V1IB3VIYZZH", Status: domain.OrderShipped, Items: []domain.OrderItem{{Title: buyersWords}}}, nil
}

// ask counts a request, and is what it meets.
func (m *market) ask(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	trouble := m.trouble
	m.asked++
	m.mu.Unlock()
	if trouble != nil {
		return trouble(ctx)
	}
	return nil
}

func (m *market) authorized(ctx context.Context, a domain.AuthorizationState) error {
	if err := m.ask(ctx); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.tokens[m.places[a.VaultPath]] {
		return domain.Errorf(domain.ErrRejected, "the marketplace takes our authorization no more")
	}
	return nil
}

// meets makes the next calls meet an error.
func (m *market) meets(trouble func(ctx context.Context) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.trouble = trouble
}

func always(err error) func(context.Context) error { return func(context.Context) error { return err } }

// consent is what a seller's browser brings back from a page.
func (m *market) consent(t *testing.T, page string) (code, state domain.Secret) {
	t.Helper()
	u, err := url.Parse(page)
	is := is.New(t)
	is.NoErr(err)
	is.True(strings.HasPrefix(page, sellersPages))
	m.mu.Lock()
	defer m.mu.Unlock()
	m.serial++
	code = domain.NewSecret("code-of-horse-" + strconv.Itoa(m.serial))
	m.codes[code.Reveal()] = true
	return code, domain.NewSecret(u.Query().Get("state"))
}

// authorize is an authorization whose token is kept.
func (m *market) authorize(t *testing.T, token domain.SecretData) domain.AuthorizationState {
	t.Helper()
	is := is.New(t)
	c, err := domain.NewConnection(tenant(t, "shop-1"), domain.Amazon, time.Now())
	is.NoErr(err)
	path := domain.NewSecretPath(c.State()).String()
	a, err := domain.NewAuthorization(c.State(), "EU", domain.Grant{SellerID: theSeller, VaultPath: path}, time.Now())
	is.NoErr(err)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.places[path] = token["refresh_token"].Reveal()
	return a.State()
}

// api is m as the suites want it, with an authorization of the seller's.
func (m *market) api(t *testing.T) porttest.APIFixture {
	t.Helper()
	m.tokens[tokenOf+"before"] = true
	return porttest.APIFixture{
		Authorization: m.authorize(t, domain.SecretData{"refresh_token": domain.NewSecret(tokenOf + "before")}),
		Asked: func() int {
			m.mu.Lock()
			defer m.mu.Unlock()
			return m.asked
		},
		Withdraw: func(*testing.T) {
			m.mu.Lock()
			defer m.mu.Unlock()
			clear(m.tokens)
		},
		Forbid: func(*testing.T) { m.meets(always(domain.Errorf(domain.ErrForbidden, "the role is missing"))) },
		Fail: func(*testing.T) (mend func()) {
			m.meets(always(domain.Errorf(domain.ErrUnavailable, "out of order")))
			return func() { m.meets(nil) }
		},
		Stall: func(*testing.T) { m.meets(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }) },
	}
}
