package app_test

import (
	"context"
	"net/url"
	"sync"
	"testing"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// api is a marketplace's API that a test scripts. Codes are good once; the token of a code is the code's own.
type api struct {
	mu           sync.Mutex
	used         map[string]bool
	orders       map[string]domain.Order // by region and id
	asked        []string                // region and id of every order that was asked for
	looks        int
	redeem       func() error
	order        func(a domain.AuthorizationState, id string) error // asked before an order is given
	participates func(a domain.AuthorizationState) error
}

func newAPI() *api { return &api{used: map[string]bool{}, orders: map[string]domain.Order{}} }

func (a *api) ConsentURL(country string, state domain.Secret) (string, error) {
	return "https://sellercentral.example/" + country + "?state=" + url.QueryEscape(state.Reveal()), nil
}

func (a *api) Invited(query url.Values) (ports.Invitation, error) {
	if query.Get("callback") != "https://sellercentral.example/confirm" {
		return ports.Invitation{}, domain.Errorf(domain.ErrInvalid, "not a Seller Central host")
	}
	return ports.Invitation{Region: "EU", SellerID: query.Get("seller"), Callback: query.Get("callback")}, nil
}

func (a *api) AcceptURL(i ports.Invitation, state domain.Secret) string {
	return i.Callback + "?state=" + url.QueryEscape(state.Reveal())
}

func (a *api) Redeem(_ context.Context, code domain.Secret) (domain.SecretData, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.redeem != nil {
		if err := a.redeem(); err != nil {
			return nil, err
		}
	}
	if a.used[code.Reveal()] {
		return nil, domain.Errorf(domain.ErrRejected, "the code was used before: begin again")
	}
	a.used[code.Reveal()] = true
	return domain.SecretData{"refresh_token": domain.NewSecret("token of " + code.Reveal())}, nil
}

func (a *api) Participations(_ context.Context, auth domain.AuthorizationState) ([]domain.Participation, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.looks++
	if a.participates != nil {
		if err := a.participates(auth); err != nil {
			return nil, err
		}
	}
	return []domain.Participation{{Region: auth.Region, MarketplaceID: "A13V1IB3VIYZZH", Country: "FR", Name: "Amazon.fr", StoreName: "Boutique", Participating: true}}, nil
}

func (a *api) Order(_ context.Context, auth domain.AuthorizationState, id string) (domain.Order, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.order != nil {
		if err := a.order(auth, id); err != nil {
			return domain.Order{}, err
		}
	}
	a.asked = append(a.asked, auth.Region+" "+id)
	o, there := a.orders[auth.Region+" "+id]
	if !there {
		return domain.Order{}, domain.Errorf(domain.ErrNotFound, "no such order")
	}
	return o, nil
}

// consent is a seller's way to the marketplace, begun.
type consent struct {
	s       *stage
	state   domain.Secret
	browser domain.Secret
}

// begin sends a seller of a tenant to consent for a country.
func (s *stage) begin(t testing.TB, who domain.TenantID, country string) consent {
	t.Helper()
	c := consent{s: s, browser: domain.NewNonce()}
	out, err := s.Connect.Run(t.Context(), app.ConnectCommand{
		Tenant: who, Marketplace: domain.Amazon, Country: country, ReturnTo: "https://app.example.com/done", Browser: c.browser, By: "user-1",
	})
	if err != nil {
		t.Fatal(err)
	}
	c.state = stateOf(t, out.AuthorizationURL)
	return c
}

func stateOf(t testing.TB, text string) domain.Secret {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil || u.Query().Get("state") == "" {
		t.Fatal(err, text)
	}
	return domain.NewSecret(u.Query().Get("state"))
}

// command is what the browser comes back with.
func (c consent) command(code string) app.FinishConsentCommand {
	return app.FinishConsentCommand{Marketplace: domain.Amazon, State: c.state, Code: domain.NewSecret(code), SellerID: "A1", Browser: c.browser}
}

// authorize has a tenant's seller authorize us in a country.
func (s *stage) authorize(t testing.TB, who domain.TenantID, country, code string) domain.ConnectionState {
	t.Helper()
	end, err := s.FinishConsent.Run(t.Context(), s.begin(t, who, country).command(code))
	if err != nil {
		t.Fatal(err)
	}
	return end.Connection
}

func (s *stage) standing(t testing.TB, who domain.TenantID) app.StatusResult {
	t.Helper()
	out, err := s.Status.Run(t.Context(), app.StatusQuery{Tenant: who, Marketplace: domain.Amazon})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// contextJobs are the context jobs of all tenants.
func (s *stage) contextJobs(t testing.TB) (jobs []ports.Job) {
	t.Helper()
	all, err := s.store.(ports.Queue).Jobs(t.Context(), ports.JobQuery{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range all {
		if j.Kind == "context" {
			jobs = append(jobs, j)
		}
	}
	return jobs
}

func (s *stage) turn(t testing.TB, c domain.ConnectionState) app.ContextResult {
	t.Helper()
	out, err := s.ContextTurn.Run(t.Context(), app.ContextCommand{Tenant: c.Tenant, Connection: c.ID})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// audited are the actions recorded of a tenant, the oldest first.
func (s *stage) audited(t testing.TB, who domain.TenantID) (actions []domain.AuditAction) {
	t.Helper()
	err := s.store.View(t.Context(), who, func(ctx context.Context, tx ports.Tx) error {
		entries, err := tx.Audit.List(ctx, "", ports.Position{}, 100)
		for i := range entries {
			actions = append(actions, entries[len(entries)-1-i].Action)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return actions
}

// secretStore is a SecretStore that counts and can be away.
type secretStore struct {
	*memory.SecretStore
	mu    sync.Mutex
	away  error
	there map[domain.SecretPath]bool
}

func newSecretStore() *secretStore {
	return &secretStore{SecretStore: memory.NewSecretStore(), there: map[domain.SecretPath]bool{}}
}

// Fail has every call fail with err from now on; nil: none.
func (s *secretStore) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = err
}

// Len is how many entries there are.
func (s *secretStore) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.there)
}

// note is what every change says before it is made.
func (s *secretStore) note(path domain.SecretPath, there bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away != nil {
		return s.away
	}
	if delete(s.there, path); there {
		s.there[path] = true
	}
	return nil
}

func (s *secretStore) Put(ctx context.Context, path domain.SecretPath, data domain.SecretData) error {
	if err := s.note(path, true); err != nil {
		return err
	}
	return s.SecretStore.Put(ctx, path, data)
}

func (s *secretStore) Get(ctx context.Context, path domain.SecretPath) (domain.SecretData, error) {
	s.mu.Lock()
	away := s.away
	s.mu.Unlock()
	if away != nil {
		return nil, away
	}
	return s.SecretStore.Get(ctx, path)
}

func (s *secretStore) Delete(ctx context.Context, path domain.SecretPath) error {
	if err := s.note(path, false); err != nil {
		return err
	}
	return s.SecretStore.Delete(ctx, path)
}
