package riverjobs_test

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/riverjobs"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// counted counts how often each tenant is polled, and how many polls of one connection run at once.
type counted struct {
	mu     sync.Mutex
	polls  map[string]int
	now    map[domain.ConnectionID]int
	doubly bool
	next   ports.MarketplaceClient
}

func newCounted(next ports.MarketplaceClient) *counted {
	return &counted{polls: map[string]int{}, now: map[domain.ConnectionID]int{}, next: next}
}

func (s *counted) Pages(ctx context.Context, c domain.ConnectionState, cursor string) iter.Seq2[ports.Page, error] {
	return func(yield func(ports.Page, error) bool) {
		s.enter(c, 1)
		defer s.enter(c, -1)
		s.next.Pages(ctx, c, cursor)(yield)
	}
}

func (s *counted) enter(c domain.ConnectionState, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now[c.ID] += n
	if n > 0 {
		s.polls[c.Tenant.String()]++
		s.doubly = s.doubly || s.now[c.ID] > 1
	}
}

func (s *counted) double() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.doubly
}

func (s *counted) count(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.polls[name]
}

func TestAConnectionIsPolledFromWhenItIsConnectedUntilItIsNot(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	polls := newCounted(nothing)
	s := newStage(t, polls)
	s.work(t)
	c := s.connect(t, "t1")
	eventually(t, "polled, and again after the interval", func() bool { return polls.count("t1") >= 3 })
	_, err := s.Disconnect.Run(t.Context(), app.DisconnectCommand{Tenant: c.Tenant, Marketplace: domain.Amazon})
	is.NoErr(err)
	is.True(s.job(t, c) == nil) // gone with the transaction
	eventually(t, "the poll under way has ended", func() bool {
		polls.mu.Lock()
		defer polls.mu.Unlock()
		return polls.now[c.ID] == 0
	})
	n := polls.count("t1")
	s.connect(t, "t2")
	eventually(t, "others go on", func() bool { return polls.count("t2") >= 5 })
	m := polls.count("t1")
	is.True(m <= n+1)  // one that had begun and not yet come to the source
	s.connect(t, "t1") // and it may come back
	eventually(t, "polled anew", func() bool { return polls.count("t1") > m })
}

func TestTwoEnginesShareTheWork(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	const sellers = 40
	polls := newCounted(source(func(ctx context.Context, _ domain.ConnectionState, _ string) iter.Seq2[ports.Page, error] {
		return func(func(ports.Page, error) bool) {
			select { // long enough to meet, if anybody could
			case <-ctx.Done():
			case <-time.After(20 * time.Millisecond):
			}
		}
	}))
	s := newStage(t, polls)
	for i := range sellers {
		s.connect(t, fmt.Sprintf("t%d", i))
	}
	s.work(t)
	s.work(t)
	eventually(t, "all are polled again and again", func() bool {
		for i := range sellers {
			if polls.count(fmt.Sprintf("t%d", i)) < 4 {
				return false
			}
		}
		return true
	})
	eventually(t, "both have worked", func() bool {
		var workers, busy int
		must(t, s.db.QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM river.keybuzz_workers),
			count(DISTINCT attempted_by[array_upper(attempted_by, 1)]) FROM river.river_job WHERE kind = 'poll'`).Scan(&workers, &busy))
		return workers == 2 && busy == 2
	})
	is.True(!polls.double()) // no connection by both at once
}

func TestStoppingGivesJobsBack(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	reading := make(chan struct{}, 1)
	s := newStage(t, source(func(ctx context.Context, _ domain.ConnectionState, _ string) iter.Seq2[ports.Page, error] {
		return func(yield func(ports.Page, error) bool) {
			reading <- struct{}{}
			<-ctx.Done() // a mail server that is not done for a long time
			yield(ports.Page{}, ctx.Err())
		}
	}))
	stop := s.work(t)
	c := s.connect(t, "t1")
	<-reading
	begun := time.Now()
	stop()
	is.True(time.Since(begun) < time.Minute) // by far sooner than a job ends by itself
	// For the next worker, at once: what a worker thinks that the database's clock says may be milliseconds off.
	eventually(t, "due", func() bool { return s.job(t, c).State == ports.JobDue })
	is.Equal(s.job(t, c).Attempt, 0) // and no fault of anybody's
	is.Equal(s.status(t, "t1").LastError, "")
}

// One seller has 50,000 messages waiting, 200 others have one each. With a single worker, so that nobody can stand aside, the
// others wait for a slice of the large one and no longer.
func TestALargeSellerDoesNotKeepSmallOnesWaiting(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	const small, large = 200, 50_000
	var stored, storedWhenSmallWereDone, smallLeft atomic.Int64
	smallLeft.Store(small)
	s := newStage(t, source(func(_ context.Context, c domain.ConnectionState, cursor string) iter.Seq2[ports.Page, error] {
		size := 1
		if c.Tenant.String() == "large" {
			size = large
		}
		return func(yield func(ports.Page, error) bool) {
			for from, _ := strconv.Atoi(cursor); from < size; {
				page := ports.Page{}
				for ; from < size && len(page.Messages) < 250; from++ {
					page.Messages = append(page.Messages, message(from))
				}
				page.Next = strconv.Itoa(from)
				if !yield(page, nil) {
					return
				}
			}
		}
	}), func(d *app.Deps) {
		d.Observer = observer{ingested: func(i ports.Ingested) {
			if i.Tenant.String() == "large" {
				stored.Add(int64(i.Created))
			} else if smallLeft.Add(-int64(i.Created)) == 0 {
				storedWhenSmallWereDone.Store(stored.Load())
			}
		}}
	})
	s.connect(t, "large")
	for i := range small {
		s.connect(t, fmt.Sprintf("small-%d", i))
	}
	s.work(t, func(o *riverjobs.Options) { o.Workers, o.Slice = 1, 300*time.Millisecond })
	eventually(t, "the small ones are done", func() bool { return smallLeft.Load() == 0 })
	is.True(storedWhenSmallWereDone.Load() < large/2) // long before the large one is
	n := stored.Load()
	eventually(t, "the large one goes on", func() bool { return stored.Load() > n })
}

func message(n int) domain.InboundMessage {
	return domain.InboundMessage{
		ExternalID: fmt.Sprintf("m%d", n), ThreadID: fmt.Sprintf("t%d", n/3), BuyerName: "Ana", Subject: "Where is it?",
		Body: "Where is my parcel?", ReceivedAt: time.Date(2026, 11, 2, 12, 0, n%60, 0, time.UTC),
		Source: domain.Source{MediaType: "text/plain", Bytes: []byte("Where is my parcel?")},
	}
}

// observer is told of pages, and of nothing else.
type observer struct {
	ports.NoObserver
	ingested func(ports.Ingested)
}

func (o observer) Ingested(i ports.Ingested) { o.ingested(i) }

func TestJobsThatSomebodyDeletedComeBack(t *testing.T) {
	t.Parallel()
	polls := newCounted(nothing)
	s := newStage(t, polls)
	c := s.connect(t, "t1")
	_, err := s.db.ExecContext(t.Context(), `DELETE FROM river.river_job`)
	must(t, err)
	s.work(t) // walks the connections when it starts
	eventually(t, "polled", func() bool { return polls.count("t1") > 0 })
	if job := s.job(t, c); job == nil {
		t.Fatal("no job")
	}
}

// When the line breaks in the middle of an answer, the queue says of jobs that a worker has them which never heard of them.
func TestJobsThatNobodyIsAtAreTakenOver(t *testing.T) {
	t.Parallel()
	for name, worker := range map[string]string{
		"a dead worker's":                  `'dead-1'`,
		"our own, which we never heard of": `(SELECT id FROM river.keybuzz_workers)`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			polls := newCounted(nothing)
			s := newStage(t, polls)
			s.work(t)
			s.connect(t, "t1")
			eventually(t, "polled", func() bool { return polls.count("t1") > 0 })
			var n int
			eventually(t, "marked", func() bool { // between two polls
				n = polls.count("t1")
				res, err := s.db.ExecContext(t.Context(), `UPDATE river.river_job SET state = 'running',
					attempted_by = ARRAY[`+worker+`], attempted_at = now() - interval '1 minute'
					WHERE kind = 'poll' AND state = 'available'`)
				must(t, err)
				marked, err := res.RowsAffected()
				must(t, err)
				return marked == 1
			})
			eventually(t, "polled again", func() bool { return polls.count("t1") > n })
		})
	}
}

// The names in stored jobs never change: a worker of any version finds its way.
func TestStoredJobsOfOtherVersionsAreWorked(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	polls := newCounted(nothing)
	s := newStage(t, polls)
	c := s.connect(t, "t1")
	for _, args := range []string{
		`{"tenant": "t1", "connection": "` + c.ID.String() + `"}`,
		`{"tenant": "t1", "connection": "` + c.ID.String() + `", "of_a_later_version": {"a": [1]}}`,
	} {
		_, err := s.db.ExecContext(t.Context(), `UPDATE river.river_job SET args = $1::jsonb, state = 'available', scheduled_at = now()
			WHERE kind = 'poll'`, args)
		is.NoErr(err)
		n := polls.count("t1")
		stop := s.work(t)
		eventually(t, "polled", func() bool { return polls.count("t1") > n })
		stop()
	}
}

// A host may work jobs of its own by the same tables, and its workers do not say that they are alive as ours do: its jobs are
// never taken over, however long they run.
func TestAHostsJobsAreNotTouched(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	polls := newCounted(nothing)
	s := newStage(t, polls)
	var id int64
	is.NoErr(s.db.QueryRowContext(t.Context(), `
		INSERT INTO river.river_job (kind, queue, state, args, attempt, max_attempts, attempted_by, attempted_at)
		VALUES ('host_report', 'default', 'running', '{}', 1, 25, ARRAY['host-1'], now() - interval '1 hour') RETURNING id`).Scan(&id))
	s.work(t)
	s.connect(t, "t1")
	eventually(t, "polled", func() bool { return polls.count("t1") > 0 })
	var n int
	eventually(t, "our own is marked as a dead worker's", func() bool { // between two polls
		n = polls.count("t1")
		res, err := s.db.ExecContext(t.Context(), `UPDATE river.river_job SET state = 'running', attempted_by = ARRAY['dead-1'],
			attempted_at = now() - interval '1 minute' WHERE kind = 'poll' AND state = 'available'`)
		must(t, err)
		marked, err := res.RowsAffected()
		must(t, err)
		return marked == 1
	})
	eventually(t, "our own is taken over", func() bool { return polls.count("t1") > n })
	var state string
	var attempt int
	is.NoErr(s.db.QueryRowContext(t.Context(), `SELECT state, attempt FROM river.river_job WHERE id = $1`, id).Scan(&state, &attempt))
	is.Equal(state, "running") // as its own worker left it
	is.Equal(attempt, 1)
}
