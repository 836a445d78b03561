package spapi

import (
	"context"
	"math/rand/v2"
	"time"
)

// The bounds of repeating: within one call, so that whoever waits for it is not held up. Who wants more asks again later.
const (
	tries        = 4
	firstPause   = 500 * time.Millisecond // doubled with each try
	longestPause = 5 * time.Second
	callTime     = 30 * time.Second // after which nothing is repeated
)

// backoff is the pause after so many tries, at least half of it and at random beyond, so that many who failed at once do not
// come back at once.
func backoff(try int) time.Duration {
	pause := min(firstPause<<(try-1), longestPause)
	return pause + time.Duration(rand.Int64N(int64(pause)))/2
}

// wait ends after d, or with the error of ctx as soon as that is over.
func wait(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
