package memory_test

import (
	"testing"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/ports"
	"github.com/keybuzzio/marketplaces/ports/porttest"
)

func TestLeases(t *testing.T) {
	t.Parallel()
	porttest.TestLeases(t, func(*testing.T) porttest.LeasesFixture {
		leases := memory.NewLeases()
		return porttest.LeasesFixture{Leases: leases, Again: func(*testing.T) ports.Leases { return leases }}
	})
}
