package spapi

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// gate is the bucket that a call goes through. Its methods are those of ports.RateLimiter.
type gate interface {
	take(ctx context.Context) error
	learn(ctx context.Context, rate float64) error
	refused(ctx context.Context, after time.Duration) error
}

func (c *Client) gate(k call) gate {
	if k.as.scope != "" {
		return ownBucket{c.own, ownKey{k.as.region, k.operation}}
	}
	a := k.as.authorization
	return sellerBucket{c.options.Limits, domain.BucketID{Tenant: a.Tenant, Connection: a.Connection, Operation: k.operation}}
}

// sellerBucket is one that all processes share.
type sellerBucket struct {
	limits ports.RateLimiter
	id     domain.BucketID
}

func (b sellerBucket) take(ctx context.Context) error { return b.limits.Take(ctx, b.id) }
func (b sellerBucket) learn(ctx context.Context, rate float64) error {
	return b.limits.Learn(ctx, b.id, rate)
}
func (b sellerBucket) refused(ctx context.Context, after time.Duration) error {
	return b.limits.Refused(ctx, b.id, after)
}

// ownBuckets are those of calls that are no seller's, for which Amazon has a bucket of the application in each region. They
// belong to this process: these calls are made when a queue for notifications is set up, now and then.
type ownBuckets struct {
	clock   ports.Clock
	mu      sync.Mutex // guards buckets
	buckets map[ownKey]*domain.Bucket
}

type ownKey struct {
	region    string
	operation domain.Operation
}

func newOwnBuckets(clock ports.Clock) *ownBuckets {
	return &ownBuckets{clock: clock, buckets: map[ownKey]*domain.Bucket{}}
}

type ownBucket struct {
	all *ownBuckets
	key ownKey
}

func (b ownBucket) with(fn func(*domain.Bucket, time.Time) error) error {
	b.all.mu.Lock()
	defer b.all.mu.Unlock()
	now := b.all.clock.Now()
	bucket := b.all.buckets[b.key]
	if bucket == nil {
		plan, err := b.key.operation.Plan()
		if err != nil {
			return err
		}
		if bucket, err = domain.NewBucket(plan, now); err != nil {
			return err
		}
		b.all.buckets[b.key] = bucket
	}
	return fn(bucket, now)
}

func (b ownBucket) take(context.Context) error {
	return b.with(func(bucket *domain.Bucket, now time.Time) error {
		if pause := bucket.Take(now); pause > 0 {
			return b.key.operation.Throttled(pause)
		}
		return nil
	})
}

func (b ownBucket) learn(_ context.Context, rate float64) error {
	return b.with(func(bucket *domain.Bucket, now time.Time) error { return bucket.Learn(rate, now) })
}

func (b ownBucket) refused(_ context.Context, after time.Duration) error {
	return b.with(func(bucket *domain.Bucket, now time.Time) error {
		bucket.Refuse(now, after)
		return nil
	})
}

// leave takes a token for one attempt of k. When there is none it waits for it if that takes no longer than what is left of
// patience, and no longer than ctx.
func (c *Client) leave(ctx context.Context, k call, g gate, patience *time.Duration) error {
	for {
		err := g.take(ctx)
		var told *domain.Error
		if err == nil || !errors.As(err, &told) || told.Kind != domain.ErrThrottled {
			return err
		}
		c.options.Observer.Throttled(string(k.operation), told.RetryAfter)
		end, bounded := ctx.Deadline()
		if told.RetryAfter > *patience || bounded && time.Until(end) <= told.RetryAfter {
			return err
		}
		*patience -= told.RetryAfter
		if err := wait(ctx, told.RetryAfter); err != nil {
			return err
		}
	}
}
