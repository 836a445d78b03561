package vault_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/adapters/vault"
	"github.com/keybuzzio/marketplaces/domain"
)

// A token that was made by somebody else is kept alive as far as Vault allows.
func TestTokensAreRenewed(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, time.October, 5, 12, 0, 0, 0, time.UTC)
	hour := begin.Add(time.Hour)
	for name, c := range map[string]struct {
		token  self
		every  time.Duration // how often somebody asks for a secret
		works  time.Duration // for so long, at least
		ends   bool          // and not much longer
		atMost int           // renewals
	}{
		"a token with a period lives for ever": {
			self{ends: hour, renewed: time.Hour}, 10 * time.Minute, 1000 * time.Hour, false, 3500,
		},
		"a token that can be renewed lives as long as it may": {
			self{ends: hour, renewed: time.Hour, max: begin.Add(10 * time.Hour)}, time.Minute, 10*time.Hour - time.Minute, true, 40,
		},
		"a token that cannot lives as long as it lives": {
			self{ends: hour, fixed: true}, time.Minute, 59 * time.Minute, true, 0,
		},
		"a token that may not look at itself likewise": {
			self{ends: hour, renewed: time.Hour, secretive: true}, time.Minute, 59 * time.Minute, true, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, s, at, clock := is.New(t), newServer(t), path(t), memory.NewClock(begin)
			token := c.token
			token.clock = clock
			s.do(func() { s.self = &token })
			kv := open(t, s, byToken, vault.Options{Clock: clock})
			is.NoErr(kv.Put(t.Context(), at, secrets("a", "b")))
			for clock.Now().Add(c.every).Before(begin.Add(c.works)) {
				clock.Advance(c.every)
				_, err := kv.Get(t.Context(), at)
				is.NoErr(err)
			}
			s.do(func() { is.True(token.renewals <= c.atMost) })
			if c.ends {
				clock.Advance(time.Hour)
				_, err := kv.Get(t.Context(), at)
				is.True(errors.Is(err, domain.ErrUnavailable)) // until it is replaced
			}
		})
	}
}

// A token lives on while nobody asks for a secret.
func TestKeep(t *testing.T) {
	t.Parallel()
	is, s, at := is.New(t), newServer(t), path(t)
	clock := memory.NewClock(time.Date(2026, time.October, 5, 12, 0, 0, 0, time.UTC))
	token := &self{clock: clock, ends: clock.Now().Add(time.Hour), renewed: time.Hour}
	s.do(func() { s.self = token })
	kv := open(t, s, byToken, vault.Options{Clock: clock})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		kv.Keep(ctx, time.Millisecond)
	}()
	renewals := func() (n int) {
		s.do(func() { n = token.renewals })
		return n
	}
	for n := range 10 {
		for deadline := time.Now().Add(30 * time.Second); renewals() <= n; {
			if time.Now().After(deadline) {
				t.Fatal("it was not renewed")
			}
			<-time.After(time.Millisecond)
		}
		clock.Advance(40 * time.Minute)
	}
	cancel()
	<-done
	is.NoErr(kv.Put(t.Context(), at, secrets("a", "b")))
}

// A fault while a token is renewed is no word about the secrets, and is forgotten when it is over.
func TestRenewalThatFails(t *testing.T) {
	t.Parallel()
	is, s, at := is.New(t), newServer(t), path(t)
	clock := memory.NewClock(time.Date(2026, time.October, 5, 12, 0, 0, 0, time.UTC))
	token := &self{clock: clock, ends: clock.Now().Add(time.Hour), renewed: time.Hour}
	s.do(func() { s.self = token })
	kv := open(t, s, byToken, vault.Options{Clock: clock})
	is.NoErr(kv.Put(t.Context(), at, secrets("a", "b")))
	clock.Advance(40 * time.Minute)
	s.do(func() { token.secretive = true })
	_, err := kv.Get(t.Context(), at)
	is.NoErr(err)
	clock.Advance(5 * time.Minute)
	s.do(func() { token.secretive = false })
	_, err = kv.Get(t.Context(), at)
	is.NoErr(err)
	clock.Advance(40 * time.Minute)
	_, err = kv.Get(t.Context(), at)
	is.NoErr(err)
}
