package memory_test

import (
	"context"
	"fmt"
	"time"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// A store of its own for each test: what one Update stores, a View of the same tenant sees.
func ExampleStore() {
	ctx := context.Background()
	store := memory.NewStore()
	clock := memory.NewClock(time.Date(2026, time.October, 5, 12, 0, 0, 0, time.UTC))
	tenant, _ := domain.ParseTenantID("acme")
	connection, _ := domain.NewConnection(tenant, domain.Amazon, clock.Now())

	err := store.Update(ctx, tenant, func(ctx context.Context, tx ports.Tx) error {
		return tx.Connections.Insert(ctx, connection)
	})
	fmt.Println(err)

	err = store.View(ctx, tenant, func(ctx context.Context, tx ports.Tx) error {
		all, err := tx.Connections.OfType(ctx, domain.Amazon)
		for _, c := range all {
			fmt.Println(c.State().Type, c.State().Status)
		}
		return err
	})
	fmt.Println(err)
	// Output:
	// <nil>
	// AMAZON PENDING
	// <nil>
}
