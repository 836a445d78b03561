package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Watch stays with mailboxes and has those polled at once in which something comes. It only makes polls earlier: what it
// misses, a poll finds with its turn, and no trouble of its own shows at a connection.
type Watch struct {
	repo      ports.Repository
	directory ports.Directory
	watcher   ports.MailboxWatcher
	leases    ports.Leases
	clock     ports.Clock
	log       *slog.Logger
}

const (
	walkEvery = 30 * time.Second // from one look for mailboxes to the next, a fifth more or less
	walkLooks = 1000             // connections that one of them passes, about: the next goes on behind

	worthALine = 3 // failures in a row: lines break, and servers end them now and then
)

// watchPace says when a mailbox is watched again that could not be.
var watchPace = domain.Pace{Interval: 30 * time.Second}

// Run watches at most limit mailboxes until ctx ends, and returns nil then, when all that it started has stopped. Those of
// all processes that watch share the mailboxes: each is watched by one. One whose connection is no longer CONNECTED, or
// has another mailbox by now, is left within a minute. Without a watcher it returns at once.
func (u *Watch) Run(ctx context.Context, limit int) error {
	if u.watcher == nil {
		return nil
	}
	w := watching{Watch: u, limit: limit, there: map[domain.ConnectionID]bool{}, resting: map[domain.ConnectionID]rest{}, ended: make(chan watchEnd)}
	defer w.all.Wait()
	walk := time.NewTimer(0)
	defer walk.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case end := <-w.ended:
			w.end(ctx, end)
		case <-walk.C:
			if err := u.contain(ctx, func() error { return w.walk(ctx) }); err != nil && ctx.Err() == nil {
				u.log.WarnContext(ctx, "no mailboxes found to watch", "error", err)
			}
			walk.Reset(walkEvery*4/5 + rand.N(walkEvery*2/5))
		}
	}
}

// contain runs fn and makes an error of a panic.
func (u *Watch) contain(ctx context.Context, fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errPanic
			u.log.ErrorContext(ctx, "watching panicked", "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
		}
	}()
	return fn()
}

// watching is a run of Watch. One goroutine uses it.
type watching struct {
	*Watch
	limit   int
	after   domain.ConnectionID // where the next walk begins
	there   map[domain.ConnectionID]bool
	resting map[domain.ConnectionID]rest
	ended   chan watchEnd
	all     sync.WaitGroup
}

// rest is the time in which a mailbox is left alone because it could not be watched.
type rest struct {
	failures int
	until    time.Time
}

// watchEnd is how the watching of one mailbox ended. err is nil where that was meant.
type watchEnd struct {
	connection domain.ConnectionState
	err        error
}

// walk passes the connections behind those of the walk before, and watches what may be until there are enough.
func (w *watching) walk(ctx context.Context) error {
	w.forget()
	for looked := 0; looked < walkLooks && len(w.there) < w.limit && ctx.Err() == nil; {
		refs, err := w.directory.Connected(ctx, w.after, directoryPage)
		if err != nil {
			return fmt.Errorf("list connections: %w", err)
		}
		for _, ref := range refs {
			if len(w.there) >= w.limit {
				return nil
			}
			if err := w.take(ctx, ref); err != nil {
				return err
			}
			w.after = ref.ID
		}
		if looked += len(refs); len(refs) < directoryPage {
			w.after = domain.ConnectionID{} // the next walk begins anew
			break
		}
	}
	return ctx.Err()
}

// forget drops what is known of mailboxes that might have been tried again for long: since then they are watched without
// trouble, or by somebody else, or are gone.
func (w *watching) forget() {
	for id, r := range w.resting {
		if w.clock.Now().Sub(r.until) > domain.MaxBackoff {
			delete(w.resting, id)
		}
	}
}

// take begins to watch a connection, if it has a mailbox and nobody else watches it.
func (w *watching) take(ctx context.Context, ref ports.ConnectionRef) error {
	if w.there[ref.ID] || w.clock.Now().Before(w.resting[ref.ID].until) {
		return nil
	}
	held, release, ok, err := w.leases.Take(ctx, "watch:"+ref.ID.String())
	if err != nil || !ok {
		return err
	}
	begun := false
	defer func() {
		if !begun {
			release()
		}
	}()
	c, err := w.look(held, ref.Tenant, ref.ID)
	if err != nil || !hasMailbox(c) {
		return err
	}
	begun, w.there[ref.ID] = true, true
	w.all.Go(func() {
		end := watchEnd{c, w.stay(held, c)}
		release() // before anybody looks for it again
		select {
		case w.ended <- end:
		case <-ctx.Done():
		}
	})
	return nil
}

// look returns a connection, the zero one when there is none any more.
func (u *Watch) look(ctx context.Context, tenant domain.TenantID, id domain.ConnectionID) (c domain.ConnectionState, err error) {
	err = u.repo.View(ctx, tenant, func(ctx context.Context, tx ports.Tx) error {
		got, err := tx.Connections.Get(ctx, id)
		if errors.Is(err, domain.ErrNotFound) {
			return nil
		}
		if err == nil {
			c = got.State()
		}
		return err
	})
	return c, err
}

func hasMailbox(c domain.ConnectionState) bool { return c.Polled() && c.Source == domain.SourceIMAP }

// end notes that a mailbox is not watched any more. One that could not be is left alone for a while, longer each time.
func (w *watching) end(ctx context.Context, end watchEnd) {
	id := end.connection.ID
	delete(w.there, id)
	if end.err == nil {
		delete(w.resting, id)
		return
	}
	r := w.resting[id]
	r.failures++
	var told *domain.Error
	var retryAfter time.Duration
	if errors.As(end.err, &told) {
		retryAfter = told.RetryAfter
	}
	r.until = w.clock.Now().Add(watchPace.AfterFailure(r.failures, retryAfter))
	w.resting[id] = r
	level := slog.LevelDebug
	if r.failures == worthALine {
		level = slog.LevelInfo
	}
	w.log.Log(ctx, level, "mailbox not watched", "tenant", end.connection.Tenant.String(), "connection", id.String(),
		"attempts", r.failures, "error", end.err)
}
