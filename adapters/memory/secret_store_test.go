package memory_test

import (
	"testing"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/ports/porttest"
)

func TestSecretStore(t *testing.T) {
	t.Parallel()
	porttest.TestSecretStore(t, func(*testing.T) porttest.SecretStoreFixture {
		return porttest.SecretStoreFixture{Store: memory.NewSecretStore()}
	})
}
