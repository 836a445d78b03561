package memory_test

import (
	"testing"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/ports/porttest"
)

func TestRawVault(t *testing.T) {
	t.Parallel()
	porttest.TestRawVault(t, func(*testing.T) porttest.RawVaultFixture {
		return porttest.RawVaultFixture{Vault: memory.NewSourceVault()}
	})
}
