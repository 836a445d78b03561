package spapi_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/spapi"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

func TestRedeem(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), play(t)
	data, err := s.client.Redeem(t.Context(), domain.NewSecret("ANcodecode"))
	is.NoErr(err)
	is.Equal(len(data), 1)
	is.Equal(data["refresh_token"].Reveal(), "Atzr|of-ANcodecode")
	is.Equal(s.grants, []url.Values{{
		"grant_type": {"authorization_code"}, "code": {"ANcodecode"}, "redirect_uri": {redirectURI}, "client_id": {clientID}, "client_secret": {clientSecret},
	}})
	_, err = s.client.Redeem(t.Context(), domain.Secret{})
	is.True(errors.Is(err, domain.ErrInvalid))
}

// answersOfLogin are what Login with Amazon may say instead of giving a token, and what that is for a refresh and for a code.
var answersOfLogin = map[string]struct {
	answer        reply
	refresh, code error // kinds
	reason        spapi.Reason
	alarms        int
}{
	"revoked":                            {denied(400, "invalid_grant"), domain.ErrRejected, domain.ErrRejected, "", 0},
	"revoked, said with 401":             {denied(401, "invalid_grant"), domain.ErrRejected, domain.ErrRejected, "", 0},
	"revoked, said with 200":             {denied(200, "invalid_grant"), domain.ErrRejected, domain.ErrRejected, "", 0},
	"revoked, said with 500":             {denied(500, "invalid_grant"), domain.ErrRejected, domain.ErrRejected, "", 0},
	"a wrong client secret":              {denied(401, "invalid_client"), domain.ErrUnavailable, domain.ErrUnavailable, spapi.ReasonCredentials, 1},
	"a wrong client secret, with 400":    {denied(400, "invalid_client"), domain.ErrUnavailable, domain.ErrUnavailable, spapi.ReasonCredentials, 1},
	"another application's":              {denied(400, "unauthorized_client"), domain.ErrUnavailable, domain.ErrUnavailable, spapi.ReasonCredentials, 1},
	"our application is not let in":      {denied(403, "access_denied"), domain.ErrUnavailable, domain.ErrUnavailable, spapi.ReasonCredentials, 1},
	"a bug of ours":                      {denied(400, "invalid_request"), domain.ErrInvalid, domain.ErrInvalid, spapi.ReasonRequest, 0},
	"a scope that there is not":          {denied(400, "invalid_scope"), domain.ErrInvalid, domain.ErrInvalid, spapi.ReasonRequest, 0},
	"a grant that there is not":          {denied(400, "unsupported_grant_type"), domain.ErrInvalid, domain.ErrInvalid, spapi.ReasonRequest, 0},
	"server_error":                       {denied(500, "server_error"), domain.ErrUnavailable, domain.ErrUnavailable, spapi.ReasonUnavailable, 0},
	"temporarily_unavailable, with 400":  {denied(400, "temporarily_unavailable"), domain.ErrUnavailable, domain.ErrUnavailable, spapi.ReasonUnavailable, 0},
	"a name that nobody knows":           {denied(400, "new_error"), domain.ErrUnavailable, domain.ErrUnavailable, spapi.ReasonUnavailable, 0},
	"the wrong host":                     {reply{status: 403, body: `{"message":"Missing Authentication Token"}`}, domain.ErrUnavailable, domain.ErrUnavailable, spapi.ReasonUnavailable, 0},
	"HTML":                               {reply{status: 502, body: "<html>Bad Gateway</html>"}, domain.ErrUnavailable, domain.ErrUnavailable, spapi.ReasonUnavailable, 0},
	"HTML that succeeds":                 {reply{status: 200, body: "<html>Welcome to this hotel</html>"}, domain.ErrUnavailable, domain.ErrUnavailable, spapi.ReasonUnavailable, 0},
	"nothing":                            {reply{status: 200}, domain.ErrUnavailable, domain.ErrUnavailable, spapi.ReasonUnavailable, 0},
	"no token":                           {reply{status: 200, body: `{"token_type":"bearer","expires_in":3600}`}, domain.ErrUnavailable, domain.ErrUnavailable, spapi.ReasonUnavailable, 0},
	"too many":                           {reply{status: 429, body: `{}`}, domain.ErrUnavailable, domain.ErrUnavailable, spapi.ReasonUnavailable, 0},
	"a connection that breaks":           {reply{lost: true}, domain.ErrUnavailable, domain.ErrUnavailable, spapi.ReasonUnavailable, 0},
	"an error that is no text":           {reply{status: 400, body: `{"error":{"a":1}}`}, domain.ErrUnavailable, domain.ErrUnavailable, spapi.ReasonUnavailable, 0},
	"what is not the grant, for a while": {reply{status: 503, header: map[string]string{"Retry-After": "3600"}}, domain.ErrUnavailable, domain.ErrUnavailable, spapi.ReasonUnavailable, 0},
}

func TestARefreshThatFails(t *testing.T) {
	t.Parallel()
	for name, c := range answersOfLogin {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				is, s := is.New(t), bubble(t)
				a := s.seller(t, "shop")
				s.script(func(int, url.Values) reply { return c.answer }, nil)
				_, err := s.client.Order(t.Context(), a, orderID)
				is.Equal(domain.KindOf(err), c.refresh)
				if c.reason != "" {
					is.Equal(failure(t, err).Reason, c.reason)
				} else {
					is.Equal(failure(t, err).Reason, spapi.ReasonRevoked)
					is.Equal(domain.Message(err), "Amazon takes our authorization no more: authorize KeyBuzz again")
				}
				is.Equal(s.seen.alarmed(), c.alarms)
				_, requests := s.counts()
				is.Equal(requests, 0)         // the API is not asked
				is.Equal(s.limits.total(), 0) // and no token of the bucket used up
				s.script(nil, nil)            // recovery without a restart
				_, err = s.client.Order(t.Context(), a, orderID)
				is.NoErr(err)
			})
		})
	}
}

func TestACodeIsExchangedOnce(t *testing.T) {
	t.Parallel()
	for name, c := range answersOfLogin {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, s := is.New(t), play(t)
			s.script(func(int, url.Values) reply { return c.answer }, nil)
			_, err := s.client.Redeem(t.Context(), domain.NewSecret("ANcode"))
			is.Equal(domain.KindOf(err), c.code)
			grants, _ := s.counts()
			is.Equal(grants, 1) // whatever came of it
			is.Equal(s.seen.alarmed(), c.alarms)
		})
	}
}

func TestARefreshIsTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), bubble(t)
		a := s.seller(t, "shop")
		s.script(func(n int, form url.Values) reply {
			switch n {
			case 0:
				return reply{status: 500}
			case 1:
				return reply{lost: true}
			}
			return granted(form, 3600)
		}, nil)
		begun := time.Now()
		_, err := s.client.Order(t.Context(), a, orderID)
		is.NoErr(err)
		is.True(time.Since(begun) >= 1500*time.Millisecond) // half a second, then a second, at least
		is.Equal(s.seen.outcomes("lwa/refresh_token"), []ports.APICallOutcome{ports.APICallUnavailable, ports.APICallUnavailable, ports.APICallOK})
	})
}

func TestTwoClientSecretsWhileTheyAreRotated(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), play(t, func(o *spapi.Options) {
		o.App.ClientSecrets = []domain.Secret{domain.NewSecret(clientSecret), domain.NewSecret(nextSecret)}
	})
	good := clientSecret
	grant := func(_ int, form url.Values) reply {
		if form.Get("client_secret") != good {
			return denied(401, "invalid_client")
		}
		return granted(form, 3600)
	}
	sent := func() (secrets []string) {
		for _, form := range s.grants {
			secrets = append(secrets, form.Get("client_secret"))
		}
		s.script(grant, nil)
		return secrets
	}
	s.script(grant, nil)
	order := func(name string) error {
		_, err := s.client.Order(t.Context(), s.seller(t, name), orderID)
		return err
	}
	is.NoErr(order("a"))
	is.Equal(sent(), []string{clientSecret})
	good = nextSecret // the first is over
	is.NoErr(order("b"))
	is.Equal(sent(), []string{clientSecret, nextSecret})
	is.NoErr(order("c"))
	is.Equal(sent(), []string{nextSecret}) // that which worked is tried first
	_, err := s.client.Redeem(t.Context(), domain.NewSecret("code"))
	is.NoErr(err)
	is.Equal(sent(), []string{nextSecret})
	good = clientSecret // and back: a code is not used up by the wrong secret
	_, err = s.client.Redeem(t.Context(), domain.NewSecret("code"))
	is.NoErr(err)
	is.Equal(sent(), []string{nextSecret, clientSecret})
	is.Equal(s.seen.alarmed(), 0)
	good = "neither"
	is.True(errors.Is(order("d"), domain.ErrUnavailable)) // no seller is at fault
	is.Equal(sent(), []string{clientSecret, nextSecret})  // each once
	is.Equal(s.seen.alarmed(), 1)
	is.Equal(strings.Count(s.log.String(), "our credentials are refused"), 1)
	is.True(errors.Is(order("e"), domain.ErrUnavailable))
	is.Equal(s.seen.alarmed(), 2)
	is.Equal(strings.Count(s.log.String(), "our credentials are refused"), 1) // a line a minute
}

func TestAReplacedRefreshTokenIsStoredBeforeItIsUsed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), bubble(t)
		a := s.seller(t, "shop")
		path, err := domain.ParseSecretPath(a.VaultPath)
		is.NoErr(err)
		s.script(func(_ int, form url.Values) reply {
			if form.Get("refresh_token") != "Atzr|shop" {
				return granted(form, 3600)
			}
			return jsonReply(200, map[string]any{"access_token": "Atza|1", "refresh_token": "Atzr|shop-2", "expires_in": 3600})
		}, nil)
		s.secrets.set(false, true)
		for range 2 {
			_, err = s.client.Order(t.Context(), a, orderID)
			is.True(errors.Is(err, domain.ErrUnavailable))
		}
		grants, requests := s.counts()
		is.Equal([]int{grants, requests}, []int{1, 0}) // nothing is asked with it, nor is the old one sent again
		s.secrets.set(false, false)
		_, err = s.client.Order(t.Context(), a, orderID)
		is.NoErr(err)
		data, err := s.secrets.Get(t.Context(), path)
		is.NoErr(err)
		is.Equal(data["refresh_token"].Reveal(), "Atzr|shop-2") // it was not lost
		is.Equal(s.grants[1].Get("refresh_token"), "Atzr|shop-2")
	})
}

func TestWhoDisconnectsDuringARefreshStaysDisconnected(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), play(t)
	a := s.seller(t, "shop")
	path, err := domain.ParseSecretPath(a.VaultPath)
	is.NoErr(err)
	s.script(func(int, url.Values) reply {
		is.NoErr(s.secrets.Delete(context.Background(), path))
		return jsonReply(200, map[string]any{"access_token": "Atza|1", "refresh_token": "Atzr|shop-2", "expires_in": 3600})
	}, nil)
	_, err = s.client.Order(t.Context(), a, orderID)
	is.True(errors.Is(err, domain.ErrUnavailable))
	_, err = s.secrets.Get(t.Context(), path)
	is.True(errors.Is(err, domain.ErrNotFound)) // nothing came back
	_, err = s.client.Order(t.Context(), a, orderID)
	is.True(errors.Is(err, domain.ErrUnavailable)) // that is no word of Amazon's on the seller
	grants, requests := s.counts()
	is.Equal([]int{grants, requests}, []int{1, 0})
}

func TestGrantlessCallsAreOurOwn(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), play(t)
	s.script(nil, func(int, *http.Request) reply { return reply{status: 200, body: `{"payload":[]}`} })
	for range 3 {
		_, err := s.client.Destinations(t.Context(), "EU")
		is.NoErr(err)
	}
	is.Equal(s.grants, []url.Values{{
		"grant_type": {"client_credentials"}, "scope": {"sellingpartnerapi::notifications"}, "client_id": {clientID}, "client_secret": {clientSecret},
	}})
	is.Equal(s.requests[0].Header.Get("x-amz-access-token"), "Atza|for-sellingpartnerapi::notifications")
}
