package porttest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

// APIFixture is an authorization at a marketplace's API, and what may befall it. The optional fields are cues that an API may
// not be able to take; the rules about them are left out where they are nil.
type APIFixture struct {
	Authorization domain.AuthorizationState // the marketplace takes its token, and nobody has used it yet

	Asked    func() int                       // optional: how many requests came to the marketplace, whatever was asked
	Withdraw func(t *testing.T)               // optional: the account's owner takes back all that was given until now
	Forbid   func(t *testing.T)               // optional: from now on the marketplace takes our tokens and lets us do nothing
	Drain    func(t *testing.T)               // optional: from now on the authorization's buckets are empty
	Disown   func(t *testing.T)               // optional: from now on our own credentials are refused
	Alarmed  func() int                       // with Disown: how often the Observer heard an alarm
	Fail     func(t *testing.T) (mend func()) // optional: the marketplace is out of order until it is mended
	Stall    func(t *testing.T)               // optional: from now on the marketplace leaves us waiting
}

// authorized are the rules about a call that uses an authorization: ports.Authorizer has them, for both ports.
func authorized[F any](api func(F) APIFixture, call func(ctx context.Context, f F) error) rules[F] {
	return rules[F]{
		"a withdrawn authorization is ErrRejected, and stays so": func(t *testing.T, f F) {
			if api(f).Withdraw == nil {
				return
			}
			is := is.New(t)
			is.NoErr(call(t.Context(), f))
			api(f).Withdraw(t)
			for range 2 {
				is.Equal(domain.KindOf(call(t.Context(), f)), domain.ErrRejected)
			}
		},
		"what the marketplace does not let us do is ErrForbidden": func(t *testing.T, f F) {
			if api(f).Forbid == nil {
				return
			}
			is := is.New(t)
			api(f).Forbid(t)
			is.Equal(domain.KindOf(call(t.Context(), f)), domain.ErrForbidden) // and not ErrRejected: no consent mends it
		},
		"an empty bucket is ErrThrottled that says until when, and nothing is asked": func(t *testing.T, f F) {
			if api(f).Drain == nil {
				return
			}
			is := is.New(t)
			is.NoErr(call(t.Context(), f)) // has what a first call needs
			api(f).Drain(t)
			before := asked(api(f))
			err := call(t.Context(), f)
			var told *domain.Error
			is.True(errors.As(err, &told))
			is.Equal(told.Kind, domain.ErrThrottled)
			is.True(told.RetryAfter > 0)
			is.Equal(asked(api(f)), before)
		},
		"that our own credentials are refused is ErrUnavailable and an alarm": func(t *testing.T, f F) {
			if api(f).Disown == nil {
				return
			}
			is := is.New(t)
			api(f).Disown(t)
			is.Equal(domain.KindOf(call(t.Context(), f)), domain.ErrUnavailable) // never the seller's trouble
			is.True(api(f).Alarmed() > 0)
		},
		"an outage is ErrUnavailable, and over when it is over": func(t *testing.T, f F) {
			if api(f).Fail == nil {
				return
			}
			is := is.New(t)
			mend := api(f).Fail(t)
			is.Equal(domain.KindOf(call(t.Context(), f)), domain.ErrUnavailable)
			mend()
			is.NoErr(call(t.Context(), f))
		},
		"a cancelled context passes as it is, and nobody is asked": func(t *testing.T, f F) {
			is := is.New(t)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			err := call(ctx, f)
			is.True(errors.Is(err, context.Canceled) && !errors.Is(err, domain.ErrUnavailable))
			is.Equal(asked(api(f)), 0)
			is.NoErr(call(t.Context(), f))
		},
		"a call ends with its context": func(t *testing.T, f F) {
			if api(f).Stall == nil {
				return
			}
			is := is.New(t)
			api(f).Stall(t)
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			err := call(ctx, f)
			is.True(errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, domain.ErrUnavailable))
		},
		"calls at once do not disturb each other": func(t *testing.T, f F) {
			is := is.New(t)
			for _, err := range together(8, func(int) error { return call(t.Context(), f) }) {
				is.NoErr(err)
			}
		},
	}
}

// asked is how many requests came to the marketplace, 0 where nobody counts them.
func asked(f APIFixture) int {
	if f.Asked == nil {
		return 0
	}
	return f.Asked()
}
