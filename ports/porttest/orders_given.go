package porttest

import (
	"context"
	"testing"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// fullOrder has every field set.
func fullOrder(id string) domain.Order {
	return domain.Order{
		ID: id, MarketplaceID: "A13V1IB3VIYZZH", Country: "FR", Status: domain.OrderPartiallyShipped, FulfilledBy: domain.FulfilledByMerchant,
		ServiceLevel: awkward, Programs: []string{"PRIME", awkward}, PlacedAt: minute(1), ChangedAt: minute(2),
		ShipBy: domain.TimeWindow{From: minute(3), To: minute(4)}, DeliverBy: domain.TimeWindow{To: minute(5)}, CancelRequested: true,
		Items: []domain.OrderItem{
			{ID: "1", ASIN: "B000000001", SKU: "sku", Title: awkward, Quantity: 3, Shipped: 2, CancelRequested: true, CancelReason: awkward},
			{ID: awkward},
		},
		Packages: []domain.OrderPackage{{Carrier: awkward, Tracking: "1Z", Status: "IN_TRANSIT"}, {}},
	}
}

// want asks for orders of c in an Update that must succeed.
func (f RepositoryFixture) want(t *testing.T, c domain.ConnectionState, freshFor time.Duration, now time.Time, wanted ...domain.OrderRequest) (due int) {
	t.Helper()
	f.update(t, c.Tenant, func(ctx context.Context, tx ports.Tx) (err error) {
		due, err = tx.Orders.Enqueue(ctx, c.ID, wanted, freshFor, now)
		return err
	})
	return due
}

// kept stores what is known of an order of c, and returns it.
func (f RepositoryFixture) kept(t *testing.T, c domain.ConnectionState, id string, changes ...func(*domain.OrderContext)) (o domain.OrderContext) {
	t.Helper()
	f.want(t, c, 0, start, domain.OrderRequest{OrderID: id})
	o = f.order(t, c, id)
	for _, change := range changes {
		change(&o)
	}
	f.update(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error { return tx.Orders.Save(ctx, o) })
	return o
}

// order is what is kept of an order.
func (f RepositoryFixture) order(t *testing.T, c domain.ConnectionState, id string) (o domain.OrderContext) {
	t.Helper()
	f.view(t, c.Tenant, func(ctx context.Context, tx ports.Tx) (err error) {
		o, err = tx.Orders.Get(ctx, c.ID, id)
		return err
	})
	return o
}

// due are the ids of the orders of c that are due, in their order, and when the next one is.
func (f RepositoryFixture) due(t *testing.T, c domain.ConnectionState, now time.Time, limit int) (ids []string, next time.Time) {
	t.Helper()
	f.view(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
		all, err := tx.Orders.Due(ctx, c.ID, now, limit)
		for _, o := range all {
			ids = append(ids, o.OrderID)
		}
		if err == nil {
			next, err = tx.Orders.NextDue(ctx, c.ID)
		}
		return err
	})
	return ids, next
}
