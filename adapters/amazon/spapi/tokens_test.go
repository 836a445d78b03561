package spapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/spapi"
	"github.com/keybuzzio/marketplaces/domain"
)

func TestAnAccessTokenIsUsedUntilShortlyBeforeItsEnd(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for seconds, want := range map[float64]time.Duration{
		3600: 59 * time.Minute, 120: time.Minute, 60: 30 * time.Second, 10: 5 * time.Second, 0: 0, -5: 0,
		1e18: 24*time.Hour - time.Minute,
	} {
		is.New(t).Equal(spapi.AccessLife(seconds, now), want)
	}
	for life, refreshes := range map[int]int{3600: 1, 240: 4, 30: 40, 0: 60} {
		synctest.Test(t, func(t *testing.T) {
			is, s := is.New(t), bubble(t)
			a := s.seller(t, "shop")
			s.script(func(_ int, form url.Values) reply { return granted(form, life) }, nil)
			for range 60 { // for ten minutes
				_, err := s.client.Order(t.Context(), a, orderID)
				is.NoErr(err)
				time.Sleep(10 * time.Second)
			}
			grants, _ := s.counts()
			is.True(grants >= refreshes-10 && grants <= refreshes) // as often as the answers say, not as we think
		})
	}
}

func TestANewConsentNeverMeetsTheOldAccessToken(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), play(t)
	a := s.seller(t, "shop")
	_, err := s.client.Order(t.Context(), a, orderID)
	is.NoErr(err)
	path := domain.NewSecretPath(domain.ConnectionState{ID: a.Connection, Tenant: a.Tenant, Type: a.Type})
	is.NoErr(s.secrets.Put(t.Context(), path, domain.SecretData{"refresh_token": domain.NewSecret("Atzr|another-account")}))
	a.VaultPath = path.String()
	_, err = s.client.Order(t.Context(), a, orderID)
	is.NoErr(err)
	is.Equal(s.requests[1].Header.Get("x-amz-access-token"), "Atza|for-Atzr|another-account")
}

// The refresh that one began goes on for the others when that one leaves.
func TestFiftyAskAtOnceAndHalfOfThemLeave(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), bubble(t)
		a := s.seller(t, "shop")
		s.script(func(_ int, form url.Values) reply {
			r := granted(form, 3600)
			r.slow = 5 * time.Second
			return r
		}, nil)
		ctx, cancel := context.WithCancel(t.Context())
		var stay, leave sync.WaitGroup
		for range 25 { // the first of these begins it
			leave.Go(func() {
				if _, err := s.client.Order(ctx, a, orderID); !errors.Is(err, context.Canceled) {
					t.Errorf("who left got %v", err)
				}
			})
		}
		synctest.Wait()
		for range 25 {
			stay.Go(func() {
				if _, err := s.client.Order(t.Context(), a, orderID); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		begun := time.Now()
		cancel()
		leave.Wait()
		is.Equal(time.Since(begun), time.Duration(0)) // at once
		stay.Wait()
		is.Equal(time.Since(begun), 5*time.Second)
		grants, requests := s.counts()
		is.Equal([]int{grants, requests}, []int{1, 25})
		_, err := s.client.Order(ctx, a, orderID)
		is.True(errors.Is(err, context.Canceled)) // even when there is a token
	})
}

func TestARefreshedTokenAfterARefusal(t *testing.T) {
	t.Parallel()
	const revoked = "The access token you provided is revoked, malformed or invalid."
	const expired = "The access token you provided has expired."
	for name, c := range map[string]struct {
		details          string
		takes            int // which access token is taken, 0 for none
		refresh          string
		kind             error
		grants, requests int
	}{
		"it had expired":              {expired, 2, "", nil, 2, 2},
		"it was revoked and is not":   {revoked, 2, "", nil, 2, 2},
		"the seller has withdrawn":    {revoked, 0, "invalid_grant", domain.ErrRejected, 2, 1},
		"a new one is refused too":    {revoked, 0, "", domain.ErrForbidden, 2, 2},
		"the role is missing":         {"", 0, "", domain.ErrForbidden, 1, 1},
		"the token was not there":     {"Access token is missing in the request header.", 0, "", domain.ErrInvalid, 1, 1},
		"our secret is wrong by then": {revoked, 0, "invalid_client", domain.ErrUnavailable, 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, s := is.New(t), play(t)
			a := s.seller(t, "shop")
			s.script(func(n int, _ url.Values) reply {
				if n > 0 && c.refresh != "" {
					return denied(400, c.refresh)
				}
				return jsonReply(200, map[string]any{"access_token": fmt.Sprintf("Atza|%d", n+1), "expires_in": 3600})
			}, func(_ int, r *http.Request) reply {
				if r.Header.Get("x-amz-access-token") == fmt.Sprintf("Atza|%d", c.takes) {
					return reply{status: 200, body: `{"buyer":{"locale":"fr-FR"}}`}
				}
				return refused(403, "Unauthorized", "Access to requested resource is denied.", c.details)
			})
			language, err := s.client.BuyerLanguage(t.Context(), a, "A13V1IB3VIYZZH", orderID)
			is.Equal(domain.KindOf(err), c.kind)
			is.Equal(err == nil, c.kind == nil)
			is.Equal(language == "fr-FR", c.kind == nil)
			grants, requests := s.counts()
			is.Equal([]int{grants, requests}, []int{c.grants, c.requests})
			withinBuckets(t, s)
		})
	}
}

// However many meet a token that is refused, it is replaced once.
func TestFiftyMeetARevokedToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), bubble(t, func(o *spapi.Options) { o.Patience = time.Hour })
		a := s.seller(t, "shop")
		s.script(func(n int, _ url.Values) reply {
			return jsonReply(200, map[string]any{"access_token": fmt.Sprintf("Atza|%d", n), "expires_in": 3600})
		}, func(_ int, r *http.Request) reply {
			if r.Header.Get("x-amz-access-token") == "Atza|0" {
				return refused(403, "Unauthorized", "Access to requested resource is denied.", "The access token you provided has expired.")
			}
			return orderOf(r)
		})
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if _, err := s.client.Order(t.Context(), a, orderID); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		grants, _ := s.counts()
		is.Equal(grants, 2)
		withinBuckets(t, s)
	})
}

func TestTokensThatAreOverAreForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), bubble(t)
		for i := range 100 {
			_, err := s.client.Order(t.Context(), s.seller(t, fmt.Sprintf("shop-%d", i)), orderID)
			is.NoErr(err)
			time.Sleep(2 * time.Minute)
		}
		is.True(s.client.KeptTokens() <= 31) // those of the last hour, not of all times
	})
}

func TestSellersTokensAreNotMixedUp(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), play(t)
	var all sync.WaitGroup
	for i := range 20 {
		a := s.seller(t, fmt.Sprintf("shop-%d", i))
		for range 5 {
			all.Go(func() {
				o, err := s.client.Order(t.Context(), a, orderID)
				if err != nil || o.Items[0].SKU != fmt.Sprintf("Atza|for-Atzr|shop-%d", i) {
					t.Errorf("shop-%d got %v, %v", i, o.Items, err)
				}
			})
		}
	}
	all.Wait()
	grants, _ := s.counts()
	is.Equal(grants, 20)
}
