package porttest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// JobsFixture is a Repository whose transactions schedule jobs, and the Queue that shows them, both empty. Nothing works
// the jobs.
type JobsFixture struct {
	Repository ports.Repository
	Queue      ports.Queue
}

// TestJobs checks Jobs and a Queue against their contracts, as far as they hold without workers. open is called once per
// subtest.
func TestJobs(t *testing.T, open func(t *testing.T) JobsFixture) {
	scheduleRules.check(t, open)
	contextJobRules.check(t, open)
	queueRules.check(t, open)
}

// scheduleRules are about ports.Jobs.
var scheduleRules = rules[JobsFixture]{
	"a connection has no job until one is scheduled": func(t *testing.T, f JobsFixture) {
		f.connect(t, "t1")
		is.New(t).Equal(len(f.jobs(t, ports.JobQuery{})), 0)
	},
	"scheduling twice is once": func(t *testing.T, f JobsFixture) {
		is, c := is.New(t), f.connect(t, "t1")
		f.change(t, c, schedule, schedule)
		f.change(t, c, schedule)
		is.Equal(f.polled(t, c), []domain.ConnectionID{c.ID})
	},
	"many who schedule at once make one job": func(t *testing.T, f JobsFixture) {
		is, c := is.New(t), f.connect(t, "t1")
		for _, err := range together(8, func(int) error { return f.tryChange(t, c, nil, schedule) }) {
			is.NoErr(err)
		}
		is.Equal(f.polled(t, c), []domain.ConnectionID{c.ID})
	},
	"what an Update that fails scheduled is not there": func(t *testing.T, f JobsFixture) {
		is, c, mine := is.New(t), f.connect(t, "t1"), errors.New("mine")
		is.True(f.tryChange(t, c, mine, schedule) == mine)
		is.Equal(len(f.jobs(t, ports.JobQuery{})), 0)
	},
	"nobody sees a job before its transaction commits": func(t *testing.T, f JobsFixture) {
		is, c := is.New(t), f.connect(t, "t1")
		is.NoErr(f.Repository.Update(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Connections.Lock(ctx, c.ID)
			is.NoErr(err)
			is.NoErr(tx.Jobs.Schedule(ctx, ports.JobPoll, c.ID, time.Time{}))
			is.Equal(len(f.polled(t, c)), 0)
			return nil
		}))
		is.Equal(f.polled(t, c), []domain.ConnectionID{c.ID})
	},
	"a job is there with the connection that was inserted with it, or neither": func(t *testing.T, f JobsFixture) {
		is, t1, mine := is.New(t), tenant(t, "t1"), errors.New("mine")
		for _, end := range []error{mine, nil} {
			c := connection(t, t1, domain.Amazon, connected)
			err := f.Repository.Update(t.Context(), t1, func(ctx context.Context, tx ports.Tx) error {
				return errors.Join(tx.Connections.Insert(ctx, c), tx.Jobs.Schedule(ctx, ports.JobPoll, c.State().ID, time.Time{}), end)
			})
			is.True(errors.Is(err, end))
			is.Equal(len(f.polled(t, c.State())) == 1, end == nil)
			is.Equal(f.repository().isGone(t, c.State()), end != nil)
		}
	},
	"a job that is cancelled is gone, and cancelling again does nothing": func(t *testing.T, f JobsFixture) {
		is, c, other := is.New(t), f.connect(t, "t1"), f.connect(t, "t2")
		f.change(t, c, cancel) // there is none yet
		f.change(t, c, schedule)
		f.change(t, other, schedule)
		f.change(t, c, cancel, cancel)
		f.change(t, c, cancel)
		is.Equal(f.polled(t, c, other), []domain.ConnectionID{other.ID})
	},
	"a cancel that is undone leaves the job": func(t *testing.T, f JobsFixture) {
		is, c, mine := is.New(t), f.connect(t, "t1"), errors.New("mine")
		f.change(t, c, schedule)
		is.True(f.tryChange(t, c, mine, cancel) == mine)
		is.Equal(f.polled(t, c), []domain.ConnectionID{c.ID})
	},
	"the last word of a transaction holds": func(t *testing.T, f JobsFixture) {
		is, c := is.New(t), f.connect(t, "t1")
		f.change(t, c, schedule, cancel)
		is.Equal(len(f.polled(t, c)), 0)
		f.change(t, c, schedule, cancel, schedule)
		is.Equal(f.polled(t, c), []domain.ConnectionID{c.ID})
	},
	"another tenant takes no job away and adds none": func(t *testing.T, f JobsFixture) {
		is, c, t2 := is.New(t), f.connect(t, "t1"), tenant(t, "t2")
		f.change(t, c, schedule)
		before := f.jobs(t, ports.JobQuery{})
		for _, change := range []jobChange{cancel, schedule} {
			// Whether it says so or not.
			_ = f.Repository.Update(t.Context(), t2, func(ctx context.Context, tx ports.Tx) error {
				return change(ctx, tx.Jobs, c.ID)
			})
			is.Equal(f.jobs(t, ports.JobQuery{}), before)
		}
	},
	"a View neither schedules nor cancels": func(t *testing.T, f JobsFixture) {
		is, c, other := is.New(t), f.connect(t, "t1"), f.connect(t, "t2")
		f.change(t, c, schedule)
		before := f.jobs(t, ports.JobQuery{})
		for _, change := range []jobChange{cancel, schedule} {
			for _, of := range []domain.ConnectionState{c, other} {
				is.True(f.Repository.View(t.Context(), of.Tenant, func(ctx context.Context, tx ports.Tx) error {
					return change(ctx, tx.Jobs, of.ID)
				}) != nil)
			}
		}
		is.Equal(f.jobs(t, ports.JobQuery{}), before)
	},
}

// queueRules are about ports.Queue.
var queueRules = rules[JobsFixture]{
	"a job that was scheduled is due and says whose it is": func(t *testing.T, f JobsFixture) {
		is, c := is.New(t), f.connect(t, "t1")
		f.change(t, c, schedule)
		jobs := f.jobs(t, ports.JobQuery{})
		is.Equal(len(jobs), 1)
		j := jobs[0]
		is.True(j.ID > 0)
		is.True(time.Since(j.DueAt).Abs() < time.Minute) // as far as clocks agree
		is.Equal(j.DueAt.Location(), time.UTC)
		j.ID, j.DueAt = 0, time.Time{}
		is.Equal(j, ports.Job{Kind: "poll", State: ports.JobDue, Tenant: c.Tenant, Connection: c.ID}) // nobody took it
	},
	"jobs of all tenants are seen, by falling id": func(t *testing.T, f JobsFixture) {
		is := is.New(t)
		want := f.manyScheduled(t)
		got := f.jobs(t, ports.JobQuery{})
		is.True(slices.IsSortedFunc(got, func(a, b ports.Job) int { return int(b.ID - a.ID) }))
		for _, j := range got {
			is.True(slices.ContainsFunc(want, func(c domain.ConnectionState) bool { return c.ID == j.Connection && c.Tenant == j.Tenant }))
		}
		is.Equal(len(got), len(want))
	},
	"pages of jobs give each once, whatever their size": func(t *testing.T, f JobsFixture) {
		is := is.New(t)
		f.manyScheduled(t)
		want := f.jobs(t, ports.JobQuery{})
		for limit := 1; limit <= len(want)+1; limit++ {
			is.Equal(f.jobs(t, ports.JobQuery{Limit: limit}), want)
		}
	},
	"filters hold": func(t *testing.T, f JobsFixture) {
		is := is.New(t)
		all := f.manyScheduled(t)
		for _, state := range slices.Concat(ports.JobStates, []ports.JobState{""}) {
			want := 0
			if state == "" || state == ports.JobDue {
				want = 1
			}
			is.Equal(len(f.jobs(t, ports.JobQuery{State: state, Limit: 2})), want*len(all))
			is.Equal(len(f.jobs(t, ports.JobQuery{State: state, Connection: all[0].ID})), want)
			is.Equal(len(f.jobs(t, ports.JobQuery{State: state, Connection: domain.NewID[domain.ConnectionID]()})), 0)
		}
	},
	"a list of jobs needs a limit": func(t *testing.T, f JobsFixture) {
		_, err := f.Queue.Jobs(t.Context(), ports.JobQuery{})
		is.New(t).True(errors.Is(err, domain.ErrInvalid))
	},
	"Polled tells who of those asked about has a job": func(t *testing.T, f JobsFixture) {
		is := is.New(t)
		a, b, c := f.connect(t, "t1"), f.connect(t, "t2"), f.connect(t, "t3")
		f.change(t, a, schedule)
		f.change(t, b, schedule)
		for _, asked := range [][]domain.ConnectionState{{}, {a}, {c}, {a, b, c}} {
			ids := make([]domain.ConnectionID, len(asked))
			for i, s := range asked {
				ids[i] = s.ID
			}
			got, err := f.Queue.Polled(t.Context(), ids)
			is.NoErr(err)
			for _, s := range []domain.ConnectionState{a, b, c} {
				is.Equal(got[s.ID], s.ID != c.ID && slices.Contains(ids, s.ID))
			}
		}
	},
	"Depth counts what is due": func(t *testing.T, f JobsFixture) {
		is := is.New(t)
		is.Equal(f.depth(t), ports.QueueDepth{})
		all := f.manyScheduled(t)
		d := f.depth(t)
		is.True(d.OldestDue >= 0 && d.OldestDue < time.Minute)
		d.OldestDue = 0
		is.Equal(d, ports.QueueDepth{Due: len(all)})
		for _, c := range all {
			f.change(t, c, cancel)
		}
		is.Equal(f.depth(t), ports.QueueDepth{})
	},
	"a cancelled context passes as it is": func(t *testing.T, f JobsFixture) {
		is := is.New(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := f.Queue.Jobs(ctx, ports.JobQuery{Limit: 1})
		is.True(errors.Is(err, context.Canceled))
		_, err = f.Queue.Polled(ctx, []domain.ConnectionID{domain.NewID[domain.ConnectionID]()})
		is.True(errors.Is(err, context.Canceled))
		_, err = f.Queue.Depth(ctx)
		is.True(errors.Is(err, context.Canceled))
	},
}

// jobChange is one of the two things that a transaction does to a job.
type jobChange func(context.Context, ports.Jobs, domain.ConnectionID) error

var (
	schedule jobChange = func(ctx context.Context, j ports.Jobs, c domain.ConnectionID) error {
		return j.Schedule(ctx, ports.JobPoll, c, time.Time{})
	}
	cancel jobChange = func(ctx context.Context, j ports.Jobs, c domain.ConnectionID) error {
		return j.Cancel(ctx, ports.JobPoll, c)
	}
)

func (f JobsFixture) repository() RepositoryFixture {
	return RepositoryFixture{Repository: f.Repository}
}

// connect stores a CONNECTED connection.
func (f JobsFixture) connect(t *testing.T, tenantName string) domain.ConnectionState {
	t.Helper()
	return f.repository().connect(t, tenant(t, tenantName), domain.Amazon, connected)
}

// tryChange changes the job of c in one transaction, as the contract asks: under the connection's lock. Then it ends with
// end.
func (f JobsFixture) tryChange(t *testing.T, c domain.ConnectionState, end error, changes ...jobChange) error {
	return f.Repository.Update(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
		if _, err := tx.Connections.Lock(ctx, c.ID); err != nil {
			return err
		}
		for _, change := range changes {
			if err := change(ctx, tx.Jobs, c.ID); err != nil {
				return err
			}
		}
		return end
	})
}

// change is tryChange that must succeed.
func (f JobsFixture) change(t *testing.T, c domain.ConnectionState, changes ...jobChange) {
	t.Helper()
	is.New(t).NoErr(f.tryChange(t, c, nil, changes...))
}

// manyScheduled stores connections of several tenants, each with its job.
func (f JobsFixture) manyScheduled(t *testing.T) (all []domain.ConnectionState) {
	t.Helper()
	for i := range 5 {
		c := f.connect(t, fmt.Sprint("t", i))
		f.change(t, c, schedule)
		all = append(all, c)
	}
	return all
}

// jobs reads all jobs that q selects, a page of q.Limit after the other, or in one when that is 0.
func (f JobsFixture) jobs(t *testing.T, q ports.JobQuery) (found []ports.Job) {
	t.Helper()
	is := is.New(t)
	if q.Limit == 0 {
		q.Limit = everything
	}
	for {
		page, err := f.Queue.Jobs(t.Context(), q)
		is.NoErr(err)
		is.True(len(page) <= q.Limit)
		found = append(found, page...)
		if len(page) < q.Limit {
			return found
		}
		q.After = page[len(page)-1].ID
	}
}

// polled is which of the connections have a job, as both the list of jobs and Polled say.
func (f JobsFixture) polled(t *testing.T, of ...domain.ConnectionState) (has []domain.ConnectionID) {
	t.Helper()
	is := is.New(t)
	for _, c := range of {
		polled, err := f.Queue.Polled(t.Context(), []domain.ConnectionID{c.ID})
		is.NoErr(err)
		n := len(f.jobs(t, ports.JobQuery{Connection: c.ID}))
		is.True(n <= 1)
		is.Equal(polled[c.ID], n == 1)
		if n == 1 {
			has = append(has, c.ID)
		}
	}
	return has
}

func (f JobsFixture) depth(t *testing.T) ports.QueueDepth {
	t.Helper()
	d, err := f.Queue.Depth(t.Context())
	is.New(t).NoErr(err)
	return d
}
