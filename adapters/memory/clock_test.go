package memory_test

import (
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/ports"
	"github.com/keybuzzio/marketplaces/ports/porttest"
)

func TestClock(t *testing.T) {
	t.Parallel()
	porttest.TestClock(t, func(*testing.T) ports.Clock {
		return memory.NewClock(time.Date(2026, time.October, 5, 12, 34, 56, 789012345, time.FixedZone("far", 3600)))
	})
}

func TestClockIsTold(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	noon := time.Date(2026, time.October, 5, 12, 0, 0, 0, time.UTC)
	c := memory.NewClock(noon)
	is.Equal(c.Now(), noon)
	is.Equal(c.Advance(90*time.Second), noon.Add(90*time.Second))
	is.Equal(c.Now(), noon.Add(90*time.Second))
	c.Set(noon.Add(-time.Hour))
	is.Equal(c.Now(), noon.Add(-time.Hour)) // back too
}
