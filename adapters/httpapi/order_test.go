package httpapi_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

const orderID = "123-4567890-1234567"

// anOrder says all that an order can say.
var anOrder = domain.Order{
	ID: orderID, MarketplaceID: "A13V1IB3VIYZZH", Country: "FR", Status: domain.OrderShipped, FulfilledBy: domain.FulfilledByMerchant,
	ServiceLevel: "STANDARD", Programs: []string{"PRIME"}, PlacedAt: noon.Add(-48 * time.Hour), ChangedAt: noon.Add(-time.Hour),
	ShipBy: domain.TimeWindow{From: noon.Add(-24 * time.Hour), To: noon}, DeliverBy: domain.TimeWindow{To: noon.Add(72 * time.Hour)}, CancelRequested: true,
	Items:    []domain.OrderItem{{ID: "1", ASIN: "B0EXAMPLE1", SKU: "SKU-1", Title: "Lampe <chêne>", Quantity: 2, Shipped: 1, CancelRequested: true, CancelReason: "ORDERED_BY_MISTAKE"}},
	Packages: []domain.OrderPackage{{Carrier: "Colissimo", Tracking: "6A1", Status: "IN_TRANSIT"}},
}

// ticket has a tenant get a ticket about an order, "" for none, and returns its path.
func (s *stage) ticket(t testing.TB, tenant, order string) string {
	t.Helper()
	m := message(1, "a")
	m.OrderID = order
	s.source.messages = []domain.InboundMessage{m}
	s.call(t, http.MethodPut, mailbox, goodMailbox, as(t, tenant))
	if a := s.post(t, poll, as(t, tenant)); a.Code != http.StatusOK {
		t.Fatalf("not polled: %d %s", a.Code, a.Body)
	}
	return "/api/v1/tickets/" + s.get(t, "/api/v1/tickets", as(t, tenant)).data()[0]["id"].(string)
}

func TestTheOrderOfATicket(t *testing.T) {
	t.Parallel()
	api := newAmazon()
	api.orders[orderID] = anOrder
	is, s := is.New(t), newStage(t, withAmazon(api))
	path := s.ticket(t, "t1", orderID)
	is.Equal(s.get(t, path+"/order").json(), map[string]any{
		"orderId": orderID, "authorized": false, "state": "WANTED", "reason": "the seller has not authorized us to ask for orders", "fetchedAt": nil, "stale": false, "order": nil,
	})
	is.Equal(s.post(t, path+"/order/refresh").Code, http.StatusConflict) // nobody may ask

	s.connected(t, "t1") // the orders of recent tickets are asked for
	s.turn(t, "t1")
	context := s.get(t, path+"/order").json()
	is.Equal(context["state"], "FETCHED")
	is.Equal(context["authorized"], true)
	is.Equal(context["fetchedAt"], "2026-10-02T12:00:00Z")
	is.Equal(context["order"], map[string]any{
		"id": orderID, "marketplaceId": "A13V1IB3VIYZZH", "country": "FR", "status": "SHIPPED", "fulfilledBy": "MERCHANT", "fulfilment": "FBM",
		"serviceLevel": "STANDARD", "programs": []any{"PRIME"}, "placedAt": "2026-09-29T12:00:00Z", "changedAt": "2026-10-01T11:00:00Z",
		"shipBy":    map[string]any{"from": "2026-09-30T12:00:00Z", "to": "2026-10-01T12:00:00Z"},
		"deliverBy": map[string]any{"from": nil, "to": "2026-10-04T12:00:00Z"}, "cancelRequested": true,
		"items": []any{map[string]any{
			"id": "1", "asin": "B0EXAMPLE1", "sku": "SKU-1", "title": "Lampe <chêne>", "quantity": 2.0, "shipped": 1.0, "cancelRequested": true,
			"cancelReason": "ORDERED_BY_MISTAKE",
		}},
		"packages": []any{map[string]any{"carrier": "Colissimo", "tracking": "6A1", "status": "IN_TRANSIT"}},
	})

	is.Equal(s.get(t, path+"/order", as(t, "t2")).Code, http.StatusNotFound) // another tenant's ticket does not exist
	is.Equal(s.post(t, path+"/order/refresh", as(t, "t2")).Code, http.StatusNotFound)
	is.Equal(s.get(t, "/api/v1/tickets/"+uuid.NewString()+"/order").Code, http.StatusNotFound)
	is.Equal(s.get(t, "/api/v1/tickets/x/order").Code, http.StatusNotFound)
	is.Equal(s.call(t, http.MethodPost, path+"/order/refresh", `{"force":true}`).Code, http.StatusBadRequest)
}

func TestAnOrderIsAskedForAgain(t *testing.T) {
	t.Parallel()
	api := newAmazon()
	api.orders[orderID] = anOrder
	is, s := is.New(t), newStage(t, withAmazon(api))
	path := s.ticket(t, "t1", orderID)
	s.connected(t, "t1")
	s.turn(t, "t1")

	changed := anOrder
	changed.Status, changed.FulfilledBy, changed.Programs, changed.Items, changed.Packages = domain.OrderCancelled, "SOMEBODY", nil, nil, nil
	api.orders[orderID] = changed
	s.clock.Advance(2 * time.Minute)
	for range 2 { // twice is harmless
		a := s.post(t, path+"/order/refresh")
		is.Equal(a.Code, http.StatusAccepted)
		is.Equal(a.json()["order"].(map[string]any)["status"], "SHIPPED") // as it was
	}
	s.turn(t, "t1")
	order := s.get(t, path+"/order").json()["order"].(map[string]any)
	is.Equal(order["status"], "CANCELLED")
	is.Equal(order["fulfilment"], nil) // sellers have no word for it
	is.Equal([]any{order["programs"], order["items"], order["packages"]}, []any{[]any{}, []any{}, []any{}})
}

func TestOrdersThatCannotBeHad(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t, withAmazon(newAmazon()))
	path := s.ticket(t, "t1", orderID)
	s.connected(t, "t1")
	s.turn(t, "t1")
	a := s.get(t, path+"/order").json()
	is.Equal([]any{a["state"], a["reason"], a["order"], a["stale"]}, []any{"NOT_FOUND", "Amazon does not know this order", nil, false})

	none := s.ticket(t, "t2", "")
	is.Equal(s.get(t, none+"/order", as(t, "t2")).json(), map[string]any{
		"orderId": nil, "authorized": false, "state": "NONE", "reason": nil, "fetchedAt": nil, "stale": false, "order": nil,
	})
	is.Equal(s.post(t, none+"/order/refresh", as(t, "t2")).Code, http.StatusConflict)
	is.Equal(s.get(t, none, as(t, "t2")).Code, http.StatusOK) // the ticket is usable all the same
}
