package ports

import "time"

// Clock tells the time.
type Clock interface {
	// Now returns the present time in UTC, cut to the microsecond, which is what the database keeps, and without a
	// monotonic part: what is stored and what is in hand are equal.
	Now() time.Time
}

// SystemClock is the machine's clock.
type SystemClock struct{}

// Now implements Clock.
func (SystemClock) Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
