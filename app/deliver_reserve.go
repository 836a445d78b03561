package app

import (
	"context"
	"sync"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

const (
	// SmallMail is how much of a mail a receiver may hold without having asked Deliver.Reserve, in bytes.
	SmallMail = 256 << 10

	defaultHeldMail = 64 << 20
	reserveTimeout  = 10 * time.Second // senders wait minutes for an answer, but others wait behind them
	reserveAgain    = time.Minute
)

// Reserve is what a receiver asks before it holds more than SmallMail bytes of a mail: it waits until n bytes are free of
// those that Deps.HeldMail bounds, and takes them until release is called; calling it again is harmless. More than all of
// them is all of them: such a mail has them alone. domain.ErrThrottled, with when to try again, when they do not get free in
// time: the sender must keep the mail.
func (u *Deliver) Reserve(ctx context.Context, n int64) (release func(), err error) {
	n = min(max(n, 0), u.most)
	wait, stop := context.WithTimeout(ctx, reserveTimeout)
	defer stop()
	if err := u.held.Acquire(wait, n); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &domain.Error{Kind: domain.ErrThrottled, Msg: "too many large mails at once", RetryAfter: reserveAgain}
	}
	return sync.OnceFunc(func() { u.held.Release(n) }), nil
}
