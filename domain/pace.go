package domain

import (
	"math/rand/v2"
	"time"
)

// Pace says when a connection is polled next. It decides alone, from what is stored, so that any process comes to the same
// answer but for the jitter.
type Pace struct {
	Interval time.Duration // from a good poll to the next while messages come; more than 0
}

// The bounds of a Pace.
const (
	// IdleFactor bounds how much less often an idle mailbox is polled: so many intervals lie between two polls at most.
	IdleFactor = 5
	// MaxBackoff is the longest pause after failures, and MaxRetryAfter the longest that another side is believed to want.
	MaxBackoff    = 15 * time.Minute
	MaxRetryAfter = time.Hour
	// Jitter is the part of a pause by which it is made longer or shorter at random, so that connections that once met do
	// not beat together.
	Jitter = 0.1
	// idleAfter is what part of the time since the last message a pause may be: an hour without one is worth a minute.
	idleAfter = 60
)

// AfterSuccess is the pause after a poll that read the source to its end: one interval while messages come, growing to
// IdleFactor intervals with quiet, the time since the last one (or since the connection was made). The first message
// after that brings it back to one.
func (p Pace) AfterSuccess(quiet time.Duration) time.Duration {
	return jittered(min(max(p.Interval, quiet/idleAfter), IdleFactor*p.Interval))
}

// AfterFailure is the pause after so many polls in a row failed for now: an interval, doubled with each, up to MaxBackoff
// (or the interval, if that is longer). retryAfter, which the other side asked for, is honoured up to MaxRetryAfter.
func (p Pace) AfterFailure(failures int, retryAfter time.Duration) time.Duration {
	longest := max(MaxBackoff, p.Interval)
	pause := p.Interval
	for range failures - 1 {
		if pause *= 2; pause >= longest {
			pause = longest
			break
		}
	}
	if asked := min(retryAfter, MaxRetryAfter); asked > pause {
		return later(asked)
	}
	return jittered(pause)
}

// AfterThrottling is the pause after a limit of our own put the poll off: what it said, a little longer.
func (p Pace) AfterThrottling(retryAfter time.Duration) time.Duration {
	return later(min(max(retryAfter, time.Second), MaxRetryAfter))
}

// Longest is longer than every pause that p gives. A poll that is due later than that was put off by a broken clock.
func (p Pace) Longest() time.Duration {
	return 2 * max(MaxRetryAfter, IdleFactor*p.Interval)
}

// later adds jitter only: what somebody asked for is never undercut.
func later(asked time.Duration) time.Duration {
	return asked + time.Duration(rand.Float64()*Jitter*float64(asked))
}

func jittered(pause time.Duration) time.Duration {
	return time.Duration(float64(pause) * (1 - Jitter + 2*Jitter*rand.Float64()))
}
