package porttest_test

import (
	"testing"

	"github.com/keybuzzio/marketplaces/ports"
	"github.com/keybuzzio/marketplaces/ports/porttest"
)

// The machine's clock is the only adapter that package ports has itself.
func TestSystemClock(t *testing.T) {
	t.Parallel()
	porttest.TestClock(t, func(*testing.T) ports.Clock { return ports.SystemClock{} })
}
