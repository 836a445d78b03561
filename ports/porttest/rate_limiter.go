package porttest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// RateLimiterFixture is a RateLimiter that nobody has used.
type RateLimiterFixture struct {
	Limiter ports.RateLimiter
	Connect func(t *testing.T, tenant domain.TenantID) domain.ConnectionID // makes a connection
	Advance func(t *testing.T, d time.Duration)                            // moves the clock that the limiter goes by; back if d is negative

	// Again is optional: the limiter as another process sees it, opened after what Limiter did.
	Again func(t *testing.T) ports.RateLimiter
}

// TestRateLimiter checks a RateLimiter against its contract. open is called once per subtest.
func TestRateLimiter(t *testing.T, open func(t *testing.T) RateLimiterFixture) {
	bucketRules.check(t, open)
	bucketSharing.check(t, open)
	bucketCorrections.check(t, open)
}

// slow is an operation with a token in about three minutes: what passes while a test runs does not count.
const slow domain.Operation = "orders/2026-01-01/searchOrders"

// token is how long slow takes for n tokens, and a little longer.
func token(n float64) time.Duration {
	plan, _ := slow.Plan()
	return time.Duration(n/plan.Rate*float64(time.Second)) + time.Millisecond
}

// slack is how much real time a test may take, in which an implementation's own clock goes on.
const slack = 20 * time.Second

// bucket is the bucket of slow of a new connection.
func (f RateLimiterFixture) bucket(t *testing.T, name string) domain.BucketID {
	t.Helper()
	who := tenant(t, name)
	return domain.BucketID{Tenant: who, Connection: f.Connect(t, who), Operation: slow}
}

// take asks until it is told to wait, and returns how often it had leave and for how long it is to wait.
func (f RateLimiterFixture) take(t *testing.T, b domain.BucketID) (granted int, wait time.Duration) {
	t.Helper()
	for ; granted < 100; granted++ {
		err := f.Limiter.Take(t.Context(), b)
		if err == nil {
			continue
		}
		return granted, waitOf(t, err)
	}
	t.Fatal("there is no end of tokens")
	return 0, 0
}

// waitOf returns the RetryAfter of an answer that must be ErrThrottled.
func waitOf(t *testing.T, err error) time.Duration {
	t.Helper()
	is := is.New(t)
	var told *domain.Error
	is.True(errors.As(err, &told))
	is.Equal(told.Kind, domain.ErrThrottled)
	is.True(told.RetryAfter > 0)
	return told.RetryAfter
}

// nearly reports whether a wait is what it should be, but for the time that the test itself took.
func nearly(wait, want time.Duration) bool {
	return wait <= want+2*time.Millisecond && wait > want-slack
}

// bucketRules are about one bucket and its plan.
var bucketRules = rules[RateLimiterFixture]{
	"a bucket that was never asked holds its burst and no more": func(t *testing.T, f RateLimiterFixture) {
		is := is.New(t)
		plan, err := slow.Plan()
		is.NoErr(err)
		granted, wait := f.take(t, f.bucket(t, "t1"))
		is.Equal(granted, plan.Burst)
		is.True(nearly(wait, token(1)))
	},
	"who is told to wait takes nothing, and finds a token when he comes back": func(t *testing.T, f RateLimiterFixture) {
		is, b := is.New(t), f.bucket(t, "t1")
		_, wait := f.take(t, b)
		for range 10 {
			again := waitOf(t, f.Limiter.Take(t.Context(), b))
			is.True(again <= wait)
			wait = again
		}
		f.Advance(t, wait)
		granted, _ := f.take(t, b)
		is.Equal(granted, 1)
	},
	"tokens come back at the plan's rate": func(t *testing.T, f RateLimiterFixture) {
		is, b := is.New(t), f.bucket(t, "t1")
		f.take(t, b)
		for n := range 6 {
			f.Advance(t, token(float64(n)))
			granted, _ := f.take(t, b)
			is.Equal(granted, n)
		}
	},
	"a fraction of a token is kept": func(t *testing.T, f RateLimiterFixture) {
		is, b := is.New(t), f.bucket(t, "t1")
		f.take(t, b)
		for range 3 {
			f.Advance(t, token(0.25))
			granted, _ := f.take(t, b) // asking loses none of it
			is.Equal(granted, 0)
		}
		f.Advance(t, token(0.25))
		granted, _ := f.take(t, b)
		is.Equal(granted, 1)
	},
	"a bucket that rests gathers its burst and no more": func(t *testing.T, f RateLimiterFixture) {
		is, b := is.New(t), f.bucket(t, "t1")
		full, _ := f.take(t, b)
		f.Advance(t, 30*24*time.Hour)
		granted, _ := f.take(t, b)
		is.Equal(granted, full)
	},
	"a clock that goes back brings no tokens and takes none": func(t *testing.T, f RateLimiterFixture) {
		is, b := is.New(t), f.bucket(t, "t1")
		is.NoErr(f.Limiter.Take(t.Context(), b))
		f.Advance(t, -token(2))
		plan, err := slow.Plan()
		is.NoErr(err)
		granted, wait := f.take(t, b)
		is.Equal(granted, plan.Burst-1)
		is.True(nearly(wait, token(3))) // it has to catch up first
		for range 3 {
			f.Advance(t, token(2)) // to and fro
			f.Advance(t, -token(2))
			granted, _ = f.take(t, b)
			is.Equal(granted, 0)
		}
	},
	"a clock that was years ahead stops nobody for longer than a bucket takes to fill": func(t *testing.T, f RateLimiterFixture) {
		is, b := is.New(t), f.bucket(t, "t1")
		plan, err := slow.Plan()
		is.NoErr(err)
		f.take(t, b)
		f.Advance(t, -10*365*24*time.Hour)
		_, wait := f.take(t, b)
		is.True(nearly(wait, token(float64(plan.Burst)+1)))
		f.Advance(t, wait)
		granted, _ := f.take(t, b)
		is.Equal(granted, 1)
	},
	"what names no bucket is ErrInvalid": func(t *testing.T, f RateLimiterFixture) {
		is, good := is.New(t), f.bucket(t, "t1")
		for _, spoil := range []func(*domain.BucketID){
			func(b *domain.BucketID) { b.Tenant = domain.TenantID{} },
			func(b *domain.BucketID) { b.Connection = domain.ConnectionID{} },
			func(b *domain.BucketID) { b.Operation = "" },
			func(b *domain.BucketID) { b.Operation = "orders/v0/getEverything" },
		} {
			b := good
			spoil(&b)
			is.True(errors.Is(f.Limiter.Take(t.Context(), b), domain.ErrInvalid))
			is.True(errors.Is(f.Limiter.Learn(t.Context(), b, 1), domain.ErrInvalid))
			is.True(errors.Is(f.Limiter.Refused(t.Context(), b, 0), domain.ErrInvalid))
		}
	},
	"a cancelled context passes as it is and takes nothing": func(t *testing.T, f RateLimiterFixture) {
		is, b := is.New(t), f.bucket(t, "t1")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, err := range []error{
			f.Limiter.Take(ctx, b), f.Limiter.Learn(ctx, b, 0.01), f.Limiter.Refused(ctx, b, time.Minute),
		} {
			is.True(errors.Is(err, context.Canceled))
			is.Equal(domain.KindOf(err), nil)
		}
		plan, err := slow.Plan()
		is.NoErr(err)
		granted, wait := f.take(t, b)
		is.Equal(granted, plan.Burst)
		is.True(nearly(wait, token(1)))
	},
}
