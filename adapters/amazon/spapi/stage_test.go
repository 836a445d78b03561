package spapi_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/spapi"
	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// stage is a client, what it works with, and a server in Amazon's place.
type stage struct {
	*amazon
	client  *spapi.Client
	options spapi.Options
	store   *memory.Store
	secrets *secretStore
	limits  *countingLimiter
	seen    *observer
	log     *logBook
}

const (
	clientSecret = "amzn1.oa2-cs.v1.the-first-client-secret"
	nextSecret   = "amzn1.oa2-cs.v1.the-next-client-secret"
	redirectURI  = "https://app.keybuzz.example/oauth/callback"
	appID        = "amzn1.sp.solution.11111111-2222"
	clientID     = "amzn1.application-oa2-client.0123"
)

// play opens a stage whose server listens on loopback.
func play(t *testing.T, change ...func(*spapi.Options)) *stage {
	t.Helper()
	a := newAmazon()
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	return open(t, a, server.URL, nil, change...)
}

// bubble opens a stage in a bubble of testing/synctest: the server is reached through pipes, and time passes when all wait.
func bubble(t *testing.T, change ...func(*spapi.Options)) *stage {
	t.Helper()
	a := newAmazon()
	return open(t, a, "http://127.0.0.1:1", throughPipes(t, a), change...)
}

func open(t *testing.T, a *amazon, base string, client *http.Client, change ...func(*spapi.Options)) *stage {
	t.Helper()
	s := &stage{amazon: a, store: memory.NewStore(), seen: &observer{}, log: &logBook{}}
	s.secrets = &secretStore{SecretStore: memory.NewSecretStore()}
	s.limits = &countingLimiter{RateLimiter: memory.NewRateLimiter(s.store, ports.SystemClock{})}
	s.options = spapi.Options{
		App: spapi.App{
			ID: appID, ClientID: clientID, RedirectURI: redirectURI, ClientSecrets: []domain.Secret{domain.NewSecret(clientSecret)},
		},
		Secrets: s.secrets, Limits: s.limits, Observer: s.seen, HTTPClient: client, Version: "v1.2.3",
		Log:       slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Endpoints: spapi.Endpoints{Token: base + "/auth/o2/token", API: map[string]string{"NA": base + "/na", "EU": base + "/eu", "FE": base + "/fe"}},
	}
	for _, fn := range change {
		fn(&s.options)
	}
	c, err := spapi.New(s.options)
	if err != nil {
		t.Fatal(err)
	}
	s.client = c
	return s
}

// seller is an authorization of a tenant's, with its refresh token in the store: "Atzr|" and the tenant's name.
func (s *stage) seller(t *testing.T, name string) domain.AuthorizationState {
	t.Helper()
	is := is.New(t)
	tenant, err := domain.ParseTenantID(name)
	is.NoErr(err)
	c, err := domain.NewConnection(tenant, domain.Amazon, time.Now())
	is.NoErr(err)
	is.NoErr(s.store.Update(t.Context(), tenant, func(ctx context.Context, tx ports.Tx) error { return tx.Connections.Insert(ctx, c) }))
	path := domain.NewSecretPath(c.State())
	is.NoErr(s.secrets.Put(t.Context(), path, domain.SecretData{"refresh_token": domain.NewSecret("Atzr|" + name)}))
	a, err := domain.NewAuthorization(c.State(), "EU", domain.Grant{SellerID: "A" + strings.ToUpper(strings.ReplaceAll(name, "-", "")), VaultPath: path.String()}, time.Now())
	is.NoErr(err)
	return a.State()
}

// failure is the Failure in err.
func failure(t *testing.T, err error) *spapi.Failure {
	t.Helper()
	var f *spapi.Failure
	if !errors.As(err, &f) {
		t.Fatalf("no Failure in %v", err)
	}
	return f
}
