package porttest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// contextAt schedules a context job for in so long; 0 is now.
func contextAt(in time.Duration) jobChange {
	return func(ctx context.Context, j ports.Jobs, c domain.ConnectionID) error {
		var at time.Time
		if in > 0 {
			at = time.Now().Add(in)
		}
		return j.Schedule(ctx, ports.JobOrders, c, at)
	}
}

var cancelContext jobChange = func(ctx context.Context, j ports.Jobs, c domain.ConnectionID) error {
	return j.Cancel(ctx, ports.JobOrders, c)
}

// contextJobRules are about the context jobs of ports.Jobs.
var contextJobRules = rules[JobsFixture]{
	"a context job is due when it was asked for, the earliest wins": func(t *testing.T, f JobsFixture) {
		is, c := is.New(t), f.connect(t, "t1")
		for _, step := range []struct{ in, want time.Duration }{{5 * time.Hour, 5 * time.Hour}, {9 * time.Hour, 5 * time.Hour}, {2 * time.Hour, 2 * time.Hour}, {0, 0}, {time.Hour, 0}} {
			f.change(t, c, contextAt(step.in))
			jobs := f.jobs(t, ports.JobQuery{})
			is.Equal(len(jobs), 1)
			is.True((time.Until(jobs[0].DueAt) - step.want).Abs() < time.Minute) // as far as clocks agree
			is.Equal([]any{jobs[0].Kind, jobs[0].Connection, jobs[0].Tenant}, []any{"context", c.ID, c.Tenant})
			is.Equal(jobs[0].State == ports.JobDue, step.want == 0)
		}
	},
	"polls and context jobs do not touch each other": func(t *testing.T, f JobsFixture) {
		is, c := is.New(t), f.connect(t, "t1")
		f.change(t, c, schedule, contextAt(0))
		is.Equal(len(f.jobs(t, ports.JobQuery{})), 2)
		is.Equal(f.depth(t).Due, 1) // polls only
		f.change(t, c, cancel)
		is.Equal(f.jobs(t, ports.JobQuery{})[0].Kind, "context")
		f.change(t, c, schedule, cancelContext, cancelContext)
		is.Equal(f.jobs(t, ports.JobQuery{})[0].Kind, "poll")
	},
	"many who schedule context jobs at once make one": func(t *testing.T, f JobsFixture) {
		is, c := is.New(t), f.connect(t, "t1")
		for _, err := range together(8, func(int) error { return f.tryChange(t, c, nil, contextAt(0)) }) {
			is.NoErr(err)
		}
		is.Equal(len(f.jobs(t, ports.JobQuery{})), 1)
	},
	"a context job exists only if its Update commits": func(t *testing.T, f JobsFixture) {
		is, c, mine := is.New(t), f.connect(t, "t1"), errors.New("mine")
		is.True(f.tryChange(t, c, mine, contextAt(0)) == mine)
		is.Equal(len(f.jobs(t, ports.JobQuery{})), 0)
		f.change(t, c, contextAt(time.Hour))
		is.True(f.tryChange(t, c, mine, cancelContext) == mine)
		is.Equal(len(f.jobs(t, ports.JobQuery{})), 1)
	},
	"a context job can be replaced in one transaction": func(t *testing.T, f JobsFixture) {
		is, c := is.New(t), f.connect(t, "t1")
		f.change(t, c, contextAt(0))
		f.change(t, c, cancelContext, contextAt(3*time.Hour))
		jobs := f.jobs(t, ports.JobQuery{})
		is.Equal(len(jobs), 1)
		is.True(time.Until(jobs[0].DueAt) > 2*time.Hour)
	},
	"another tenant touches no context job": func(t *testing.T, f JobsFixture) {
		is, c, t2 := is.New(t), f.connect(t, "t1"), tenant(t, "t2")
		f.change(t, c, contextAt(time.Hour))
		before := f.jobs(t, ports.JobQuery{})
		for _, change := range []jobChange{cancelContext, contextAt(0)} {
			// Whether it says so or not.
			_ = f.Repository.Update(t.Context(), t2, func(ctx context.Context, tx ports.Tx) error {
				return change(ctx, tx.Jobs, c.ID)
			})
			is.Equal(f.jobs(t, ports.JobQuery{}), before)
		}
	},
}
