package spapi_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/spapi"
	"github.com/keybuzzio/marketplaces/domain"
)

// storm asks for orders of sellers, several goroutines each, as jobs do. It ends when each goroutine has had so many orders, and
// returns how many times something else came.
func storm(t *testing.T, s *stage, sellers []domain.AuthorizationState, goroutines, each int) (missed int) {
	t.Helper()
	var all sync.WaitGroup
	var sum atomic.Int64
	for _, a := range sellers {
		for range goroutines {
			all.Go(func() {
				sum.Add(int64(patiently(t, each, func() error {
					o, err := s.client.Order(t.Context(), a, orderID)
					if err == nil && o.Items[0].SKU != "Atza|for-Atzr|"+a.Tenant.String() {
						t.Errorf("%s has the answer of %s", a.Tenant, o.Items[0].SKU)
					}
					return err
				})))
			})
		}
	}
	all.Wait()
	return int(sum.Load())
}

// patiently does something so many times with success, and returns how often it had none: who is told to come back later does,
// and who failed does after a while.
func patiently(t *testing.T, times int, do func() error) (missed int) {
	t.Helper()
	for times > 0 {
		err := do()
		var told *domain.Error
		switch {
		case err == nil:
			times--
			continue
		case errors.As(err, &told) && told.Kind == domain.ErrThrottled && told.RetryAfter > 0:
			time.Sleep(told.RetryAfter)
		case errors.Is(err, domain.ErrUnavailable):
			time.Sleep(10 * time.Second)
		default:
			t.Errorf("neither throttled nor unavailable: %v", err)
			return missed
		}
		missed++
	}
	return missed
}

// withinBuckets checks that no request was sent without a token of its bucket.
func withinBuckets(t *testing.T, s *stage) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.total != s.limits.total() {
		t.Errorf("%d requests with %d tokens", s.total, s.limits.total())
	}
}

func TestEverySecondCallIsOneTooMany(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), bubble(t)
		a, b := s.seller(t, "shop-a"), s.seller(t, "shop-b")
		s.script(nil, func(n int, r *http.Request) reply {
			if n%2 == 1 {
				return refused(429, "QuotaExceeded", "You exceeded your quota for the requested resource.", "")
			}
			return orderOf(r)
		})
		begun := time.Now()
		storm(t, s, []domain.AuthorizationState{a, b}, 3, 20)
		withinBuckets(t, s)
		grants, requests := s.counts()
		is.Equal(grants, 2)                         // one token each
		is.True(requests >= 2*3*20*2-2)             // every second one was refused
		is.Equal(len(s.limits.refused), requests/2) // and the buckets know
		is.True(time.Since(begun) < 10*time.Minute) // two seconds a call each, and no more than that
		is.Equal(len(s.limits.learned), 0)          // a refusal tells no rate
		for _, pause := range s.limits.refused {
			is.True(pause >= 500*time.Millisecond) // in milliseconds, not in nanoseconds
		}
	})
}

func TestUnavailableForAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), bubble(t)
		begun := time.Now()
		down := func() bool { return time.Since(begun) < time.Minute }
		s.script(nil, func(_ int, r *http.Request) reply {
			if down() {
				return reply{status: 503, body: "<html><body>Service Unavailable</body></html>", header: map[string]string{"content-type": "text/html"}}
			}
			return orderOf(r)
		})
		missed := storm(t, s, []domain.AuthorizationState{s.seller(t, "shop-a"), s.seller(t, "shop-b")}, 2, 3)
		withinBuckets(t, s)
		grants, requests := s.counts()
		is.Equal(grants, 2)
		is.True(missed > 0)
		is.True(requests <= (missed+2*2*3)*spapi.Tries) // a few tries a call
		is.True(time.Since(begun) < 90*time.Second)     // and then at once
	})
}

func TestMessagesAreNotSentTwice(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer reply
		sent   int
		reason spapi.Reason
	}{
		"500":                    {reply{status: 500}, 1, spapi.ReasonUnknown},
		"503":                    {refused(503, "ServiceUnavailable", "", ""), 1, spapi.ReasonUnknown},
		"504 in HTML":            {reply{status: 504, body: "<html>"}, 1, spapi.ReasonUnknown},
		"the connection breaks":  {reply{lost: true}, 1, spapi.ReasonUnknown},
		"400":                    {refused(400, "InvalidInput", "", ""), 1, spapi.ReasonRequest},
		"403 of a gateway":       {reply{status: 403, body: "<html>"}, 1, spapi.ReasonUnavailable},
		"one call too many":      {refused(429, "QuotaExceeded", "", ""), 2, spapi.ReasonThrottled}, // it was refused: that may be repeated
		"not for this order":     {refused(403, "Unauthorized", "Invalid amazonOrderId and template combination.", ""), 1, spapi.ReasonOrder},
		"the token is not taken": {refused(403, "Unauthorized", "Access to requested resource is denied.", "The access token you provided is revoked, malformed or invalid."), 2, spapi.ReasonToken},
		"the role is missing":    {refused(403, "Unauthorized", "Access to requested resource is denied.", ""), 1, spapi.ReasonRole},
		"it was sent":            {reply{status: 201, body: "{}"}, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				is, s := is.New(t), bubble(t)
				a := s.seller(t, "shop")
				s.script(nil, func(int, *http.Request) reply { return c.answer })
				err := s.client.Message(t.Context(), a)
				_, sent := s.counts()
				is.Equal(sent, c.sent)
				withinBuckets(t, s)
				if c.reason == "" {
					is.NoErr(err)
					return
				}
				is.Equal(failure(t, err).Reason, c.reason)
			})
		})
	}
}

// A message may be repeated when it is certain that nobody got it.
func TestAMessageThatNobodyGotIsSentAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		var dialled int
		s := bubble(t, func(o *spapi.Options) {
			inner := o.HTTPClient.Transport.(*http.Transport).DialContext
			o.HTTPClient.Transport.(*http.Transport).DisableKeepAlives = true
			o.HTTPClient.Transport.(*http.Transport).DialContext = dialer(func() error {
				if dialled++; dialled == 2 || dialled == 3 { // the first is for the token
					return errors.New("connection refused")
				}
				return nil
			}, inner)
		})
		s.script(nil, func(int, *http.Request) reply { return reply{status: 201, body: "{}"} })
		is.NoErr(s.client.Message(t.Context(), s.seller(t, "shop")))
		_, sent := s.counts()
		is.Equal(sent, 1)
		is.Equal(dialled, 4)
		is.Equal(s.limits.total(), 3) // each attempt had its token, those that reached nobody too
	})
}

func TestConnectionsThatBreakCostATokenEach(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), bubble(t)
		a := s.seller(t, "shop")
		s.script(nil, func(n int, r *http.Request) reply {
			if n%2 == 1 { // on a connection that was used before: the transport would send it again by itself
				return reply{lost: true}
			}
			return orderOf(r)
		})
		for range 5 {
			_, err := s.client.Order(t.Context(), a, orderID)
			is.NoErr(err)
		}
		_, requests := s.counts()
		is.Equal(requests, 9)
		withinBuckets(t, s)
	})
}

func TestLoginWithAmazonIsDownForTenMinutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), bubble(t)
		a, b := s.seller(t, "shop-a"), s.seller(t, "shop-b")
		begun := time.Now()
		good := 0
		s.script(func(_ int, form url.Values) reply {
			if time.Since(begun) < 10*time.Minute {
				return reply{status: 503, body: "<html>down</html>"}
			}
			good++
			return granted(form, 3600)
		}, nil)
		missed := storm(t, s, []domain.AuthorizationState{a, b}, 25, 1)
		grants, requests := s.counts()
		is.Equal(good, 2)         // one refresh each when it is back, 25 goroutines waiting
		is.Equal(requests, 50)    // nothing was asked without a token
		is.True(grants <= 2*4*65) // 25 who come every 10 seconds share their tries
		is.True(missed >= 50)
		withinBuckets(t, s)
		is.Equal(s.seen.alarmed(), 0) // that is no fault of our credentials
		is.True(time.Since(begun) < 12*time.Minute)
	})
}

func TestTheStoreOfSecretsIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), bubble(t)
		a := s.seller(t, "shop")
		s.secrets.set(true, false)
		go func() {
			time.Sleep(5 * time.Minute)
			s.secrets.set(false, false)
		}()
		missed := storm(t, s, []domain.AuthorizationState{a}, 10, 1)
		grants, requests := s.counts()
		is.True(missed > 0)
		is.Equal(grants, 1) // Amazon heard of nothing until the store was back
		is.Equal(requests, 10)
		withinBuckets(t, s)
	})
}

// A token is refreshed once when it ends, however many ask.
func TestFiftyAskAtTheEndOfAToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), bubble(t, func(o *spapi.Options) { o.Patience = time.Hour })
		a := s.seller(t, "shop")
		for round := 1; round <= 3; round++ {
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
			is.Equal(grants, round)
			time.Sleep(time.Hour)
		}
		withinBuckets(t, s)
	})
}

func dialer(before func() error, dial func(context.Context, string, string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if err := before(); err != nil {
			return nil, err
		}
		return dial(ctx, network, address)
	}
}
