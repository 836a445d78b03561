package mail

import (
	"context"
	"errors"

	"github.com/keybuzzio/marketplaces/domain"
)

// settle takes one of the places at a mailbox's server to stay there.
func (c *Client) settle(ctx context.Context, m domain.Mailbox) (leave func(), err error) {
	leave, err = c.hosts.settle(ctx, key(m))
	var told *domain.Error
	if errors.As(err, &told) {
		c.options.Observer.Throttled(connecting, told.RetryAfter)
	}
	return leave, err
}

// settle takes a place at a server for long, which the caller gives back by calling leave once. Half of the places at most
// go so. How long they are kept says nothing of the pace at which the others become free. When there is none it is
// domain.ErrThrottled at once.
func (h *hosts) settle(ctx context.Context, server string) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	at := h.join(server)
	h.mu.Lock()
	ok := at.settled < h.limit/2 && at.places.TryAcquire(1)
	if ok {
		at.settled++
	}
	h.mu.Unlock()
	if ok {
		return func() {
			at.places.Release(1)
			h.part(server, func() { at.settled-- })
		}, nil
	}
	h.part(server, func() {})
	return nil, &domain.Error{
		Kind: domain.ErrThrottled, Msg: "we stay with as many mailboxes of this mail server as we allow ourselves",
		RetryAfter: longestPause,
	}
}
