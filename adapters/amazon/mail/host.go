package mail

import (
	"context"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/keybuzzio/marketplaces/domain"
)

// hosts bounds how many connections this process has to one mail server at once, so that a server which is slow, or which
// most sellers have their mailboxes on, does not take all that a worker can do.
type hosts struct {
	limit int

	mu  sync.Mutex
	all map[string]*host // by what key returns; one that nobody is at is dropped
}

// host is a mail server that somebody is at.
type host struct {
	places *semaphore.Weighted

	// Guarded by hosts.mu.
	users   int           // who has a place, waits for one or is being turned away
	settled int           // of those who have a place, who stay
	stay    time.Duration // how long a place is kept, about
	line    time.Time     // when those who were turned away may all have been served
}

// The bounds of the pause of who is turned away. The longer one is for a server with more mailboxes than can be read in
// time: coming back sooner would only cost work.
const (
	shortestPause = 2 * time.Second
	longestPause  = 5 * time.Minute
	// pauseJitter is by what part a pause is made longer at random, so that who left together does not come back together.
	pauseJitter = 0.5
)

func newHosts(limit int) *hosts { return &hosts{limit: limit, all: map[string]*host{}} }

// key names the server of a mailbox. Names are compared as DNS does.
func key(m domain.Mailbox) string {
	return net.JoinHostPort(strings.TrimSuffix(strings.ToLower(m.Host), "."), strconv.Itoa(m.Port))
}

// enter takes a place at a server, which the caller gives back by calling leave once. When all are taken it waits for one up
// to patience; those who wait come before those who do not. Then it is domain.ErrThrottled, with a RetryAfter that grows with
// the number of those who were turned away, at the pace at which places become free.
func (h *hosts) enter(ctx context.Context, server string, patience time.Duration) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	at := h.join(server)
	if at.places.TryAcquire(1) || patience > 0 && at.await(ctx, patience) {
		begun := time.Now()
		return func() {
			at.places.Release(1)
			h.part(server, func() { at.stay += (time.Since(begun) - at.stay) / 4 })
		}, nil
	}
	var pause time.Duration
	h.part(server, func() { pause = at.turnAway(time.Now(), h.limit) })
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return nil, &domain.Error{
		Kind: domain.ErrThrottled, Msg: "we have as many connections to this mail server as we allow ourselves: try again in a moment",
		RetryAfter: pause + time.Duration(rand.Float64()*pauseJitter*float64(pause)),
	}
}

// join counts the caller among the users of a server.
func (h *hosts) join(server string) *host {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := h.all[server]
	if at == nil {
		at = &host{places: semaphore.NewWeighted(int64(h.limit))}
		h.all[server] = at
	}
	at.users++
	return at
}

// part ends what join began, after noting something.
func (h *hosts) part(server string, note func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	note()
	at := h.all[server]
	if at.users--; at.users == 0 {
		delete(h.all, server)
	}
}

// await waits for a place.
func (at *host) await(ctx context.Context, patience time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return at.places.Acquire(ctx, 1) == nil
}

// turnAway puts one more into the line and returns the time until its end.
func (at *host) turnAway(now time.Time, limit int) time.Duration {
	if at.line.Before(now) {
		at.line = now
	}
	at.line = at.line.Add(at.stay / time.Duration(limit))
	if end := now.Add(longestPause); at.line.After(end) {
		at.line = end
	}
	return max(shortestPause, at.line.Sub(now))
}
