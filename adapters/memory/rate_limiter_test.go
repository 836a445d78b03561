package memory_test

import (
	"context"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
	"github.com/keybuzzio/marketplaces/ports/porttest"
)

func TestRateLimiter(t *testing.T) {
	t.Parallel()
	porttest.TestRateLimiter(t, func(*testing.T) porttest.RateLimiterFixture {
		store, clock := memory.NewStore(), memory.NewClock(time.Date(2026, time.October, 5, 12, 34, 56, 0, time.UTC))
		return porttest.RateLimiterFixture{
			Limiter: memory.NewRateLimiter(store, clock),
			Connect: func(t *testing.T, tenant domain.TenantID) domain.ConnectionID { return connect(t, store, tenant) },
			Advance: func(_ *testing.T, d time.Duration) { clock.Advance(d) },
		}
	})
}

// connect stores a connection. A tenant may have many: they are disabled.
func connect(t *testing.T, repo ports.Repository, tenant domain.TenantID) domain.ConnectionID {
	t.Helper()
	is := is.New(t)
	c, err := domain.NewConnection(tenant, domain.Amazon, time.Now())
	is.NoErr(err)
	s := c.State()
	s.Status = domain.ConnectionDisabled
	c, err = domain.RestoreConnection(s)
	is.NoErr(err)
	is.NoErr(repo.Update(t.Context(), tenant, func(ctx context.Context, tx ports.Tx) error {
		return tx.Connections.Insert(ctx, c)
	}))
	return s.ID
}
