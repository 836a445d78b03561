package ports

import (
	"context"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// RateLimiter keeps calls of marketplaces' APIs within their usage plans, so that we are not refused. It has a bucket
// ([domain.Bucket]) for each operation of each selling partner; a bucket that was never asked is full. All processes share
// them: what one takes is gone for all. They outlive the processes: who starts goes on with what is left, never with a full
// burst. All processes go by one clock, which is the implementation's, not theirs.
//
// domain.ErrInvalid without a tenant, a connection and a known operation; domain.ErrNotFound if the tenant has no such
// connection; domain.ErrUnavailable if the buckets cannot be reached, and then a call must not be made.
type RateLimiter interface {
	// Take asks for one call, now. nil is leave to make it; it is used up, whether the call is made or not.
	// domain.ErrThrottled is no leave: nothing was taken, and RetryAfter, always more than 0, is when there is a token if
	// nobody else takes it before. Take never waits for a token. However many ask at once, together they get no more than
	// the plan grants.
	Take(ctx context.Context, b domain.BucketID) error

	// Learn corrects the rate, in calls a second, by what a good answer said (Amazon's header x-amzn-RateLimit-Limit, which
	// a refusal never has). It counts from now on, for all processes, until another is learned; the burst stays. Learning
	// again what is known changes nothing. domain.ErrInvalid for a rate that cannot be ([domain.UsagePlan.CheckRate]): it is
	// not taken over.
	Learn(ctx context.Context, b domain.BucketID, rate float64) error

	// Refused notes that the marketplace refused a call as one too many (HTTP 429). The bucket is empty, and its next token
	// comes no sooner than after retryAfter: what the marketplace asked for, or the caller's own backoff, 0 for neither, at
	// most domain.MaxRetryAfter. The learned rate stays. A refusal never shortens the wait that an earlier one left.
	Refused(ctx context.Context, b domain.BucketID, retryAfter time.Duration) error
}
