package mail

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

// pauseOf returns the RetryAfter of an answer that must be domain.ErrThrottled.
func pauseOf(t *testing.T, err error) time.Duration {
	t.Helper()
	is := is.New(t)
	var told *domain.Error
	is.True(errors.As(err, &told))
	is.Equal(told.Kind, domain.ErrThrottled)
	return told.RetryAfter
}

// take takes a place that must be free.
func take(t *testing.T, h *hosts, server string) (leave func()) {
	t.Helper()
	leave, err := h.enter(t.Context(), server, 0)
	is.New(t).NoErr(err)
	return leave
}

func TestHostIsNeverCalledTooOften(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		h := newHosts(3)
		servers := []string{"a:993", "b:993"}
		open, most := make([]atomic.Int64, len(servers)), make([]atomic.Int64, len(servers))
		var served, turnedAway atomic.Int64
		var all sync.WaitGroup
		for n := range 200 {
			all.Go(func() {
				i := n % len(servers)
				for range 20 {
					leave, err := h.enter(t.Context(), servers[i], time.Duration(n%4)*time.Second)
					if err != nil {
						turnedAway.Add(1)
						time.Sleep(time.Millisecond)
						continue
					}
					now := open[i].Add(1)
					for seen := most[i].Load(); now > seen && !most[i].CompareAndSwap(seen, now); seen = most[i].Load() {
					}
					time.Sleep(time.Duration(rand.IntN(100)) * time.Millisecond)
					open[i].Add(-1)
					served.Add(1)
					leave()
				}
			})
		}
		all.Wait()
		for i := range servers {
			is.Equal(most[i].Load(), int64(3)) // all places are used, and no more
		}
		is.Equal(served.Load()+turnedAway.Load(), int64(4000))
		is.True(turnedAway.Load() > 0)
		is.Equal(len(h.all), 0) // and nothing is kept of them
	})
}

func TestHostsAreApart(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	h := newHosts(1)
	leave := take(t, h, "slow:993")
	for range 1000 {
		_, err := h.enter(t.Context(), "slow:993", 0)
		is.True(pauseOf(t, err) >= shortestPause)
		is.True(pauseOf(t, err) <= 3*time.Second)
		take(t, h, "other:993")()
	}
	is.Equal(len(h.all), 1)
	leave()
	is.Equal(len(h.all), 0)
	take(t, h, "slow:993")()
}

func TestWhoHasPatienceWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		h := newHosts(1)
		leave := take(t, h, "a:993")
		begun := time.Now()
		_, err := h.enter(t.Context(), "a:993", 5*time.Second)
		is.True(pauseOf(t, err) > 0)
		is.Equal(time.Since(begun), 5*time.Second) // and no longer

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = h.enter(ctx, "a:993", 5*time.Second)
		is.Equal(err, context.DeadlineExceeded) // the caller's own end is nobody's limit

		first := make(chan func())
		go func() {
			leave, err := h.enter(t.Context(), "a:993", 5*time.Second)
			is.NoErr(err)
			first <- leave
		}()
		synctest.Wait()
		leave()
		_, err = h.enter(t.Context(), "a:993", 0)
		is.True(pauseOf(t, err) > 0) // the place is his who waited
		(<-first)()
		is.Equal(len(h.all), 0)
	})
}

func TestCancelledTakesNoPlace(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	h := newHosts(1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 3 {
		_, err := h.enter(ctx, "a:993", time.Hour)
		is.Equal(err, context.Canceled)
	}
	is.Equal(len(h.all), 0)
}

// A server with more mailboxes than can be read in time has its callers come back at the pace at which it serves them.
func TestPauseGrowsWithTheLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		h := newHosts(2)
		keep := take(t, h, "a:993")
		for range 30 { // reads of ten seconds
			leave := take(t, h, "a:993")
			time.Sleep(10 * time.Second)
			leave()
		}
		leave := take(t, h, "a:993")
		for n := 1; n <= 20; n++ {
			_, err := h.enter(t.Context(), "a:993", 0)
			served := time.Duration(n) * 5 * time.Second // two at once
			pause := pauseOf(t, err)
			is.True(pause > served-time.Second && pause <= served*3/2)
		}
		for range 1000 {
			_, err := h.enter(t.Context(), "a:993", 0)
			is.True(pauseOf(t, err) <= longestPause*3/2)
		}
		time.Sleep(2 * longestPause)
		_, err := h.enter(t.Context(), "a:993", 0)
		is.True(pauseOf(t, err) < 10*time.Second) // the line is served
		leave()
		keep()
	})
}

func TestHostKey(t *testing.T) {
	t.Parallel()
	same := key(domain.Mailbox{Host: "imap.example.com", Port: 993})
	for name, c := range map[string]struct {
		m    domain.Mailbox
		same bool
	}{
		"as it is":       {domain.Mailbox{Host: "imap.example.com", Port: 993, User: "another"}, true},
		"capitals":       {domain.Mailbox{Host: "IMAP.Example.COM", Port: 993}, true},
		"from the root":  {domain.Mailbox{Host: "imap.example.com.", Port: 993}, true},
		"another port":   {domain.Mailbox{Host: "imap.example.com", Port: 143}, false},
		"another server": {domain.Mailbox{Host: "imap2.example.com", Port: 993}, false},
		"an IPv6":        {domain.Mailbox{Host: "2001:db8::1", Port: 993}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is.New(t).Equal(key(c.m) == same, c.same)
		})
	}
}
