package spapi_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/spapi"
	"github.com/keybuzzio/marketplaces/domain"
)

// burst makes the calls of an operation's full bucket: getOrder has 30, and then one in two seconds.
func burst(t *testing.T, s *stage, a domain.AuthorizationState) {
	t.Helper()
	for range 30 {
		if _, err := s.client.Order(t.Context(), a, orderID); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheCallAfterTheBurstWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), bubble(t, func(o *spapi.Options) { o.Patience = 5 * time.Second })
		a := s.seller(t, "shop")
		begun := time.Now()
		burst(t, s, a)
		is.Equal(time.Since(begun), time.Duration(0))
		_, err := s.client.Order(t.Context(), a, orderID)
		is.NoErr(err)
		is.True(time.Since(begun) >= 2*time.Second && time.Since(begun) < 2100*time.Millisecond)
		is.Equal(s.seen.throttled, []string{"orders/2026-01-01/getOrder"})
		withinBuckets(t, s)
	})
}

func TestWhoWouldWaitTooLongIsToldWhenToComeBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), bubble(t)
		a := s.seller(t, "shop")
		burst(t, s, a)
		begun := time.Now()
		_, err := s.client.Order(t.Context(), a, orderID)
		var told *domain.Error
		is.True(errors.As(err, &told) && told.Kind == domain.ErrThrottled)
		is.True(told.RetryAfter >= 2*time.Second)
		is.Equal(time.Since(begun), time.Duration(0)) // at once
		_, requests := s.counts()
		is.Equal(requests, 30) // and nothing was asked
		time.Sleep(told.RetryAfter)
		_, err = s.client.Order(t.Context(), a, orderID)
		is.NoErr(err) // as it was told

		ctx, cancel := context.WithTimeout(t.Context(), time.Second) // shorter than our patience
		defer cancel()
		begun = time.Now()
		_, err = s.client.Order(ctx, a, orderID)
		is.Equal(domain.KindOf(err), domain.ErrThrottled)
		is.Equal(time.Since(begun), time.Duration(0)) // there is no use in waiting for the deadline
	})
}

// Who waits for many tokens in one call is not patient for ever.
func TestPatienceIsForTheWholeCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), bubble(t, func(o *spapi.Options) { o.Patience = 5 * time.Second })
		a := s.seller(t, "shop")
		burst(t, s, a)
		var all sync.WaitGroup
		begun := time.Now()
		for range 20 { // who loses the race for a token waits for the next
			all.Go(func() {
				_, err := s.client.Order(t.Context(), a, orderID)
				if err != nil && domain.KindOf(err) != domain.ErrThrottled {
					t.Error(err)
				}
			})
		}
		all.Wait()
		is.True(time.Since(begun) <= 5*time.Second)
		_, requests := s.counts()
		is.True(requests <= 32) // two tokens in five seconds
		withinBuckets(t, s)
	})
}

func TestCancellingAWaitEndsItAtOnce(t *testing.T) {
	t.Parallel()
	for name, api := range map[string]func(int, *http.Request) reply{
		"for a token of the bucket": func(_ int, r *http.Request) reply { return orderOf(r) },
		"between two tries": func(int, *http.Request) reply {
			return reply{status: 503, header: map[string]string{"Retry-After": "4"}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				is, s := is.New(t), bubble(t, func(o *spapi.Options) { o.Patience = time.Hour })
				a := s.seller(t, "shop")
				burst(t, s, a)
				if name == "between two tries" {
					time.Sleep(time.Minute)
				}
				s.script(nil, api)
				ctx, cancel := context.WithCancel(t.Context())
				begun, done := time.Now(), make(chan error, 1)
				go func() {
					_, err := s.client.Order(ctx, a, orderID)
					done <- err
				}()
				time.Sleep(time.Second)
				cancel()
				is.True(errors.Is(<-done, context.Canceled)) // as it is, untranslated
				is.Equal(time.Since(begun), time.Second)
				withinBuckets(t, s)
			})
		})
	}
}

func TestSellersDoNotSlowOneAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), bubble(t)
		a, b := s.seller(t, "shop-a"), s.seller(t, "shop-b")
		burst(t, s, a)
		_, err := s.client.Order(t.Context(), a, orderID)
		is.Equal(domain.KindOf(err), domain.ErrThrottled)
		begun := time.Now()
		burst(t, s, b) // has a bucket of its own
		_, err = s.client.BuyerLanguage(t.Context(), a, "A13V1IB3VIYZZH", orderID)
		is.NoErr(err) // and so has every operation
		is.Equal(time.Since(begun), time.Duration(0))

		var all sync.WaitGroup
		var mu sync.Mutex
		got := 0
		c := s.seller(t, "shop-c")
		for range 2 { // but one seller's goroutines share one
			all.Go(func() {
				for range 30 {
					if _, err := s.client.Order(t.Context(), c, orderID); err == nil {
						mu.Lock()
						got++
						mu.Unlock()
					}
				}
			})
		}
		all.Wait()
		is.Equal(got, 30)
		withinBuckets(t, s)
	})
}

func TestRatesAreLearnedFromGoodAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), bubble(t)
		a := s.seller(t, "shop")
		answers := []reply{}
		with := func(r reply, rate string) {
			r.header = map[string]string{"x-amzn-RateLimit-Limit": rate}
			answers = append(answers, r)
		}
		good := reply{status: 200, body: `{"order":{"orderId":"` + orderID + `"}}`}
		with(good, "2.0")
		with(good, "2.0") // the same: nobody is told
		with(refused(404, "NotFound", "", ""), "2.5")
		with(refused(400, "InvalidInput", "", ""), "3.0")
		with(refused(403, "Unauthorized", "no", ""), "9.0") // these have none, whatever they say
		with(good, "")
		with(good, "soon")
		with(good, "-1")
		with(good, "NaN")
		with(good, "1e9") // what cannot be is not taken over
		with(good, "3.0")
		s.script(nil, func(n int, _ *http.Request) reply { return answers[n] })
		for range answers {
			_, _ = s.client.Order(t.Context(), a, orderID)
		}
		is.Equal(s.limits.learned, []float64{2, 2.5, 3, 1e9, 3})
		time.Sleep(time.Hour)
		answers = nil
		with(good, "3.0")
		s.script(nil, func(n int, _ *http.Request) reply { return answers[n] })
		_, err := s.client.Order(t.Context(), a, orderID)
		is.NoErr(err)
		is.Equal(s.limits.learned, []float64{2, 2.5, 3, 1e9, 3, 3}) // another process may have told another since
		s.script(nil, nil)
		begun := time.Now()
		for range 33 {
			_, err := s.client.Order(t.Context(), a, orderID)
			is.NoErr(err)
		}
		is.True(time.Since(begun) >= time.Second && time.Since(begun) < 1500*time.Millisecond) // three a second beyond the burst
	})
}

func TestCallsOfOurOwnHaveABucketInEachRegion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), bubble(t)
		s.script(nil, func(int, *http.Request) reply { return reply{status: 200, body: `{"payload":[]}`} })
		begun := time.Now()
		for i := range 6 { // 5 at once, then one a second
			for _, region := range []string{"NA", "EU"} {
				_, err := s.client.Destinations(t.Context(), region)
				is.NoErr(err)
			}
			if i == 4 {
				is.Equal(time.Since(begun), time.Duration(0))
			}
		}
		is.True(time.Since(begun) >= time.Second && time.Since(begun) < 1100*time.Millisecond)
		is.Equal(s.limits.total(), 0)
		s.script(nil, func(n int, _ *http.Request) reply {
			if n == 0 {
				return refused(429, "QuotaExceeded", "", "")
			}
			return reply{status: 200, body: `{"payload":[]}`, header: map[string]string{"x-amzn-RateLimit-Limit": "2"}}
		})
		time.Sleep(time.Minute)
		begun = time.Now()
		_, err := s.client.Destinations(t.Context(), "FE")
		is.NoErr(err)
		is.True(time.Since(begun) >= time.Second) // the bucket was emptied
	})
}

// When the buckets cannot be reached no call is made.
func TestNoCallWithoutABucket(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), play(t)
	a := s.seller(t, "shop")
	a.Connection = domain.NewID[domain.ConnectionID]() // nobody has it
	_, err := s.client.Participations(t.Context(), a)
	is.True(errors.Is(err, domain.ErrNotFound))
	_, requests := s.counts()
	is.Equal(requests, 0)
}

func TestPausesGrow(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for try, least := range []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second, 5 * time.Second} {
		seen := map[time.Duration]bool{}
		for range 100 {
			p := spapi.Backoff(try + 1)
			seen[p] = true
			is.True(p >= least && p < least*3/2)
		}
		is.True(len(seen) > 50) // at random, so that many do not come back at once
	}
}
