package memory

import (
	"context"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// job is a job of a connection. Nothing works it: it waits until it is cancelled.
type job struct {
	id  int64
	due time.Time
}

type jobs struct{ *transaction }

// jobKey names a job: a connection has one of each kind.
type jobKey struct {
	kind       ports.JobKind
	connection domain.ConnectionID
}

// Schedule implements ports.Jobs.
func (x jobs) Schedule(ctx context.Context, kind ports.JobKind, c domain.ConnectionID, at time.Time) error {
	if err := x.changeJob(ctx, kind, c); err != nil {
		return err
	}
	if at.IsZero() {
		at = ports.SystemClock{}.Now()
	}
	key := jobKey{kind, c}
	j, there := x.rows.jobs[key]
	if !there {
		j.id, j.due = x.store.made.Add(1), at
	}
	if at.Before(j.due) {
		j.due = at
	}
	x.rows.jobs[key] = j
	return nil
}

// Cancel implements ports.Jobs.
func (x jobs) Cancel(ctx context.Context, kind ports.JobKind, c domain.ConnectionID) error {
	if err := x.changeJob(ctx, kind, c); err != nil {
		return err
	}
	delete(x.rows.jobs, jobKey{kind, c})
	return nil
}

// changeJob is what both ask first.
func (x jobs) changeJob(ctx context.Context, kind ports.JobKind, c domain.ConnectionID) error {
	if err := x.change(ctx); err != nil || kind == ports.JobReplies {
		return err
	}
	return x.holds(connectionLock(c))
}
