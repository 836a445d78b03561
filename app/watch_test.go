package app_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

func TestWatchHasMailboxesPolled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), newWatchStage(t)
		one, two := s.mailbox(t, "t1"), s.mailbox(t, "t2")
		before := s.store.of(one)
		stop := s.run(t, s.App, 10)
		is.Equal(s.store.of(one), before) // nothing has come

		s.deliver(one, 3)
		time.Sleep(100 * time.Millisecond)
		s.deliver(one, 2)
		time.Sleep(2 * time.Second)
		is.Equal(s.store.of(one), before+1) // once for all that came together
		s.deliver(one, 1)
		time.Sleep(2 * time.Second)
		is.Equal(s.store.of(one), before+2) // what came since is not forgotten
		time.Sleep(time.Hour)
		is.Equal(s.store.of(one), before+2)
		is.Equal(s.store.of(two), before)

		for range 1000 { // a server that never stops
			s.deliver(one, 1)
			time.Sleep(10 * time.Millisecond)
		}
		is.True(s.store.of(one) <= before+2+10)
		stop()
		all, _ := s.watched(one)
		is.Equal(all, 0)
	})
}

func TestWatchOnlyMailboxes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), newWatchStage(t)
		c := s.mailbox(t, "t1")
		mock, _, err := s.ConnectMock.Run(t.Context(), app.ConnectMockCommand{Tenant: tenant(t, "t2"), By: "somebody"})
		is.NoErr(err)
		defer s.run(t, s.App, 10)()
		all, this := s.watched(c)
		is.True(all == 1 && this)
		is.Equal(len(s.tried(mock)), 0)
	})
}

func TestWatchLeavesWhatIsNotWanted(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(t *testing.T, s *watchStage, c domain.ConnectionState) (again bool){
		"disconnected": func(t *testing.T, s *watchStage, c domain.ConnectionState) bool {
			_, err := s.Disconnect.Run(t.Context(), app.DisconnectCommand{Tenant: c.Tenant, Marketplace: domain.Amazon})
			is.New(t).NoErr(err)
			return false
		},
		"another mailbox": func(t *testing.T, s *watchStage, c domain.ConnectionState) bool {
			is.New(t).Equal(s.mailbox(t, c.Tenant.String()).ID, c.ID)
			return true
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				is, s := is.New(t), newWatchStage(t)
				c := s.mailbox(t, "t1")
				defer s.run(t, s.App, 10)()
				is.Equal(len(s.tried(c)), 1)
				old := s.teller(c)
				again := change(t, s, c)
				before := s.store.of(c)
				time.Sleep(time.Minute)
				is.True(len(s.tried(c)) == 1 || again)
				old()
				time.Sleep(time.Second)
				is.Equal(s.store.of(c), before) // the one before is not listened to
				time.Sleep(time.Minute)
				_, watched := s.watched(c)
				is.Equal(watched, again)
			})
		})
		t.Run(name+", then something comes", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				is, s := is.New(t), newWatchStage(t)
				c := s.mailbox(t, "t1")
				defer s.run(t, s.App, 10)()
				change(t, s, c)
				before := s.store.of(c)
				s.deliver(c, 1)
				time.Sleep(time.Second)
				is.Equal(s.store.of(c), before)
			})
		})
	}
}

func TestWatchersShareMailboxes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), newWatchStage(t)
		var all []domain.ConnectionState
		for _, who := range []string{"t1", "t2", "t3", "t4", "t5"} {
			all = append(all, s.mailbox(t, who))
		}
		other := newWatcher()
		stop := s.run(t, s.App, 3)
		stopOther := s.run(t, s.process(t, other, s.store), 3)
		time.Sleep(time.Hour)
		here, _ := s.watched(all[0])
		there, _ := other.watched(all[0])
		is.Equal(here, 3) // no more than it may
		is.Equal(there, 2)
		is.Equal(s.most, 3)
		for _, c := range all {
			_, a := s.watched(c)
			_, b := other.watched(c)
			is.True(a != b) // by one of them
		}
		stop()
		time.Sleep(time.Minute)
		there, _ = other.watched(all[0])
		is.Equal(there, 3) // it takes over what it may
		stopOther()
		is.True(!s.doubled && !other.doubled)
	})
}

func TestWatchRestsAfterFailures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err             error
		fewest, most    int // tries in a day
		first, shortest time.Duration
	}{
		"line":      {domain.Errorf(domain.ErrUnavailable, "the line broke"), 80, 115, 25 * time.Second, 13 * time.Minute},
		"refusal":   {domain.Errorf(domain.ErrRejected, "no IDLE"), 80, 115, 25 * time.Second, 13 * time.Minute},
		"bug":       {errors.New("a bug"), 80, 115, 25 * time.Second, 13 * time.Minute},
		"limit":     {&domain.Error{Kind: domain.ErrThrottled, RetryAfter: 40 * time.Minute}, 30, 37, 40 * time.Minute, 40 * time.Minute},
		"nothing":   {nil, 80, 115, 25 * time.Second, 13 * time.Minute},
		"a panic's": {errPanics, 80, 115, 25 * time.Second, 13 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				is, s := is.New(t), newWatchStage(t)
				bad, good := s.mailbox(t, "t1"), s.mailbox(t, "t2")
				var mended atomic.Bool
				s.fail = func(state domain.ConnectionState) (bool, error) {
					if mended.Load() {
						return false, nil
					}
					if state.ID == bad.ID && errors.Is(c.err, errPanics) {
						panic("words of a buyer")
					}
					return state.ID == bad.ID, c.err
				}
				before := s.status(t, bad)
				defer s.run(t, s.App, 10)()
				time.Sleep(24 * time.Hour)
				tries := s.tried(bad)
				is.True(len(tries) >= c.fewest && len(tries) <= c.most)
				is.True(tries[1].Sub(tries[0]) >= c.first)
				is.True(tries[len(tries)-1].Sub(tries[len(tries)-2]) >= c.shortest)
				is.Equal(len(s.tried(good)), 1)    // another's trouble is its own
				is.Equal(s.status(t, bad), before) // and does not show

				mended.Store(true)
				time.Sleep(time.Hour)
				_, watched := s.watched(bad)
				is.True(watched)
			})
		})
	}
}

var errPanics = errors.New("a panic, not an error")

// A line that breaks after it was good for long is tried again soon.
func TestWatchForgetsOldFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), newWatchStage(t)
		c := s.mailbox(t, "t1")
		defer s.run(t, s.App, 10)()
		for n := range 20 {
			s.breakLine(c)
			time.Sleep(2 * time.Minute)
			is.Equal(len(s.tried(c)), n+2)
			time.Sleep(40 * time.Minute)
		}
	})
}

// flaky is a Directory that fails on cue.
type flaky struct {
	ports.Directory
	down atomic.Bool
}

func (d *flaky) Connected(ctx context.Context, after domain.ConnectionID, limit int) ([]ports.ConnectionRef, error) {
	if d.down.Load() {
		return nil, domain.Errorf(domain.ErrUnavailable, "down")
	}
	return d.Directory.Connected(ctx, after, limit)
}

func TestWatchOutlivesTheDatabase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), newWatchStage(t)
		c := s.mailbox(t, "t1")
		d := &flaky{Directory: s.store}
		d.down.Store(true)
		defer s.run(t, s.process(t, s.watcher, d), 10)()
		time.Sleep(time.Hour)
		is.Equal(len(s.tried(c)), 0)
		d.down.Store(false)
		time.Sleep(time.Minute)
		_, watched := s.watched(c)
		is.True(watched)
	})
}

// losing are Leases that are lost on cue.
type losing struct {
	ports.Leases
	mu   sync.Mutex
	lose []func()
}

func (l *losing) Take(ctx context.Context, name string) (context.Context, func(), bool, error) {
	held, release, ok, err := l.Leases.Take(ctx, name)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lose = append(l.lose, release)
	return held, release, ok, err
}

func TestWatchTakesLostLeasesAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), newWatchStage(t)
		leases := &losing{Leases: s.leases}
		s.leases = leases
		a := s.process(t, s.watcher, s.store)
		c := s.mailbox(t, "t1")
		defer s.run(t, a, 10)()
		leases.lose[0]()
		synctest.Wait()
		_, watched := s.watched(c)
		is.True(!watched)
		time.Sleep(time.Minute)
		_, watched = s.watched(c)
		is.True(watched)
	})
}

// However many connections there are, those that can be watched are found, a part of them in each walk.
func TestWatchWalksAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), newWatchStage(t)
		const sellers = 1200
		for n := range sellers {
			s.mailbox(t, fmt.Sprint("seller-", n))
		}
		defer s.run(t, s.App, 10*sellers)()
		all, _ := s.watched(domain.ConnectionState{})
		is.Equal(all, 1000)
		time.Sleep(3 * time.Minute)
		all, _ = s.watched(domain.ConnectionState{})
		is.Equal(all, sellers)
		is.True(!s.doubled)
	})
}

func TestWatchWithoutWatcher(t *testing.T) {
	t.Parallel()
	s := newWatchStage(t)
	is.New(t).NoErr(s.process(t, nil, s.store).Watch.Run(t.Context(), 10))
}
