package porttest

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

// bucketCorrections is about what a marketplace's answers teach.
var bucketCorrections = rules[RateLimiterFixture]{
	"a learned rate counts from then on, and the burst stays": func(t *testing.T, f RateLimiterFixture) {
		is, b := is.New(t), f.bucket(t, "t1")
		plan, err := slow.Plan()
		is.NoErr(err)
		f.take(t, b)
		f.Advance(t, token(2)) // two tokens at the rate of that time
		is.NoErr(f.Limiter.Learn(t.Context(), b, plan.Rate*10))
		granted, wait := f.take(t, b)
		is.Equal(granted, 2)
		is.True(nearly(wait, token(0.1)))
		f.Advance(t, token(0.3))
		granted, _ = f.take(t, b)
		is.Equal(granted, 3)
		f.Advance(t, 30*24*time.Hour)
		granted, _ = f.take(t, b)
		is.Equal(granted, plan.Burst)
		is.NoErr(f.Limiter.Learn(t.Context(), b, plan.Rate/2)) // slower is learned too
		_, wait = f.take(t, b)
		is.True(nearly(wait, token(2)))
	},
	"learning again what is known changes nothing": func(t *testing.T, f RateLimiterFixture) {
		is, b := is.New(t), f.bucket(t, "t1")
		plan, err := slow.Plan()
		is.NoErr(err)
		f.take(t, b)
		is.NoErr(f.Limiter.Learn(t.Context(), b, plan.Rate*2))
		for range 4 {
			f.Advance(t, token(0.125)) // a quarter of a token now
			is.NoErr(f.Limiter.Learn(t.Context(), b, plan.Rate*2))
		}
		granted, wait := f.take(t, b)
		is.Equal(granted, 1)
		is.True(nearly(wait, token(0.5)))
	},
	"what is learned of a bucket that was never asked leaves it full": func(t *testing.T, f RateLimiterFixture) {
		is, b := is.New(t), f.bucket(t, "t1")
		plan, err := slow.Plan()
		is.NoErr(err)
		is.NoErr(f.Limiter.Learn(t.Context(), b, plan.Rate*2))
		granted, wait := f.take(t, b)
		is.Equal(granted, plan.Burst)
		is.True(nearly(wait, token(0.5)))
	},
	"a rate that cannot be is ErrInvalid and not taken over": func(t *testing.T, f RateLimiterFixture) {
		is, b := is.New(t), f.bucket(t, "t1")
		plan, err := slow.Plan()
		is.NoErr(err)
		is.NoErr(f.Limiter.Learn(t.Context(), b, plan.Rate*2))
		for _, rate := range []float64{
			0, -1, math.NaN(), math.Inf(1), math.Inf(-1), math.SmallestNonzeroFloat64, math.MaxFloat64, 1000 * plan.Rate, plan.Rate / 1000,
		} {
			is.True(errors.Is(f.Limiter.Learn(t.Context(), b, rate), domain.ErrInvalid))
		}
		_, wait := f.take(t, b)
		is.True(nearly(wait, token(0.5)))
	},
	"a refusal empties the bucket and leaves the rate": func(t *testing.T, f RateLimiterFixture) {
		is, b := is.New(t), f.bucket(t, "t1")
		plan, err := slow.Plan()
		is.NoErr(err)
		is.NoErr(f.Limiter.Take(t.Context(), b))
		is.NoErr(f.Limiter.Learn(t.Context(), b, plan.Rate*2))
		is.NoErr(f.Limiter.Refused(t.Context(), b, 0))
		granted, wait := f.take(t, b)
		is.Equal(granted, 0)
		is.True(nearly(wait, token(0.5)))
		f.Advance(t, wait)
		granted, wait = f.take(t, b)
		is.Equal(granted, 1)
		is.True(nearly(wait, token(0.5)))
	},
	"the first word of a bucket may be a refusal": func(t *testing.T, f RateLimiterFixture) {
		is, b := is.New(t), f.bucket(t, "t1")
		is.NoErr(f.Limiter.Refused(t.Context(), b, time.Hour))
		granted, wait := f.take(t, b)
		is.Equal(granted, 0)
		is.True(nearly(wait, time.Hour))
	},
	"after the pause that was asked for there is one token and no burst": func(t *testing.T, f RateLimiterFixture) {
		is, b := is.New(t), f.bucket(t, "t1")
		is.NoErr(f.Limiter.Take(t.Context(), b))
		is.NoErr(f.Limiter.Refused(t.Context(), b, 30*time.Minute))
		granted, wait := f.take(t, b)
		is.Equal(granted, 0)
		is.True(nearly(wait, 30*time.Minute))
		f.Advance(t, wait)
		granted, wait = f.take(t, b)
		is.Equal(granted, 1)
		is.True(nearly(wait, token(1)))
	},
	"a shorter pause than a token takes brings none sooner": func(t *testing.T, f RateLimiterFixture) {
		is, b := is.New(t), f.bucket(t, "t1")
		is.NoErr(f.Limiter.Refused(t.Context(), b, time.Second))
		_, wait := f.take(t, b)
		is.True(nearly(wait, token(1)))
	},
	"a refusal does not shorten the wait that an earlier one left": func(t *testing.T, f RateLimiterFixture) {
		is, b := is.New(t), f.bucket(t, "t1")
		is.NoErr(f.Limiter.Refused(t.Context(), b, time.Hour))
		for _, err := range together(10, func(int) error { return f.Limiter.Refused(t.Context(), b, time.Minute) }) {
			is.NoErr(err) // calls that were under way
		}
		_, wait := f.take(t, b)
		is.True(nearly(wait, time.Hour)) // nor do many add up
	},
	"a faster rate does not shorten the pause that was asked for": func(t *testing.T, f RateLimiterFixture) {
		is, b := is.New(t), f.bucket(t, "t1")
		plan, err := slow.Plan()
		is.NoErr(err)
		is.NoErr(f.Limiter.Refused(t.Context(), b, time.Hour))
		is.NoErr(f.Limiter.Learn(t.Context(), b, plan.Rate*50)) // from a call that was under way
		_, wait := f.take(t, b)
		is.True(wait > time.Hour-token(1)-slack)
	},
	"a pause of days is not believed, nor one of less than nothing": func(t *testing.T, f RateLimiterFixture) {
		is, b := is.New(t), f.bucket(t, "t1")
		is.NoErr(f.Limiter.Refused(t.Context(), b, -time.Hour))
		_, wait := f.take(t, b)
		is.True(nearly(wait, token(1)))
		is.NoErr(f.Limiter.Refused(t.Context(), b, math.MaxInt64))
		_, wait = f.take(t, b)
		is.True(nearly(wait, domain.MaxRetryAfter))
	},
}
