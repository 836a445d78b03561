package porttest

import (
	"errors"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// processes are n limiters as so many processes have them; the same one, where the adapter lives in one process.
func (f RateLimiterFixture) processes(t *testing.T, n int) []ports.RateLimiter {
	t.Helper()
	all := []ports.RateLimiter{f.Limiter}
	for len(all) < n {
		if f.Again == nil {
			all = append(all, f.Limiter)
		} else {
			all = append(all, f.Again(t))
		}
	}
	return all
}

// count says how many answers were leave, and fails for what is neither that nor ErrThrottled.
func count(t *testing.T, answers []error) (granted int) {
	t.Helper()
	for _, err := range answers {
		if err == nil {
			granted++
		} else {
			waitOf(t, err)
		}
	}
	return granted
}

// bucketSharing is about who shares a bucket and who does not.
var bucketSharing = rules[RateLimiterFixture]{
	"fifty who ask at once get what the plan grants, in however many processes": func(t *testing.T, f RateLimiterFixture) {
		is, b := is.New(t), f.bucket(t, "t1")
		plan, err := slow.Plan()
		is.NoErr(err)
		limiters := f.processes(t, 3)
		ask := func(i int) error { return limiters[i%len(limiters)].Take(t.Context(), b) }
		is.Equal(count(t, together(50, ask)), plan.Burst)
		is.Equal(count(t, together(50, ask)), 0)
		f.Advance(t, token(7))
		is.Equal(count(t, together(50, ask)), 7) // none lost either
	},
	"fifty who ask again and again get no more than the plan grants": func(t *testing.T, f RateLimiterFixture) {
		is, b := is.New(t), f.bucket(t, "t1")
		b.Operation = "uploads/2020-11-01/createUploadDestinationForResource" // whose tokens come fast
		plan, err := b.Operation.Plan()
		is.NoErr(err)
		limiters := f.processes(t, 3)
		granted := make([]int, 50)
		begun := time.Now()
		for _, err := range together(len(granted), func(i int) error {
			for range 20 {
				err := limiters[i%len(limiters)].Take(t.Context(), b)
				if err == nil {
					granted[i]++
				} else if !errors.Is(err, domain.ErrThrottled) {
					return err
				}
			}
			return nil
		}) {
			is.NoErr(err)
		}
		most, sum := float64(plan.Burst)+plan.Rate*time.Since(begun).Seconds(), 0
		for _, n := range granted {
			sum += n
		}
		is.True(sum >= plan.Burst)
		is.True(float64(sum) <= most)
	},
	"who starts goes on with what is left": func(t *testing.T, f RateLimiterFixture) {
		if f.Again == nil {
			return
		}
		is, b := is.New(t), f.bucket(t, "t1")
		plan, err := slow.Plan()
		is.NoErr(err)
		is.NoErr(f.Limiter.Take(t.Context(), b))
		is.NoErr(f.Limiter.Take(t.Context(), b))
		f.Limiter = f.Again(t)
		granted, wait := f.take(t, b)
		is.Equal(granted, plan.Burst-2)
		is.True(nearly(wait, token(1)))
		is.NoErr(f.Limiter.Learn(t.Context(), b, plan.Rate*2))
		is.NoErr(f.Limiter.Refused(t.Context(), b, time.Hour))
		f.Limiter = f.Again(t)
		_, wait = f.take(t, b)
		is.True(nearly(wait, time.Hour)) // a refusal outlives who met it
		f.Advance(t, time.Hour+token(1)/2)
		granted, _ = f.take(t, b)
		is.Equal(granted, 2) // and so does what was learned
	},
	"operations, connections and tenants have buckets of their own": func(t *testing.T, f RateLimiterFixture) {
		is, b := is.New(t), f.bucket(t, "t1")
		plan, err := slow.Plan()
		is.NoErr(err)
		f.take(t, b)
		is.NoErr(f.Limiter.Learn(t.Context(), b, plan.Rate/2))
		is.NoErr(f.Limiter.Refused(t.Context(), b, time.Hour))
		neighbour := b
		neighbour.Connection = f.Connect(t, tenant(t, "t1"))
		for _, other := range []domain.BucketID{neighbour, f.bucket(t, "t2"), f.bucket(t, "T1")} {
			granted, wait := f.take(t, other)
			is.Equal(granted, plan.Burst)
			is.True(nearly(wait, token(1)))
		}
		b.Operation = "orders/2026-01-01/getOrder"
		is.NoErr(f.Limiter.Take(t.Context(), b))
	},
	"another tenant's connection is ErrNotFound, and its bucket stays": func(t *testing.T, f RateLimiterFixture) {
		is, theirs := is.New(t), f.bucket(t, "t1")
		is.NoErr(f.Limiter.Take(t.Context(), theirs))
		stolen := theirs
		stolen.Tenant = f.bucket(t, "t2").Tenant // who knows the id alone
		nowhere := theirs
		nowhere.Connection = domain.NewID[domain.ConnectionID]()
		for _, b := range []domain.BucketID{stolen, nowhere} {
			is.True(errors.Is(f.Limiter.Take(t.Context(), b), domain.ErrNotFound))
			is.True(errors.Is(f.Limiter.Learn(t.Context(), b, 0.01), domain.ErrNotFound))
			is.True(errors.Is(f.Limiter.Refused(t.Context(), b, time.Hour), domain.ErrNotFound))
		}
		plan, err := slow.Plan()
		is.NoErr(err)
		granted, wait := f.take(t, theirs)
		is.Equal(granted, plan.Burst-1)
		is.True(nearly(wait, token(1)))
	},
}
