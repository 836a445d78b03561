package memory_test

import (
	"testing"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/ports"
	"github.com/keybuzzio/marketplaces/ports/porttest"
)

func TestObjectStore(t *testing.T) {
	t.Parallel()
	porttest.TestObjectStore(t, func(*testing.T) ports.ObjectStore { return memory.NewObjectStore() })
}
