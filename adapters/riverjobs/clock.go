package riverjobs

import (
	"sync/atomic"
	"time"

	"github.com/riverqueue/river/rivertype"
)

// clock tells the database's time, which all workers share: what it was at the last beat, and what has passed since by the
// part of this machine's clock that nobody sets. A machine whose clock is wrong, or is put right, neither forgets its sellers
// nor reads them without a break, whatever part it has in the queue. Safe for concurrent use.
type clock struct{ last atomic.Pointer[reading] }

// reading is the database's time at a moment of this machine's.
type reading struct{ here, there time.Time }

var _ rivertype.TimeGenerator = (*clock)(nil)

// Now implements rivertype.TimeGenerator. Before the first reading it is this machine's time.
func (c *clock) Now() time.Time {
	r := c.last.Load()
	if r == nil {
		return time.Now()
	}
	return r.there.Add(time.Since(r.here))
}

// NowOrNil implements rivertype.TimeGenerator: statements that can do so ask the database itself.
func (c *clock) NowOrNil() *time.Time { return nil }

// read notes that it was there in the database when it was here on this machine. It returns how far the database's clock has
// jumped since the reading before.
func (c *clock) read(here, there time.Time) (jump time.Duration) {
	if before := c.last.Swap(&reading{here, there}); before != nil {
		jump = there.Sub(before.there) - here.Sub(before.here)
	}
	return jump
}
