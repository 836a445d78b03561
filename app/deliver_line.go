package app

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

const (
	maxPages    = 12              // stored at once, so that pushed mails leave connections to the database to others
	pageBytes   = 2 << 20         // of raws in a page; a larger one goes alone
	pageTimeout = 1 * time.Minute // for a page, far beyond what the slowest takes
)

// delivery is a mail that waits to be stored.
type delivery struct {
	ctx     context.Context            // of who waits
	address domain.InboundAddressState // as Route knew it
	message domain.InboundMessage
	answer  chan<- delivered // takes one without waiting
}

type delivered struct {
	outcome ports.DeliveryOutcome
	err     error
}

// store has a message stored together with what comes for its connection while the page before is stored.
func (u *Deliver) store(ctx context.Context, a domain.InboundAddressState, m domain.InboundMessage) (ports.DeliveryOutcome, error) {
	answer := make(chan delivered, 1)
	d := &delivery{ctx: ctx, address: a, message: m, answer: answer}
	u.mu.Lock()
	waiting, working := u.waiting[a.Connection]
	u.waiting[a.Connection] = append(waiting, d)
	if !working {
		go u.work(domain.ConnectionState{ID: a.Connection, Tenant: a.Tenant, Type: a.Type})
	}
	u.mu.Unlock()
	select {
	case end := <-answer:
		return end.outcome, end.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// work stores what waits for a connection, page by page, until nothing does.
func (u *Deliver) work(c domain.ConnectionState) {
	for more := true; more; {
		u.pages <- struct{}{}
		page := u.take(c.ID)
		if more = len(page) > 0; more {
			_ = u.storePage(c, page) // those who wait have it
		}
		<-u.pages
	}
}

// take returns the next page for a connection, nil when nothing waits: then the next mail starts work anew.
func (u *Deliver) take(id domain.ConnectionID) []*delivery {
	u.mu.Lock()
	defer u.mu.Unlock()
	page, rest := nextPage(u.waiting[id])
	if u.waiting[id] = rest; len(page) == 0 {
		delete(u.waiting, id)
	}
	return page
}

// nextPage parts what can be stored together from what goes with a later page. What nobody waits for any more is left out.
// Two with one id are never in one page: whether they came at the same moment must not decide what becomes of the second.
func nextPage(waiting []*delivery) (page, rest []*delivery) {
	size, ids := 0, map[string]bool{}
	for i, d := range waiting {
		id, n := d.message.ExternalID, len(d.message.Source.Bytes)
		switch {
		case len(page) == domain.MaxPage, len(page) > 0 && size+n > pageBytes:
			return page, append(rest, waiting[i:]...)
		case d.ctx.Err() != nil:
		case id != "" && ids[id]:
			rest = append(rest, d)
		default:
			page, size, ids[id] = append(page, d), size+n, true
		}
	}
	return page, rest
}

// storePage stores a page and answers all who wait for it. A page that fails for a reason that does not pass by itself is
// stored mail by mail, so that only the one that cannot be stored is put off.
func (u *Deliver) storePage(c domain.ConnectionState, page []*delivery) error {
	outcomes, err := u.ingestPage(c, page)
	if err != nil && !passes(err) {
		u.log.Error("pushed mails not stored", "tenant", c.Tenant.String(), "connection", c.ID.String(), "count", len(page), "error", err)
		if len(page) > 1 {
			return u.storeEach(c, page)
		}
	}
	for i, d := range page {
		end := delivered{err: err}
		if err == nil {
			end.outcome = outcomes[i]
		}
		d.answer <- end
	}
	return err
}

// storeEach stores mail by mail, and tries no further when the trouble is everybody's.
func (u *Deliver) storeEach(c domain.ConnectionState, page []*delivery) error {
	for i, d := range page {
		if err := u.storePage(c, []*delivery{d}); err != nil && passes(err) {
			for _, other := range page[i+1:] {
				other.answer <- delivered{err: err}
			}
			return err
		}
	}
	return nil
}

// passes reports whether an error says nothing against the mails themselves.
func passes(err error) bool {
	switch domain.KindOf(err) {
	case domain.ErrUnavailable, domain.ErrConflict, domain.ErrThrottled, domain.ErrForbidden:
		return true
	}
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// ingestPage returns what became of each mail. Its transaction is given up when nobody waits for it any more.
func (u *Deliver) ingestPage(c domain.ConnectionState, page []*delivery) (outcomes []ports.DeliveryOutcome, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errPanic
			u.log.Error("storing mails panicked", "tenant", c.Tenant.String(), "connection", c.ID.String(),
				"panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
		}
	}()
	ctx, stop := whileAnyWaits(page)
	defer stop()
	cmd := IngestCommand{Connection: c, Pushed: true}
	for _, d := range page {
		cmd.Page.Messages = append(cmd.Page.Messages, d.message)
		cmd.Addresses = append(cmd.Addresses, d.noticing(u.clock.Now()))
	}
	done, err := u.ingest.run(ctx, cmd)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, domain.Wrap(domain.ErrUnavailable, err, "storing the mail took too long")
	case domain.KindOf(err) == domain.ErrForbidden:
		return nil, domain.Wrap(domain.ErrUnavailable, err, "this installation cannot store mails now") // no reason to refuse one for good
	case err != nil:
		return nil, err
	case done.Superseded:
		return nil, domain.Errorf(domain.ErrForbidden, "the account is disconnected and takes no mail any more")
	}
	return done.outcomes(cmd.Page.Messages), nil
}

// noticing returns the address if it has to take notice of the mail, for which it is locked. What Route knew may be old by now;
// then the address has taken notice of more, not of less.
func (d *delivery) noticing(now time.Time) domain.InboundAddressID {
	a, err := domain.RestoreInboundAddress(d.address)
	if err != nil {
		return d.address.ID
	}
	if changed, _ := a.Receive(d.message, now); !changed {
		return domain.InboundAddressID{}
	}
	return d.address.ID
}

// outcomes returns what became of each message of the page, in which no two have the same id.
func (done ingested) outcomes(page []domain.InboundMessage) []ports.DeliveryOutcome {
	created := make(map[string]bool, len(done.stored))
	for _, m := range done.stored {
		created[m.ExternalID] = true
	}
	all := make([]ports.DeliveryOutcome, len(page))
	for i, m := range page {
		all[i] = ports.DeliveryDuplicate
		if created[m.ExternalID] {
			all[i] = ports.DeliveryStored
		}
	}
	for _, i := range done.rejectedAt {
		all[i] = ports.DeliveryRejected
	}
	return all
}

// whileAnyWaits returns a context that ends when the last of those who wait has left, and after pageTimeout.
func whileAnyWaits(page []*delivery) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(page[0].ctx), pageTimeout)
	var left atomic.Int64
	left.Store(int64(len(page)))
	stops := make([]func() bool, len(page))
	for i, d := range page {
		stops[i] = context.AfterFunc(d.ctx, func() {
			if left.Add(-1) == 0 {
				cancel()
			}
		})
	}
	return ctx, func() {
		for _, stop := range stops {
			stop()
		}
		cancel()
	}
}
