package mail

import (
	"context"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

var _ ports.MailboxWatcher = (*Client)(nil)

// Watch implements ports.MailboxWatcher with IDLE (RFC 2177). It keeps one connection to the mail server, of those that
// Options.PerHost allows; half of these at most go to watchers, so that there is always room to read. A mail server
// without IDLE is domain.ErrRejected.
func (c *Client) Watch(ctx context.Context, conn domain.ConnectionState, arrived func()) error {
	m, err := c.mailbox(ctx, conn)
	if err != nil {
		return err
	}
	leave, err := c.settle(ctx, m)
	if err != nil {
		return err
	}
	defer leave()
	s, err := c.open(ctx, m)
	if err != nil {
		return err
	}
	defer s.close()
	if !s.imap.Caps().Has(imap.CapIdle) {
		return domain.Errorf(domain.ErrRejected, "the mail server cannot tell when mail comes (IDLE)")
	}
	s.arrivals.begin(s.folder.NumMessages)
	for {
		if err := s.idle(ctx, c.options.Renewal, arrived); err != nil {
			return err
		}
	}
}

// idle waits for mail until it is time to ask anew: servers and firewalls drop who is silent.
func (s *session) idle(ctx context.Context, renewal time.Duration, arrived func()) error {
	var idle *imapclient.IdleCommand
	err := s.line.exchange(ctx, s.limit, smallAnswer, func() (err error) {
		idle, err = s.imap.Idle()
		return err
	})
	if err != nil {
		return translate(ctx, err, refusedIdle)
	}
	s.await(ctx, renewal, arrived)
	limit := s.limit
	if ctx.Err() != nil { // the good-bye is polite, and short
		limit = leaveTime
	}
	err = s.line.exchange(context.WithoutCancel(ctx), limit, smallAnswer, func() error {
		if err := idle.Close(); err != nil {
			return err
		}
		return idle.Wait()
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return translate(ctx, err, refusedReading)
}

// await tells of mail until ctx, the time or the connection ends.
func (s *session) await(ctx context.Context, limit time.Duration, arrived func()) {
	end := time.NewTimer(limit)
	defer end.Stop()
	for {
		select {
		case <-s.arrivals.more:
			arrived()
		case <-end.C:
			return
		case <-s.imap.Closed():
			return
		case <-ctx.Done():
			return
		}
	}
}

// arrivals follows how many mails a folder has, as its server tells it unasked.
type arrivals struct {
	more chan struct{} // gets one when there are more than before

	mu    sync.Mutex
	count uint32
}

func newArrivals() *arrivals { return &arrivals{more: make(chan struct{}, 1)} }

// begin sets what there is already.
func (a *arrivals) begin(count uint32) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.count = count
}

// handler takes what the server says.
func (a *arrivals) handler() *imapclient.UnilateralDataHandler {
	return &imapclient.UnilateralDataHandler{
		Mailbox: func(data *imapclient.UnilateralDataMailbox) {
			if data.NumMessages != nil {
				a.exist(*data.NumMessages)
			}
		},
		Expunge: func(uint32) { a.expunge() },
	}
}

func (a *arrivals) exist(count uint32) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if count > a.count {
		select {
		case a.more <- struct{}{}:
		default: // it is known already
		}
	}
	a.count = count
}

func (a *arrivals) expunge() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.count = max(a.count, 1) - 1
}
