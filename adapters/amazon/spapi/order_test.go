package spapi_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/spapi"
	"github.com/keybuzzio/marketplaces/domain"
)

func testdata(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestOrder(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), play(t)
	a := s.seller(t, "shop")
	s.script(nil, func(int, *http.Request) reply { return reply{status: 200, body: string(testdata(t, "order.json"))} })
	got, err := s.client.Order(t.Context(), a, orderID)
	is.NoErr(err)
	at := func(day, hour, minute, second int) time.Time {
		return time.Date(2026, time.October, day, hour, minute, second, 0, time.UTC)
	}
	is.Equal(got, domain.Order{
		ID: orderID, MarketplaceID: "A13V1IB3VIYZZH", Country: "FR", Status: domain.OrderPartiallyShipped,
		FulfilledBy: domain.FulfilledByMerchant, ServiceLevel: "EXPEDITED", Programs: []string{"PRIME"},
		PlacedAt: at(1, 10, 0, 0), ChangedAt: at(2, 8, 0, 0),
		ShipBy: domain.TimeWindow{From: at(2, 0, 0, 0), To: at(3, 21, 59, 59)}, DeliverBy: domain.TimeWindow{To: at(6, 21, 59, 59)},
		CancelRequested: true,
		Items: []domain.OrderItem{
			{ID: "11", ASIN: "B08C1W5N87", SKU: "LAMP-1", Title: "Lampe de bureau – noire", Quantity: 2, Shipped: 1},
			{ID: "12", ASIN: "B07PFFMP9P", SKU: "BULB", Title: "Ampoule", Quantity: 1, CancelRequested: true, CancelReason: "NO_LONGER_NEEDED"},
		},
		Packages: []domain.OrderPackage{{Carrier: "Colissimo", Tracking: "6A12345678901", Status: "IN_TRANSIT"}},
	})
	is.Equal(s.requests[0].URL.String(), "/eu/orders/2026-01-01/orders/"+orderID+"?includedData=CANCELLATION,FULFILLMENT,PACKAGES")
	kept, err := json.Marshal(got)
	is.NoErr(err)
	for _, private := range []string{"Buyername", "relay-horse", "Secret", "75011", "Joyeux", "Stock"} {
		is.True(!strings.Contains(string(kept), private)) // even when it is sent unasked
	}
	_, err = s.client.Order(t.Context(), a, "SHOP-77")
	is.NoErr(err) // the seller's own number of it
	_, err = s.client.Order(t.Context(), a, "403-7654321-7654321")
	is.True(errors.Is(err, domain.ErrUnavailable)) // the answer is to another question
}

func TestOrdersThatAreNotThere(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), play(t)
	a := s.seller(t, "shop")
	for _, answer := range []reply{refused(404, "NotFound", "", ""), refused(400, "InvalidInput", "Invalid Input", "")} {
		s.script(nil, func(int, *http.Request) reply { return answer })
		_, err := s.client.Order(t.Context(), a, orderID)
		is.Equal(domain.KindOf(err), domain.ErrNotFound) // a wrong number in a mail must not stop the others
		is.Equal(failure(t, err).Status, answer.status)
		is.True(strings.Contains(domain.Message(err), "order"))
	}
	a.Region = "MARS"
	_, err := s.client.Order(t.Context(), a, orderID)
	is.Equal(domain.KindOf(err), domain.ErrInvalid) // which is no word on the order
}

// What does not fit is left out; the rest is shown.
func TestOddOrders(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), play(t)
	a := s.seller(t, "shop")
	for body, check := range map[string]func(domain.Order){
		`{}`:                          func(o domain.Order) { is.Equal(o.Status, domain.OrderStatus("")) },
		`{"createdTime":"yesterday"}`: func(o domain.Order) { is.True(o.PlacedAt.IsZero()) },
		`{"createdTime":17}`:          func(o domain.Order) { is.True(o.PlacedAt.IsZero()) },
		`{"programs":"PRIME"}`:        func(o domain.Order) { is.Equal(len(o.Programs), 0) },
		`{"orderItems":null}`:         func(o domain.Order) { is.Equal(len(o.Items), 0) },
		`{"new":{"field":[1,2]}}`:     func(o domain.Order) { is.Equal(o.ID, orderID) },
		`{"salesChannel":{"marketplaceId":"ANOTHER"}}`:                                                        func(o domain.Order) { is.Equal(o.Country+o.MarketplaceID, "ANOTHER") },
		`{"fulfillment":{"fulfillmentStatus":"BEAMED"}}`:                                                      func(o domain.Order) { is.Equal(o.Status, domain.OrderStatus("BEAMED")) },
		`{"orderItems":[{"quantityOrdered":"2","orderItemId":"7"}]}`:                                          func(o domain.Order) { is.Equal(o.Items[0].ID, "7") },
		`{"orderItems":[{"quantityOrdered":2.5,"orderItemId":"7"}]}`:                                          func(o domain.Order) { is.Equal(o.Items[0].ID, "7") },
		`{"orderItems":[{"product":{"title":"a\u0000b\nc\ud800"}}]}`:                                          func(o domain.Order) { is.Equal(o.Items[0].Title, "abc\ufffd") },
		`{"orderItems":[{"product":{"title":"` + strings.Repeat("é", 5000) + `"}}]}`:                          func(o domain.Order) { is.Equal(len([]rune(o.Items[0].Title)), 1000) },
		`{"orderItems":[{"cancellation":{"cancellationRequest":{"requester":"SELLER","cancelReason":"x"}}}]}`: func(o domain.Order) { is.True(!o.CancelRequested && o.Items[0].CancelReason == "") },
		`{"orderItems":[{"cancellation":{"cancellationRequest":{}}}]}`:                                        func(o domain.Order) { is.True(o.CancelRequested) },
		`{"orderItems":[{"cancellation":{"cancellationExecution":{"cancelledBy":"SELLER"}}}]}`:                func(o domain.Order) { is.True(!o.CancelRequested) },
	} {
		s.script(nil, func(int, *http.Request) reply {
			return reply{status: 200, body: `{"order":` + strings.Replace(strings.Replace(body, "{", `{"orderId":"`+orderID+`",`, 1), ",}", "}", 1) + `}`}
		})
		got, err := s.client.Order(t.Context(), a, orderID)
		is.NoErr(err)
		check(got)
	}
}

func TestOrdersPageByPage(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), play(t)
	a := s.seller(t, "shop")
	s.script(nil, func(n int, _ *http.Request) reply {
		page := map[string]any{"orders": []any{map[string]any{"orderId": fmt.Sprintf("o-%d-a", n)}, map[string]any{"orderId": fmt.Sprintf("o-%d-b", n)}}}
		if n < 2 {
			page["pagination"] = map[string]any{"nextToken": fmt.Sprintf("next+/=%d", n)}
		}
		return jsonReply(200, page)
	})
	search := spapi.OrderSearch{
		Marketplaces: []string{"A13V1IB3VIYZZH", "A1F83G8C2ARO7P"}, UpdatedAfter: time.Date(2026, 10, 1, 12, 0, 0, 0, time.FixedZone("", 3600)),
		UpdatedBefore: time.Date(2026, 10, 2, 0, 0, 0, 0, time.UTC), Statuses: []domain.OrderStatus{domain.OrderUnshipped, domain.OrderShipped},
		FulfilledBy: []domain.Fulfilment{domain.FulfilledByMerchant}, PageSize: 50,
	}
	orders := s.client.Orders(t.Context(), a, search)
	search.Marketplaces[0], search.Statuses[0] = "changed", "CHANGED" // what the caller does later changes no page
	var ids []string
	for o, err := range orders {
		is.NoErr(err)
		ids = append(ids, o.ID)
	}
	is.Equal(ids, []string{"o-0-a", "o-0-b", "o-1-a", "o-1-b", "o-2-a", "o-2-b"})
	const first = "fulfilledBy=MERCHANT&fulfillmentStatuses=UNSHIPPED,SHIPPED&includedData=CANCELLATION,FULFILLMENT,PACKAGES" +
		"&lastUpdatedAfter=2026-10-01T11%3A00%3A00Z&lastUpdatedBefore=2026-10-02T00%3A00%3A00Z" +
		"&marketplaceIds=A13V1IB3VIYZZH,A1F83G8C2ARO7P&maxResultsPerPage=50"
	is.Equal(s.requests[0].URL.RawQuery, first)
	is.Equal(s.requests[1].URL.RawQuery, first+"&paginationToken=next%2B%2F%3D0") // all else is the same
	is.Equal(s.requests[2].URL.RawQuery, first+"&paginationToken=next%2B%2F%3D1")

	for range orders { // whoever has enough stops
		break
	}
	s.script(nil, func(int, *http.Request) reply {
		return reply{status: 200, body: `{"orders":[],"pagination":{"nextToken":"same"}}`}
	})
	var last error
	for _, err := range orders {
		last = err
	}
	is.True(errors.Is(last, domain.ErrUnavailable)) // a page that names itself would go on for ever
	_, requests := s.counts()
	is.Equal(requests, 2)
	s.script(nil, func(int, *http.Request) reply { return refused(403, "Unauthorized", deniedText, "") })
	n := 0
	for _, err := range orders {
		n++
		is.True(errors.Is(err, domain.ErrForbidden))
	}
	is.Equal(n, 1)
}

func TestSearchesThatCannotBe(t *testing.T) {
	t.Parallel()
	s, now := play(t), time.Now()
	a := s.seller(t, "shop")
	for name, search := range map[string]spapi.OrderSearch{
		"no marketplace":       {CreatedAfter: now},
		"too many":             {CreatedAfter: now, Marketplaces: make([]string, 51)},
		"no beginning":         {Marketplaces: []string{"a"}},
		"two beginnings":       {Marketplaces: []string{"a"}, CreatedAfter: now, UpdatedAfter: now},
		"another end":          {Marketplaces: []string{"a"}, CreatedAfter: now, UpdatedBefore: now},
		"another end, too":     {Marketplaces: []string{"a"}, UpdatedAfter: now, CreatedBefore: now},
		"a page of a thousand": {Marketplaces: []string{"a"}, CreatedAfter: now, PageSize: 1000},
	} {
		for _, err := range s.client.Orders(t.Context(), a, search) {
			if !errors.Is(err, domain.ErrInvalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
