package mail

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"
)

// Who stays takes half of a server's places at most, and says nothing of the pace at which the others become free.
func TestSettlersLeaveRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		h := newHosts(4)
		settle := func() func() {
			leave, err := h.settle(t.Context(), "a:993")
			is.NoErr(err)
			return leave
		}
		first, second := settle(), settle()
		_, err := h.settle(t.Context(), "a:993")
		is.True(pauseOf(t, err) > 0)
		other, err := h.settle(t.Context(), "b:993")
		is.NoErr(err) // another server has places of its own
		other()

		read := take(t, h, "a:993")
		take(t, h, "a:993")()
		time.Sleep(time.Hour)
		first()
		last := settle()
		_, err = h.settle(t.Context(), "a:993")
		is.True(pauseOf(t, err) > 0)
		third := take(t, h, "a:993")
		_, err = h.enter(t.Context(), "a:993", 0)
		is.True(pauseOf(t, err) < 2*shortestPause) // the hour does not count
		for _, leave := range []func(){read, second, last, third} {
			leave()
		}
		is.Equal(len(h.all), 0)
	})
}

func TestReadersMayTakeAllPlaces(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	h := newHosts(2)
	one, two := take(t, h, "a:993"), take(t, h, "a:993")
	_, err := h.settle(t.Context(), "a:993")
	is.True(pauseOf(t, err) > 0)
	one()
	leave, err := h.settle(t.Context(), "a:993")
	is.NoErr(err)
	leave()
	two()

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = h.settle(ctx, "a:993")
	is.Equal(err, context.Canceled)
	is.Equal(len(h.all), 0)
}

func TestArrivals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		counts []uint32 // 0: one is removed
		more   bool
	}{
		"one more":              {[]uint32{4}, true},
		"as many":               {[]uint32{3}, false},
		"fewer":                 {[]uint32{2}, false},
		"one for one removed":   {[]uint32{0, 3}, true},
		"removed, said both":    {[]uint32{0, 2}, false},
		"more than there are":   {[]uint32{0, 0, 0, 0, 0, 1}, true},
		"more, told only once":  {[]uint32{4, 5, 6}, true},
		"nothing but a removal": {[]uint32{0}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newArrivals()
			a.begin(3)
			for _, n := range c.counts {
				if n == 0 {
					a.expunge()
				} else {
					a.exist(n)
				}
			}
			is.New(t).Equal(len(a.more) == 1, c.more)
		})
	}
}
