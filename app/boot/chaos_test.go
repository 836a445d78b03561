package boot_test

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// wholeChaos is the long form of the suite: faults last as long as they may in earnest, and have the machine to themselves,
// so that the times are worth something.
var wholeChaos = flag.Bool("chaos", false, "the whole of TestChaos instead of its short form")

// fault is something that befalls the product while it works. do does its harm and returns when the harm is over.
type fault struct {
	name string
	do   func(t *testing.T, s *chaos)
}

// faults befall one product after another, each group one of its own.
var faults = map[string]struct {
	alone bool // on a database server of its own, which the faults are done to
	clock bool // with a clock that can be set
	of    []fault
}{
	"worker stopped": {of: []fault{{"worker stopped, and goes on", stopWorker}}},
	"worker killed":  {of: []fault{{"worker killed", killWorker}}},
	"server": {alone: true, of: []fault{
		{"database restarted", restartPostgres}, {"database killed", killPostgres},
		{"database paused", pausePostgres}, {"disk full", fillDisk},
	}},
	"lines to the database": {of: []fault{{"database lines cut again and again", cutLines}}},
	"other lines":           {of: []fault{{"database 300 ms away", slowLines}, {"mail server lines cut mid-page", cutPages}}},
	"clocks": {clock: true, of: []fault{
		{"workers' clock ahead of the database's by an hour", turnClock(-time.Hour)},
		{"workers' clock behind the database's by an hour", turnClock(2 * time.Hour)},
	}},
}

// Whatever befalls the product while mails arrive: when it is over, each message is there once, every seller is CONNECTED and
// polled by one live job, and no operator has done anything.
func TestChaos(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var table strings.Builder
	run := func(name string) {
		t.Run(name, func(t *testing.T) {
			group := faults[name]
			s := newChaos(t, group.alone, group.clock)
			for _, f := range group.of {
				recovery := s.survive(t, f)
				mu.Lock()
				fmt.Fprintf(&table, "\n%-50s %6.1f s", f.name, recovery.Seconds())
				mu.Unlock()
			}
			s.stopWorkers(t)
		})
	}
	var all sync.WaitGroup
	for _, name := range slices.Sorted(maps.Keys(faults)) {
		if *wholeChaos {
			run(name)
			continue
		}
		all.Go(func() { run(name) }) // they mostly wait, so more may run than there are processors
	}
	all.Wait()
	t.Logf("from the end of the fault until all was stored:%s", table.String())
}

// either is for what differs between the two forms of the suite.
func either[T any](short, whole T) T {
	if *wholeChaos {
		return whole
	}
	return short
}
