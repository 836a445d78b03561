package ports

import "time"

// Clock tells the time.
type Clock interface {
	// Now returns the present time in UTC, to the microsecond at least, which is what the database keeps.
	Now() time.Time
}

// SystemClock is the machine's clock.
type SystemClock struct{}

// Now returns the machine's time in UTC, cut to the microsecond so that what is stored and what is in hand are equal.
func (SystemClock) Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
