package boot

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/keybuzzio/marketplaces/ports"
)

// tally counts what polls do, for people who look at a worker's log: a line a minute. It is a ports.Observer.
type tally struct {
	mu    sync.Mutex
	count counts
}

type counts struct {
	polls, failed, throttled               int
	fetched, created, duplicates, rejected int
}

// Polled implements ports.Observer.
func (t *tally) Polled(p ports.Polled) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count.polls++
	switch p.Outcome {
	case ports.PollUnavailable, ports.PollRefused, ports.PollFailed:
		t.count.failed++
	case ports.PollThrottled:
		t.count.throttled++
	}
}

// Ingested implements ports.Observer.
func (t *tally) Ingested(i ports.Ingested) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count.fetched += i.Fetched
	t.count.created += i.Created
	t.count.duplicates += i.Duplicates
	t.count.rejected += i.Rejected
}

// Throttled implements ports.Observer.
func (t *tally) Throttled(string, time.Duration) {}

// Received implements ports.Observer.
func (t *tally) Received(ports.Received) {}

// Delivered implements ports.Observer.
func (t *tally) Delivered(ports.Delivered) {}

// APICall implements ports.Observer.
func (t *tally) APICalled(ports.APICall) {}

// Alarm implements ports.Observer.
func (t *tally) Alarm(ports.Alarm) {}

// take returns the counts since it was last called.
func (t *tally) take() counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	taken := t.count
	t.count = counts{}
	return taken
}

// depthTimeout bounds the look at the queue: the line comes also while the database hangs.
const depthTimeout = 5 * time.Second

// report writes a line a minute until ctx ends: what was done, and how much work waits.
func (t *tally) report(ctx context.Context, queue ports.Queue, log *slog.Logger) {
	ticker := time.NewTicker(time.Minute)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			c := t.take()
			args := []any{
				"polls", c.polls, "failed", c.failed, "throttled", c.throttled, "fetched", c.fetched, "created", c.created,
				"duplicates", c.duplicates, "rejected", c.rejected,
			}
			looking, stop := context.WithTimeout(ctx, depthTimeout)
			if depth, err := queue.Depth(looking); err == nil {
				args = append(args, "due", depth.Due, "oldest_due", depth.OldestDue, "waiting", depth.Waiting)
			}
			stop()
			log.InfoContext(ctx, "worked", args...)
		}
	}
}
