package riverjobs_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/riverjobs"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/migrations"
	"github.com/keybuzzio/marketplaces/ports"
)

// Ten times more polls are due than two workers can do in an interval. Who has waited longest is first, the queue says how
// far behind it is, and the database still answers what readiness asks.
func TestOverloadIsWorkedOldestFirst(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	const sellers, workers = 400, 2 // two polls take 50 ms: 40 in an interval of a second
	var mu sync.Mutex
	var order []domain.ConnectionID // as they were first polled
	measured := make(chan struct{}) // until then nobody is polled after the first few
	s := newStage(t, source(func(ctx context.Context, c domain.ConnectionState, _ string) iter.Seq2[ports.Page, error] {
		return func(func(ports.Page, error) bool) {
			mu.Lock()
			if !slices.Contains(order, c.ID) {
				order = append(order, c.ID)
			}
			few := len(order) < 20
			mu.Unlock()
			if !few {
				select {
				case <-ctx.Done():
				case <-measured:
				}
			}
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		}
	}))
	place := map[domain.ConnectionID]int{} // by how long they have waited
	for i := range sellers {
		c := s.connect(t, fmt.Sprintf("t%d", i))
		place[c.ID] = sellers - 1 - i // who came last has waited longest
		_, err := s.db.ExecContext(t.Context(), `UPDATE river.river_job SET scheduled_at = now() - make_interval(mins => $1::int)
			WHERE args ->> 'connection' = $2`, i+1, c.ID.String())
		is.NoErr(err)
	}
	s.work(t, func(o *riverjobs.Options) { o.Workers = workers })
	polled := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(order)
	}
	eventually(t, "some are polled", func() bool { return polled() >= 20 })
	depth, err := s.queue.Depth(t.Context())
	is.NoErr(err)
	is.True(depth.Due > sellers/2)
	is.True(depth.OldestDue > time.Hour)
	is.True(depth.Running <= sellers/4)           // those whose end is not noted yet among them
	is.NoErr(migrations.Check(t.Context(), s.db)) // what readiness asks
	close(measured)
	eventually(t, "all are polled", func() bool { return polled() == sellers })
	mu.Lock()
	defer mu.Unlock()
	apart := 0 // from their place in the line, all together
	for i, id := range order {
		apart += max(place[id]-i, i-place[id])
	}
	is.True(apart <= 2*workers*sellers) // polls that run side by side may begin in another order
}

// Two workers with more to do than they can each take their half of it. Measured with 100,000 sellers: make bench-engine.
func TestTwoEnginesEachDoTheirShare(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	const sellers, workers = 120, 3
	var inHand atomic.Int32
	both := make(chan struct{}) // until then nobody is done
	polls := newCounted(source(func(ctx context.Context, _ domain.ConnectionState, _ string) iter.Seq2[ports.Page, error] {
		return func(func(ports.Page, error) bool) {
			if inHand.Add(1) == 2*workers {
				close(both)
			}
			for _, wait := range []<-chan struct{}{both, after(20 * time.Millisecond)} {
				select {
				case <-ctx.Done():
				case <-wait:
				}
			}
		}
	}))
	s := newStage(t, polls)
	for i := range sellers {
		s.connect(t, fmt.Sprintf("t%d", i))
	}
	few := func(o *riverjobs.Options) { o.Workers = workers }
	s.work(t, few)
	s.work(t, few)
	eventually(t, "all are polled", func() bool {
		for i := range sellers {
			if polls.count(fmt.Sprintf("t%d", i)) == 0 {
				return false
			}
		}
		return true
	})
	var total, least int
	is.NoErr(s.db.QueryRowContext(t.Context(), `SELECT sum(n), min(n) FROM (SELECT count(*) AS n FROM river.river_job, unnest(attempted_by) AS worker
		WHERE kind = 'poll' GROUP BY worker) AS each`).Scan(&total, &least))
	t.Logf("of %d polls one did %d", total, least)
	is.True(least > total*3/10) // half each, but for a machine that is slow to one of them
	is.True(!polls.double())
}

func after(d time.Duration) <-chan struct{} {
	done := make(chan struct{})
	time.AfterFunc(d, func() { close(done) })
	return done
}
