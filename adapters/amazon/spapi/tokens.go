package spapi

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// holder says whose an access token is: that of an authorization as long as its refresh token is at path, or our own for a
// scope. A seller who authorized us anew has another path, and never meets the access token of before.
type holder struct{ name, path string }

// accessToken is one of Login with Amazon. It is kept in memory only.
type accessToken struct {
	token domain.Secret
	until time.Time // when it is no longer used
}

// The lives of access tokens.
const (
	earlyExpiry = time.Minute // before their end they are no longer used, as in Amazon's own client; half of a short life
	longestLife = 24 * time.Hour
	fetchTime   = 45 * time.Second // for all tries of one refresh
)

// accessTokenOf is the token of an answer.
func accessTokenOf(g grantAnswer, now time.Time) accessToken {
	life := min(time.Duration(max(0, min(g.ExpiresIn, longestLife.Seconds()))*float64(time.Second)), longestLife)
	return accessToken{domain.NewSecret(g.AccessToken), now.Add(life - min(earlyExpiry, life/2))}
}

// tokens are the access tokens that are still good. However many ask for one at once, it is fetched once.
type tokens struct {
	clock   ports.Clock
	flights singleflight.Group

	mu    sync.Mutex // guards what follows
	kept  map[holder]accessToken
	swept time.Time
}

func newTokens(clock ports.Clock) *tokens {
	return &tokens{clock: clock, kept: map[holder]accessToken{}}
}

// get returns the holder's token, fetching it when there is none. fetch goes on when a caller is gone who waited for it, since
// others may wait too.
func (t *tokens) get(ctx context.Context, h holder, fetch func(context.Context) (accessToken, error)) (domain.Secret, error) {
	if err := ctx.Err(); err != nil {
		return domain.Secret{}, err
	}
	if token, ok := t.have(h); ok {
		return token, nil
	}
	flight := t.flights.DoChan(h.name+" "+h.path, func() (any, error) {
		if token, ok := t.have(h); ok { // of a flight that has just landed
			return token, nil
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTime)
		defer cancel()
		a, err := fetch(ctx)
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) { // which is none of the callers'
			err = (&Failure{Operation: lwaRefresh, Reason: ReasonUnavailable, Text: "it took too long"}).err()
		}
		if err != nil {
			return domain.Secret{}, err
		}
		t.keep(h, a)
		return a.token, nil
	})
	select {
	case <-ctx.Done():
		return domain.Secret{}, ctx.Err()
	case landed := <-flight:
		token, _ := landed.Val.(domain.Secret)
		return token, landed.Err
	}
}

func (t *tokens) have(h holder) (domain.Secret, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a, ok := t.kept[h]
	return a.token, ok && t.clock.Now().Before(a.until)
}

// sweepEvery is how often tokens that are over are forgotten: so many stay in memory as sellers were served in an hour.
const sweepEvery = time.Minute

func (t *tokens) keep(h holder, a accessToken) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.clock.Now()
	if now.Sub(t.swept) >= sweepEvery || now.Before(t.swept) {
		t.swept = now
		for other, old := range t.kept {
			if !now.Before(old.until) {
				delete(t.kept, other)
			}
		}
	}
	if now.Before(a.until) {
		t.kept[h] = a
	}
}

// drop forgets a token that Amazon did not take, unless another has taken its place.
func (t *tokens) drop(h holder, token domain.Secret) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if a, ok := t.kept[h]; ok && a.token == token {
		delete(t.kept, h)
	}
}
