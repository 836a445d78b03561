package memory

import (
	"context"
	"sync"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// RateLimiter is a ports.RateLimiter for the connections of a Store, by a Clock.
type RateLimiter struct {
	store *Store
	clock ports.Clock

	mu      sync.Mutex // guards buckets
	buckets map[domain.BucketID]*domain.Bucket
}

var _ ports.RateLimiter = (*RateLimiter)(nil)

// NewRateLimiter returns a limiter whose buckets are full.
func NewRateLimiter(store *Store, clock ports.Clock) *RateLimiter {
	return &RateLimiter{store: store, clock: clock, buckets: map[domain.BucketID]*domain.Bucket{}}
}

// Take implements ports.RateLimiter.
func (l *RateLimiter) Take(ctx context.Context, id domain.BucketID) error {
	return l.with(ctx, id, func(b *domain.Bucket, now time.Time) error {
		if wait := b.Take(now); wait > 0 {
			return id.Operation.Throttled(wait)
		}
		return nil
	})
}

// Learn implements ports.RateLimiter.
func (l *RateLimiter) Learn(ctx context.Context, id domain.BucketID, rate float64) error {
	return l.with(ctx, id, func(b *domain.Bucket, now time.Time) error { return b.Learn(rate, now) })
}

// Refused implements ports.RateLimiter.
func (l *RateLimiter) Refused(ctx context.Context, id domain.BucketID, retryAfter time.Duration) error {
	return l.with(ctx, id, func(b *domain.Bucket, now time.Time) error {
		b.Refuse(now, retryAfter)
		return nil
	})
}

// with runs fn on a bucket, which nobody else has meanwhile.
func (l *RateLimiter) with(ctx context.Context, id domain.BucketID, fn func(*domain.Bucket, time.Time) error) error {
	plan, err := id.Plan()
	if err != nil {
		return err
	}
	err = l.store.View(ctx, id.Tenant, func(ctx context.Context, tx ports.Tx) error {
		_, err := tx.Connections.Get(ctx, id.Connection)
		return err
	})
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock.Now()
	b := l.buckets[id]
	if b == nil {
		if b, err = domain.NewBucket(plan, now); err != nil {
			return err
		}
		l.buckets[id] = b
	}
	return fn(b, now)
}
