package postgres

import (
	"context"
	"database/sql"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// RateLimiter is a ports.RateLimiter over the table rate_limits. Each call is one statement and one round trip, so that no
// bucket is locked while a process thinks, or stands still. It goes by the database's clock.
//
// The arithmetic is that of domain.Bucket, done where the row is: see refill.
type RateLimiter struct {
	db    *sql.DB
	bound bound
}

var _ ports.RateLimiter = (*RateLimiter)(nil)

// NewRateLimiter returns the limiter of a database that [Open] opened and migrations.Up prepared. The caller closes db.
func NewRateLimiter(db *sql.DB) *RateLimiter { return &RateLimiter{db: db} }

// Every statement inserts a bucket, of id $1, $2, $3 and plan $4 a second, $5 at most, or changes the one that is there,
// whose lock makes those who ask at once take turns. now() is when a statement began, so one that had to wait its turn may
// come with an earlier time than the row has: that is a clock that goes back, and brings nothing.
//
// The row's tenant is what set_config returns, so that row-level security, which looks at the rows, cannot look before.
const (
	newBucket = `
		WITH tenant AS MATERIALIZED (SELECT set_config('keybuzz.tenant', $1, true) AS id)
		INSERT INTO marketplace.rate_limits AS b
			(tenant_id, connection_id, operation, counted_at, tokens, learned_rate, last_wait)
		SELECT id, $2, $3, now(), `
	oldBucket = `
		FROM tenant ON CONFLICT (tenant_id, connection_id, operation) DO UPDATE SET `
	// refill is the bucket as it is now, a row r of rate, tokens and counted_at.
	refill = `
		FROM (SELECT p.rate, greatest(now(), least(b.counted_at, now() + make_interval(secs => $5 / p.rate))) AS counted_at,
				least($5, b.tokens + greatest(0, extract(epoch FROM now() - b.counted_at)::float8) * p.rate) AS tokens
			FROM (SELECT coalesce(b.learned_rate, $4) AS rate) p) r`

	takeToken = newBucket + `$5::float8 - 1, NULL, 0` + oldBucket + `
		(counted_at, tokens, last_wait) = (
			SELECT r.counted_at, CASE WHEN r.tokens < 1 THEN r.tokens ELSE r.tokens - 1 END,
				CASE WHEN r.tokens < 1
					THEN (1 - r.tokens) / r.rate + extract(epoch FROM r.counted_at - now())::float8 ELSE 0 END` + refill + `)
		RETURNING last_wait`

	learnRate = newBucket + `$5::float8, $6::float8, 0` + oldBucket + `
		(counted_at, tokens, learned_rate) = (
			SELECT r.counted_at, CASE WHEN r.tokens < 0 THEN r.tokens * $6 / r.rate ELSE r.tokens END, $6` + refill + `)
		WHERE b.learned_rate IS DISTINCT FROM $6`

	refuse = newBucket + `least(0, 1 - $6::float8 * $4::float8), NULL, 0` + oldBucket + `
		(counted_at, tokens) = (SELECT r.counted_at, least(r.tokens, 0, 1 - $6 * r.rate)` + refill + `)`
)

// Take implements ports.RateLimiter.
func (l *RateLimiter) Take(ctx context.Context, id domain.BucketID) error {
	plan, err := id.Plan()
	if err != nil {
		return err
	}
	if err := l.bound.check(ctx, l.db); err != nil {
		return err
	}
	var wait float64
	if err := l.db.QueryRowContext(ctx, takeToken, bucketArgs(id, plan)...).Scan(&wait); err != nil {
		return translateBucket(ctx, "take a token", err)
	}
	if wait > 0 {
		return id.Operation.Throttled(time.Duration(wait * float64(time.Second)))
	}
	return nil
}

// Learn implements ports.RateLimiter.
func (l *RateLimiter) Learn(ctx context.Context, id domain.BucketID, rate float64) error {
	plan, err := id.Plan()
	if err != nil {
		return err
	}
	if err := l.bound.check(ctx, l.db); err != nil {
		return err
	}
	if err := plan.CheckRate(rate); err != nil {
		return err
	}
	_, err = l.db.ExecContext(ctx, learnRate, bucketArgs(id, plan, rate)...)
	return translateBucket(ctx, "learn a rate", err)
}

// Refused implements ports.RateLimiter.
func (l *RateLimiter) Refused(ctx context.Context, id domain.BucketID, retryAfter time.Duration) error {
	plan, err := id.Plan()
	if err != nil {
		return err
	}
	if err := l.bound.check(ctx, l.db); err != nil {
		return err
	}
	pause := min(retryAfter, domain.MaxRetryAfter).Seconds()
	_, err = l.db.ExecContext(ctx, refuse, bucketArgs(id, plan, pause)...)
	return translateBucket(ctx, "note a refusal", err)
}

// bucketArgs are the arguments of the statements, which are prepared: their text never changes.
func bucketArgs(id domain.BucketID, plan domain.UsagePlan, more ...any) []any {
	return prepared(append([]any{id.Tenant.String(), id.Connection.String(), string(id.Operation), plan.Rate, float64(plan.Burst)}, more...)...)
}

// translateBucket is translate, for rows that hang on a connection.
func translateBucket(ctx context.Context, op string, err error) error {
	if isForeignKey(err) {
		return errNone
	}
	return translate(ctx, op, err)
}
