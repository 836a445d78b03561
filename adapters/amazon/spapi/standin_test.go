package spapi_test

import (
	"errors"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/spapi"
	"github.com/keybuzzio/marketplaces/adapters/amazon/standin"
	"github.com/keybuzzio/marketplaces/domain"
)

// meet opens a stage whose server is the stand-in, in a bubble: its buckets, its tokens and its clock are its own, and it
// counts for itself.
func meet(t *testing.T, sellers int) (*standin.Amazon, *stage) {
	t.Helper()
	const base = "http://127.0.0.1:1"
	app := standin.DemoApplication(redirectURI)
	theirs := standin.New(standin.Options{Application: app, URL: base, More: standin.Crowd(sellers, time.Now())})
	return theirs, introduce(t, theirs, app, throughPipes(t, theirs))
}

// introduce opens a stage whose server is the stand-in, which the application is registered with.
func introduce(t *testing.T, theirs *standin.Amazon, app standin.Application, client *http.Client) *stage {
	t.Helper()
	return open(t, newAmazon(), theirs.URL(), client, func(o *spapi.Options) {
		o.App = spapi.App{
			ID: app.ID, ClientID: app.ClientID, ClientSecrets: []domain.Secret{domain.NewSecret(app.Secrets[0])}, RedirectURI: redirectURI, Draft: app.Draft,
		}
		o.Endpoints = spapi.Endpoints{Token: theirs.TokenURL(), API: theirs.APIURLs(), Consent: theirs.ConsentBase()}
	})
}

// consented is a seller's authorization, with a refresh token that the stand-in gave.
func (s *stage) consented(t *testing.T, tenant, seller, refresh string) domain.AuthorizationState {
	t.Helper()
	is := is.New(t)
	a := s.seller(t, tenant)
	a.SellerID = seller
	path, err := domain.ParseSecretPath(a.VaultPath)
	is.NoErr(err)
	is.NoErr(s.secrets.Put(t.Context(), path, domain.SecretData{"refresh_token": domain.NewSecret(refresh)}))
	return a
}

func TestFromTheConsentToTheOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		theirs, s := meet(t, 0)
		page, err := s.client.ConsentURL("FR", state)
		is.NoErr(err)
		back, err := theirs.Confirm(page, standin.DemoSellerID)
		is.NoErr(err)
		u, err := url.Parse(back)
		is.NoErr(err)
		is.Equal(u.Query().Get("state"), state.Reveal())
		data, err := s.client.Redeem(t.Context(), domain.NewSecret(u.Query().Get("spapi_oauth_code")))
		is.NoErr(err)
		a := s.consented(t, "shop", u.Query().Get("selling_partner_id"), data["refresh_token"].Reveal())
		where, err := s.client.Participations(t.Context(), a)
		is.NoErr(err)
		is.True(len(where) > 0)
		for _, p := range where {
			is.Equal(p.Region, "EU")
		}
		order := standin.DemoSeller(time.Now()).Orders[0]
		o, err := s.client.Order(t.Context(), a, order.ID)
		is.NoErr(err)
		is.Equal(string(o.Status), order.Status)
		is.Equal(len(o.Items), len(order.Items))
		n := 0
		for _, err := range s.client.Orders(t.Context(), a, spapi.OrderSearch{
			CreatedAfter: time.Now().AddDate(-1, 0, 0), Marketplaces: []string{o.MarketplaceID}, PageSize: 1,
		}) {
			is.NoErr(err)
			n++
		}
		is.True(n > 0)
		_, err = s.client.MessageTypes(t.Context(), a, o.MarketplaceID, order.ID)
		is.True(err == nil || errors.Is(err, domain.ErrConflict))
		d, err := s.client.CreateDestination(t.Context(), "EU", "changes", queueARN)
		is.NoErr(err)
		again, err := s.client.CreateDestination(t.Context(), "EU", "changes", queueARN)
		is.NoErr(err)
		is.Equal(d, again)
		sub, err := s.client.SubscribeOrderChanges(t.Context(), a, d.ID)
		is.NoErr(err)
		is.NoErr(s.client.EndOrderChanges(t.Context(), "EU", sub.ID))
		is.NoErr(s.client.EndOrderChanges(t.Context(), "EU", sub.ID))
		is.Equal(theirs.TokensIssued(standin.DemoSellerID), 2) // with the code, and one refresh
		is.Equal(theirs.MostRefused(), standin.Refusal{})
	})
}

// Some sellers ask through every kind of trouble, each from several goroutines. The stand-in says what it saw.
func TestTheStandInCountsTheStorms(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault standin.Fault
		lasts time.Duration
	}{
		"429 on every second call":       {standin.Fault{Status: 429, Every: 2}, 10 * time.Minute},
		"503 for a minute":               {standin.Fault{Status: 503, Body: standin.BodyHTML}, time.Minute},
		"truncated answers":              {standin.Fault{Status: 502, Body: standin.BodyTruncated, Every: 3}, 10 * time.Minute},
		"connections break before":       {standin.Fault{Reset: standin.ResetBefore, Every: 2}, 10 * time.Minute},
		"connections break after":        {standin.Fault{Reset: standin.ResetAfter, Every: 2}, 10 * time.Minute},
		"slow answers":                   {standin.Fault{Delay: 20 * time.Second, Every: 5}, 10 * time.Minute},
		"no tokens for ten minutes":      {standin.Fault{Operation: standin.OperationToken, Status: 503, Body: standin.BodyEmpty}, 10 * time.Minute},
		"token requests break, each one": {standin.Fault{Operation: standin.OperationToken, Reset: standin.ResetAfter}, 10 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				is := is.New(t)
				const sellers, goroutines, each = 4, 5, 8
				theirs, s := meet(t, sellers)
				mend := theirs.Break(c.fault)
				begun := time.Now()
				time.AfterFunc(c.lasts, mend)
				var all sync.WaitGroup
				for i := range sellers {
					id := standin.CrowdSeller(i)
					a := s.consented(t, "shop-"+time.Duration(i).String(), id, theirs.RefreshToken(id, "EU"))
					for range goroutines {
						all.Go(func() {
							patiently(t, each, func() error {
								o, err := s.client.Order(t.Context(), a, standin.CrowdOrder(i))
								if err == nil && o.Items[0].SKU != id {
									t.Errorf("%s has the order of %s", id, o.Items[0].SKU)
								}
								return err
							})
						})
					}
				}
				all.Wait()
				is.Equal(theirs.MostRefused(), standin.Refusal{})                // no call beyond a bucket
				is.Equal(theirs.Calls("getOrder", ""), s.limits.total())         // nor one without its token
				is.Equal(theirs.Posts(""), 0)                                    // nothing was posted to the API
				is.True(theirs.Calls("getOrder", "") >= sellers*goroutines*each) // and all came through in the end
				if name != "token requests break, each one" {
					is.Equal(theirs.TokensIssued(""), sellers) // one refresh each
				}
				is.True(time.Since(begun) < c.lasts+10*time.Minute)
				is.Equal(s.seen.alarmed(), 0)
			})
		})
	}
}
