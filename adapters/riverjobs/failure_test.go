package riverjobs_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

func TestARefusalEndsTheJob(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var refuse atomic.Bool
	refuse.Store(true)
	s := newStage(t, source(func(context.Context, domain.ConnectionState, string) iter.Seq2[ports.Page, error] {
		return func(yield func(ports.Page, error) bool) {
			if refuse.Load() {
				yield(ports.Page{}, domain.Errorf(domain.ErrRejected, "the password is wrong"))
			}
		}
	}))
	s.work(t)
	c := s.connect(t, "t1")
	eventually(t, "the seller sees why", func() bool {
		now := s.status(t, "t1")
		return now.Status == domain.ConnectionError && now.LastError == "the password is wrong"
	})
	is.True(s.job(t, c) == nil)
	refuse.Store(false)
	s.connect(t, "t1") // with the right password
	eventually(t, "it is read again", func() bool { return !s.status(t, "t1").LastSyncAt.IsZero() })
	is.Equal(s.status(t, "t1").Status, domain.ConnectionConnected)
}

func TestABugIsRetriedAndThenDiscarded(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	polls := newCounted(source(func(_ context.Context, c domain.ConnectionState, _ string) iter.Seq2[ports.Page, error] {
		return func(func(ports.Page, error) bool) {
			if c.Tenant.String() == "t1" {
				panic("Jean Dupont wrote this")
			}
		}
	}))
	s := newStage(t, polls)
	s.work(t)
	c := s.connect(t, "t1")
	s.connect(t, "t2")
	// The pauses between the attempts are minutes; nobody needs to wait for them here.
	eventually(t, "discarded", func() bool {
		_, err := s.db.ExecContext(t.Context(), `UPDATE river.river_job SET scheduled_at = now(), state = 'available'
			WHERE state = 'retryable' OR state = 'available' AND scheduled_at > now() AND attempt > 0`)
		is.NoErr(err)
		job := s.job(t, c)
		return job != nil && job.State == ports.JobDiscarded
	})
	is.Equal(polls.count("t1"), 8)
	is.Equal(s.job(t, c).LastError, "internal error") // never a buyer's text
	depth, err := s.queue.Depth(t.Context())
	is.NoErr(err)
	is.Equal(depth.Discarded, 1) // what the alert looks at
	is.Equal(s.status(t, "t1").Status, domain.ConnectionError)
	n := polls.count("t2")
	eventually(t, "the others are none the worse", func() bool { return polls.count("t2") > n })
}

// What the connection cannot be told does not happen to its job.
func TestAJobIsNotDiscardedBeforeItsConnectionKnows(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var away atomic.Bool
	s := newStage(t, source(func(context.Context, domain.ConnectionState, string) iter.Seq2[ports.Page, error] {
		return func(func(ports.Page, error) bool) { panic("a bug") }
	}), func(d *app.Deps) { d.Repository = readOnly{d.Repository, &away} })
	c := s.connect(t, "t1")
	away.Store(true)
	_, err := s.db.ExecContext(t.Context(), `UPDATE river.river_job SET attempt = max_attempts - 1`)
	is.NoErr(err)
	s.work(t)
	eventually(t, "put off", func() bool { return s.job(t, c).State == ports.JobWaiting })
	is.Equal(s.status(t, "t1").Status, domain.ConnectionConnected)
	away.Store(false)
	eventually(t, "discarded", func() bool {
		_, err := s.db.ExecContext(t.Context(), `UPDATE river.river_job SET scheduled_at = now(), state = 'available' WHERE state = 'scheduled'`)
		is.NoErr(err)
		return s.job(t, c).State == ports.JobDiscarded
	})
	is.Equal(s.status(t, "t1").Status, domain.ConnectionError)
}

// readOnly is a Repository that stores nothing while away is set.
type readOnly struct {
	ports.Repository
	away *atomic.Bool
}

func (r readOnly) Update(ctx context.Context, who domain.TenantID, fn ports.TxFunc) error {
	if r.away.Load() {
		return domain.Errorf(domain.ErrUnavailable, "the database is away")
	}
	return r.Repository.Update(ctx, who, fn)
}

func TestATurnThatGoesWellForgetsTheFaultsBefore(t *testing.T) {
	t.Parallel()
	var faulty atomic.Bool
	faulty.Store(true)
	s := newStage(t, source(func(context.Context, domain.ConnectionState, string) iter.Seq2[ports.Page, error] {
		return func(yield func(ports.Page, error) bool) {
			if faulty.Load() {
				yield(ports.Page{}, errors.New("a bug"))
			}
		}
	}))
	s.work(t)
	c := s.connect(t, "t1")
	eventually(t, "it failed", func() bool { job := s.job(t, c); return job.Attempt > 0 && job.State == ports.JobWaiting })
	faulty.Store(false)
	eventually(t, "it goes well", func() bool {
		_, err := s.db.ExecContext(t.Context(), `UPDATE river.river_job SET scheduled_at = now(), state = 'available' WHERE state = 'retryable'`)
		must(t, err)
		job := s.job(t, c)
		return job.State == ports.JobWaiting && job.Attempt == 0
	})
}

// The seller corrects the password while a poll with the old one is under way: what that poll is told must not end the job.
func TestARefusalOfAnOldPasswordEndsNothing(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	reading, corrected := make(chan struct{}, 1), make(chan struct{})
	var polls atomic.Int32
	s := newStage(t, source(func(context.Context, domain.ConnectionState, string) iter.Seq2[ports.Page, error] {
		return func(yield func(ports.Page, error) bool) {
			if polls.Add(1) == 1 {
				reading <- struct{}{}
				<-corrected
				yield(ports.Page{}, domain.Errorf(domain.ErrRejected, "the password is wrong"))
			}
		}
	}))
	s.work(t)
	s.connect(t, "t1")
	<-reading
	s.connect(t, "t1")
	close(corrected)
	eventually(t, "it is read with the new password", func() bool { return !s.status(t, "t1").LastSyncAt.IsZero() })
	is.Equal(s.status(t, "t1").Status, domain.ConnectionConnected)
	is.Equal(s.status(t, "t1").LastError, "")
}

// A row that this version cannot read is its own seller's trouble, and nobody else's.
func TestOneBadRowFailsNobodyElse(t *testing.T) {
	t.Parallel()
	polls := newCounted(nothing)
	s := newStage(t, polls)
	for i := range 20 {
		s.connect(t, fmt.Sprintf("t%d", i))
	}
	bad := s.status(t, "t7")
	tx, err := s.db.BeginTx(t.Context(), nil)
	must(t, err)
	for _, statement := range []string{
		`SELECT set_config('keybuzz.tenant', 't7', true)`,
		`UPDATE marketplace.connections SET status = 'OF_A_LATER_VERSION' WHERE id = '` + bad.ID.String() + `'`,
	} {
		_, err := tx.ExecContext(t.Context(), statement)
		must(t, err)
	}
	must(t, tx.Commit())
	s.work(t)
	eventually(t, "all others are polled again and again", func() bool {
		for i := range 20 {
			if i != 7 && polls.count(fmt.Sprintf("t%d", i)) < 3 {
				return false
			}
		}
		return true
	})
}

// A seller's message that ends the worker itself must not end one worker after the other for ever.
func TestAJobThatEndsItsWorkersIsGivenUp(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := newStage(t, nothing)
	c := s.connect(t, "t1")
	_, err := s.db.ExecContext(t.Context(), `UPDATE river.river_job SET state = 'running', attempt = max_attempts,
		attempted_by = ARRAY['dead'], attempted_at = now() - interval '1 minute' WHERE kind = 'poll'`)
	is.NoErr(err)
	s.work(t)
	eventually(t, "given up", func() bool { return s.status(t, "t1").Status == domain.ConnectionError })
	eventually(t, "and ended", func() bool { return s.job(t, c).State == ports.JobCancelled })
}
