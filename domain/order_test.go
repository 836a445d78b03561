package domain_test

import (
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

func TestOrdersAreAskedForAgainUntilTheyRest(t *testing.T) {
	t.Parallel()
	promised := domain.TimeWindow{To: noon.Add(2 * day)}
	for name, c := range map[string]struct {
		order domain.Order
		now   time.Time
		want  time.Duration // 0: not any more
	}{
		"not shipped":                     {domain.Order{Status: domain.OrderUnshipped, PlacedAt: noon}, noon, 2 * time.Hour},
		"on its way":                      {domain.Order{Status: domain.OrderShipped, PlacedAt: noon, DeliverBy: promised}, noon, 12 * time.Hour},
		"shipped without a promise":       {domain.Order{Status: domain.OrderShipped, PlacedAt: noon}, noon, 12 * time.Hour},
		"long there":                      {domain.Order{Status: domain.OrderShipped, PlacedAt: noon, DeliverBy: promised}, noon.Add(6 * day), 0},
		"cancelled":                       {domain.Order{Status: domain.OrderCancelled, PlacedAt: noon}, noon, 0},
		"that cannot be had":              {domain.Order{Status: domain.OrderUnfulfillable, PlacedAt: noon}, noon, 0},
		"not shipped for a quarter":       {domain.Order{Status: domain.OrderUnshipped, PlacedAt: noon}, noon.Add(91 * day), 0},
		"in a state that nobody has seen": {domain.Order{Status: "TELEPORTED", PlacedAt: noon}, noon, 2 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			o := domain.OrderContext{Failures: 3, Reason: "away"}
			o.Fetched(c.order, c.now)
			is.Equal([]any{o.Outcome, o.Failures, o.Reason, o.FetchedAt}, []any{domain.OrderFetched, 0, "", c.now})
			if c.want == 0 {
				is.True(o.DueAt.IsZero())
				is.True(!o.Stale(c.now.Add(1000 * day)))
				return
			}
			is.Equal(o.DueAt.Sub(c.now), c.want)
			is.True(o.Stale(o.DueAt.Add(time.Second)))
		})
	}
}

func TestOrdersThatDoNotComeSayWhy(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	order := domain.Order{ID: "o1", Status: domain.OrderUnshipped, PlacedAt: noon}
	var o domain.OrderContext
	o.Fetched(order, noon)
	o.Missed(domain.Errorf(domain.ErrUnavailable, "Amazon is away"), time.Minute, noon)
	is.Equal([]any{o.Outcome, o.Failures, o.Reason, o.DueAt}, []any{domain.OrderFetched, 1, "Amazon is away", noon.Add(time.Minute)})
	is.Equal(*o.Order, order) // what was known stays
	o.Missed(domain.Errorf(domain.ErrForbidden, "a role is missing"), 0, noon)
	is.Equal([]any{o.Outcome, o.Failures, o.DueAt}, []any{domain.OrderDenied, 0, noon.Add(day)})
	o.Missed(domain.Errorf(domain.ErrNotFound, "unknown"), 0, noon)
	is.Equal(o.Outcome, domain.OrderMissing)
	is.True(o.DueAt.IsZero()) // until somebody asks
	is.Equal(o.Reason, "unknown")
}

func TestWantedOrders(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	is.Equal(domain.OrderRequests([]domain.TicketState{
		{OrderID: "o2", CustomerEmail: "a@marketplace.amazon.fr"}, {OrderID: ""}, {OrderID: "o1"},
		{OrderID: "o3", CustomerEmail: "b@MARKETPLACE.amazon.com"}, {OrderID: "o1", CustomerEmail: "c@marketplace.amazon.co.jp"},
		{OrderID: "o4", CustomerEmail: "d@example.com"},
	}), []domain.OrderRequest{{"o1", "FE"}, {"o2", "EU"}, {"o3", "NA"}, {"o4", ""}}) // each once, where its buyer's address says
}

func TestSellerCentralHosts(t *testing.T) {
	t.Parallel()
	for site := range domain.AmazonSites() {
		region, err := domain.SellerCentralRegion(site.SellerCentral)
		is.New(t).NoErr(err)
		is.New(t).Equal(region, site.Region)
	}
	_, err := domain.SellerCentralRegion("sellercentral.amazon.com.evil.example")
	is.New(t).True(err != nil)
}
