package app

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

const (
	recheckEvery = 45 * time.Second // from one look at the connection of a watched mailbox to the next, a fifth more or less
	gatherFor    = 200 * time.Millisecond
	pollsApart   = time.Second // a poll under way does not see what has just come, so the next waits for it
)

// errUnwanted ends the watching of a mailbox that is the connection's no longer.
var errUnwanted = errors.New("the mailbox is not to be watched any more")

// stay watches a mailbox until ctx ends, the connection is tied to another or none, which is nil, or it fails.
func (u *Watch) stay(ctx context.Context, c domain.ConnectionState) error {
	within, leave := context.WithCancelCause(ctx)
	var beside sync.WaitGroup
	defer beside.Wait()
	defer leave(nil)
	came := make(chan struct{}, 1)
	for _, fn := range []func() error{
		func() error { return u.recheck(within, c) },
		func() error { return u.schedule(within, c, came) },
	} {
		beside.Go(func() {
			if err := u.contain(within, fn); err != nil {
				leave(err)
			}
		})
	}
	err := u.contain(within, func() error {
		return u.watcher.Watch(within, c, func() {
			select {
			case came <- struct{}{}:
			default: // it is known already
			}
		})
	})
	switch cause := context.Cause(within); {
	case ctx.Err() != nil, errors.Is(cause, errUnwanted):
		return nil
	case cause != nil:
		return cause
	case err == nil:
		return domain.Errorf(domain.ErrUnavailable, "the mailbox's watcher ended")
	}
	return err
}

// recheck returns when the mailbox is the connection's no longer. While the database cannot be asked, it is.
func (u *Watch) recheck(ctx context.Context, c domain.ConnectionState) error {
	for pause(ctx, recheckEvery*4/5+rand.N(recheckEvery*2/5)) {
		now, err := u.look(ctx, c.Tenant, c.ID)
		if err == nil && !sameMailbox(c, now) {
			return errUnwanted
		}
	}
	return nil
}

func sameMailbox(a, b domain.ConnectionState) bool {
	return hasMailbox(b) && a.VaultPath == b.VaultPath
}

// schedule has the connection polled when something has come: once for all that comes at about the same time.
func (u *Watch) schedule(ctx context.Context, c domain.ConnectionState, came <-chan struct{}) error {
	for {
		select {
		case <-came:
		case <-ctx.Done():
			return nil
		}
		if !pause(ctx, gatherFor) {
			return nil
		}
		select {
		case <-came:
		default:
		}
		switch err := u.poll(ctx, c); {
		case errors.Is(err, errUnwanted):
			return err
		case err != nil && ctx.Err() == nil:
			u.log.WarnContext(ctx, "watched mailbox not polled at once", "tenant", c.Tenant.String(), "connection", c.ID.String(), "error", err)
		}
		if !pause(ctx, pollsApart) {
			return nil
		}
	}
}

// poll schedules the connection's poll for now, if the mailbox is still its own.
func (u *Watch) poll(ctx context.Context, c domain.ConnectionState) error {
	return u.repo.Update(ctx, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
		now, err := tx.Connections.Lock(ctx, c.ID)
		if errors.Is(err, domain.ErrNotFound) || err == nil && !sameMailbox(c, now.State()) {
			return errUnwanted
		}
		if err != nil {
			return err
		}
		return tx.Jobs.Schedule(ctx, ports.JobPoll, c.ID, time.Time{})
	})
}

// pause waits, and reports whether ctx is still there.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
