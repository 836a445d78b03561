package porttest

import (
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/ports"
)

// TestClock checks a Clock against its contract. open is called once per subtest.
func TestClock(t *testing.T, open func(t *testing.T) ports.Clock) {
	clockRules.check(t, open)
}

// clockRules are about ports.Clock.
var clockRules = rules[ports.Clock]{
	"the time is in UTC": func(t *testing.T, c ports.Clock) {
		is.New(t).Equal(c.Now().Location(), time.UTC)
	},
	"the time is cut to the microsecond": func(t *testing.T, c ports.Clock) {
		is := is.New(t)
		for range 100 {
			is.Equal(c.Now().Nanosecond()%1000, 0) // so what is stored and what is in hand are equal
		}
	},
	"two readings of one moment are the same value": func(t *testing.T, c ports.Clock) {
		is := is.New(t)
		for range 100 {
			now := c.Now()
			is.Equal(now, now.Round(0)) // no monotonic part that a database would lose
		}
	},
	"time does not go back": func(t *testing.T, c ports.Clock) {
		is := is.New(t)
		last := c.Now()
		for range 10_000 {
			now := c.Now()
			is.True(!now.Before(last))
			last = now
		}
	},
	"many may ask at once": func(t *testing.T, c ports.Clock) {
		is := is.New(t)
		before := c.Now()
		times := make([]time.Time, 8)
		together(len(times), func(i int) error { times[i] = c.Now(); return nil })
		for _, now := range times {
			is.True(!now.Before(before))
		}
	},
}
