package memory

import (
	"context"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// job is a poll job or a context job. Nothing works it: it waits until it is cancelled.
type job struct {
	id  int64
	due time.Time
}

type jobs struct{ *transaction }

func (x jobs) SchedulePoll(ctx context.Context, c domain.ConnectionID) error {
	if err := x.changeJob(ctx, c); err != nil {
		return err
	}
	if _, there := x.rows.jobs[c]; !there {
		x.rows.jobs[c] = job{x.store.made.Add(1), ports.SystemClock{}.Now()}
	}
	return nil
}

func (x jobs) CancelPoll(ctx context.Context, c domain.ConnectionID) error {
	if err := x.changeJob(ctx, c); err != nil {
		return err
	}
	delete(x.rows.jobs, c)
	return nil
}

// changeJob is what both ask first.
func (x jobs) changeJob(ctx context.Context, c domain.ConnectionID) error {
	if err := x.change(ctx); err != nil {
		return err
	}
	return x.holds(connectionLock(c))
}

func (x jobs) ScheduleContext(ctx context.Context, c domain.ConnectionID, at time.Time) error {
	if err := x.changeJob(ctx, c); err != nil {
		return err
	}
	if at.IsZero() {
		at = ports.SystemClock{}.Now()
	}
	j, there := x.rows.contexts[c]
	if !there {
		j.id, j.due = x.store.made.Add(1), at
	}
	if at.Before(j.due) {
		j.due = at
	}
	x.rows.contexts[c] = j
	return nil
}

func (x jobs) CancelContext(ctx context.Context, c domain.ConnectionID) error {
	if err := x.changeJob(ctx, c); err != nil {
		return err
	}
	delete(x.rows.contexts, c)
	return nil
}
