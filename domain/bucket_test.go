package domain_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

func TestBucket(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	b, err := domain.NewBucket(domain.UsagePlan{Rate: 0.5, Burst: 2}, noon)
	is.NoErr(err)
	is.Equal(b.Take(noon), time.Duration(0))
	is.Equal(b.Take(noon), time.Duration(0))
	is.Equal(b.Take(noon), 2*time.Second) // empty
	is.Equal(b.Take(noon.Add(time.Second)), time.Second)
	is.Equal(b.Take(noon.Add(2*time.Second)), time.Duration(0)) // asking cost nothing
	is.Equal(b.Take(noon.Add(time.Second)), 3*time.Second)      // the clock goes back: first it has to catch up
	is.NoErr(b.Learn(1, noon.Add(4*time.Second)))
	is.Equal(b.State().Tokens, 1.0) // at the rate that held until then
	is.Equal(b.Rate(), 1.0)
	b.Refuse(noon.Add(4*time.Second), 10*time.Second)
	is.Equal(b.Rate(), 1.0)
	is.Equal(b.Take(noon.Add(4*time.Second)), 10*time.Second)
	b.Refuse(noon.Add(5*time.Second), time.Second) // no sooner for that
	is.Equal(b.Take(noon.Add(13*time.Second)), time.Second)
	same, err := domain.RestoreBucket(b.State())
	is.NoErr(err)
	is.Equal(same.State(), b.State())
	is.Equal(same.Take(noon.Add(14*time.Second)), time.Duration(0))
	is.Equal(same.Take(noon.Add(14*time.Second)), time.Second) // one, and no burst
}

// However a clock goes to and fro behind the true time, a bucket grants no more than its burst and what fell into it since,
// and who comes back when he was told to finds a token.
func TestBucketNeverGrantsMoreThanItsPlan(t *testing.T) {
	t.Parallel()
	for _, operation := range []domain.Operation{
		"orders/2026-01-01/searchOrders", "orders/v0/getOrders", "messaging/v1/sendInvoice", "uploads/2020-11-01/createUploadDestinationForResource",
	} {
		t.Run(string(operation), func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			plan, err := operation.Plan()
			is.NoErr(err)
			random := rand.New(rand.NewPCG(1, 2))
			pause := func(tokens float64) time.Duration {
				return time.Duration(tokens / plan.Rate * random.Float64() * float64(time.Second))
			}
			b, err := domain.NewBucket(plan, noon)
			is.NoErr(err)
			passed, granted, denied := time.Duration(0), 0, 0
			for range 100_000 {
				passed += pause(1)
				now := noon.Add(passed - pause(float64(plan.Burst)))
				if wait := b.Take(now); wait > 0 {
					denied++
					var told *domain.Error
					is.True(errors.As(operation.Throttled(wait), &told))
					is.Equal(atTime(b, now.Add(told.RetryAfter)), time.Duration(0)) // the token will be there
				} else {
					granted++
				}
				is.True(float64(granted) <= float64(plan.Burst)+passed.Seconds()*plan.Rate+1e-3)
			}
			is.True(granted > 10_000)
			is.True(denied > 10_000)
		})
	}
}

// atTime is what Take would return at a time.
func atTime(b *domain.Bucket, at time.Time) time.Duration {
	trial := *b
	return trial.Take(at)
}

func TestRestoreBucketRefuses(t *testing.T) {
	t.Parallel()
	sound := domain.BucketState{Plan: domain.UsagePlan{Rate: 1, Burst: 5}, Learned: 2, Tokens: 3, At: noon}
	for name, spoil := range map[string]func(*domain.BucketState){
		"no rate":                func(s *domain.BucketState) { s.Plan.Rate = 0 },
		"a negative rate":        func(s *domain.BucketState) { s.Plan.Rate = -1 },
		"a rate that is none":    func(s *domain.BucketState) { s.Plan.Rate = math.NaN() },
		"an infinite rate":       func(s *domain.BucketState) { s.Plan.Rate = math.Inf(1) },
		"no burst":               func(s *domain.BucketState) { s.Plan.Burst = 0 },
		"tokens that are none":   func(s *domain.BucketState) { s.Tokens = math.NaN() },
		"an infinite debt":       func(s *domain.BucketState) { s.Tokens = math.Inf(-1) },
		"no time":                func(s *domain.BucketState) { s.At = time.Time{} },
		"an absurd learned rate": func(s *domain.BucketState) { s.Learned = 1e6 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			s := sound
			_, err := domain.RestoreBucket(s)
			is.NoErr(err)
			spoil(&s)
			_, err = domain.RestoreBucket(s)
			is.True(errors.Is(err, domain.ErrInvalid))
		})
	}
	is := is.New(t)
	sound.Tokens = 100
	b, err := domain.RestoreBucket(sound)
	is.NoErr(err)
	is.Equal(b.State().Tokens, 5.0) // the plan has shrunk
	sound.Tokens = -1e300
	b, err = domain.RestoreBucket(sound)
	is.NoErr(err)
	is.True(b.Take(noon) > 0) // as long as a Duration goes, and not less than nothing
}

func TestUsagePlans(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for operation, want := range map[domain.Operation]domain.UsagePlan{
		"messaging/v1/createConfirmOrderDetails":                            {Rate: 1, Burst: 5},
		"messaging/v1/GetAttributes":                                        {Rate: 1, Burst: 5},
		"solicitations/v1/createProductReviewAndSellerFeedbackSolicitation": {Rate: 1, Burst: 5},
		"notifications/v1/createSubscription":                               {Rate: 1, Burst: 5},
		"uploads/2020-11-01/createUploadDestinationForResource":             {Rate: 10, Burst: 10},
		"tokens/2021-03-01/createRestrictedDataToken":                       {Rate: 1, Burst: 10},
		"sellers/v1/getMarketplaceParticipations":                           {Rate: 0.016, Burst: 15},
		"sellers/v1/getAccount":                                             {Rate: 0.016, Burst: 15},
		"orders/2026-01-01/searchOrders":                                    {Rate: 0.0056, Burst: 20},
		"orders/2026-01-01/getOrder":                                        {Rate: 0.5, Burst: 30},
		"orders/v0/getOrders":                                               {Rate: 0.0167, Burst: 20},
		"orders/v0/getOrder":                                                {Rate: 0.5, Burst: 30},
		"orders/v0/updateShipmentStatus":                                    {Rate: 5, Burst: 15},
		"orders/v0/confirmShipment":                                         {Rate: 2, Burst: 10},
		"applications/2023-11-30/rotateApplicationClientSecret":             {Rate: 0.0167, Burst: 1},
	} {
		plan, err := operation.Plan()
		is.NoErr(err)
		is.Equal(plan, want)
	}
	for _, unknown := range []domain.Operation{"", "getOrders", "orders/v0/", "orders/v0/getorders"} {
		_, err := unknown.Plan()
		is.True(errors.Is(err, domain.ErrInvalid))
	}
}
