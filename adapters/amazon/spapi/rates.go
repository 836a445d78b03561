package spapi

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// rates remembers what buckets were told, so that the limiter, which is shared and written to disk, hears of a rate when it
// changes and not with every answer.
type rates struct {
	clock ports.Clock
	mu    sync.Mutex // guards told
	told  map[rateKey]toldRate
}

type rateKey struct {
	connection domain.ConnectionID // zero for calls of our own
	own        ownKey
}

type toldRate struct {
	rate float64
	at   time.Time
}

const (
	// tellAgain is after how long a rate is told although it is the same: another process may have told another since.
	tellAgain = time.Hour
	// ratesBound is how many are remembered; when there are more, all are forgotten and told again.
	ratesBound = 50_000
)

func newRates(clock ports.Clock) *rates { return &rates{clock: clock, told: map[rateKey]toldRate{}} }

// changed reports whether the bucket is to be told of rate.
func (r *rates) changed(k call, rate float64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock.Now()
	key := rateKey{k.as.authorization.Connection, ownKey{k.as.region, k.operation}}
	last, known := r.told[key]
	if known && last.rate == rate && now.Sub(last.at) < tellAgain && !now.Before(last.at) {
		return false
	}
	if len(r.told) >= ratesBound {
		clear(r.told)
	}
	r.told[key] = toldRate{rate, now}
	return true
}

// learn corrects a bucket by what an answer told. Nothing depends on its success: the call is answered.
func (c *Client) learn(ctx context.Context, k call, g gate, a answer) {
	rate := learnedRate(a)
	if rate == 0 || !c.rates.changed(k, rate) {
		return
	}
	if err := g.learn(ctx, rate); err != nil && !errors.Is(err, ctx.Err()) {
		c.options.Log.WarnContext(ctx, "a rate is not learned", "operation", string(k.operation), "rate", rate, "error", err)
	}
}

// throttled notes that Amazon refused a call as one too many, and how long to stay away.
func (c *Client) throttled(ctx context.Context, g gate, f *Failure, try int) error {
	f.After = max(backoff(try), f.After)
	err := g.refused(ctx, f.After)
	if domain.KindOf(err) == domain.ErrNotFound { // the connection is gone: so is the bucket
		return nil
	}
	return err
}
