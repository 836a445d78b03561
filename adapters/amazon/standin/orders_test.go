package standin_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/standin"
	"github.com/keybuzzio/marketplaces/adapters/amazon/standin/models"
)

const all = "?includedData=BUYER,RECIPIENT,PROCEEDS,CANCELLATION,FULFILLMENT,PACKAGES"

func TestDemoOrders(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t)
	token := s.access(demo, "EU")
	a := s.get(token, orders+"/"+frenchOrder+all)
	is.Equal(a.status, http.StatusOK)
	is.Equal(a.header.Get("x-amzn-RateLimit-Limit"), "0.5")
	is.Equal(a.at(t, "order", "orderId"), frenchOrder)
	is.Equal(a.at(t, "order", "createdTime"), "2026-11-21T12:00:00Z") // by the clock
	is.Equal(a.at(t, "order", "salesChannel"), `{"channelName":"AMAZON","marketplaceId":"`+fr+`","marketplaceName":"Amazon.fr"}`)
	is.Equal(a.at(t, "order", "fulfillment", "fulfilledBy")+" "+a.at(t, "order", "fulfillment", "fulfillmentStatus"), "MERCHANT SHIPPED")
	is.Equal(a.at(t, "order", "proceeds", "grandTotal"), `{"amount":"39.90","currencyCode":"EUR"}`)
	is.Equal(a.at(t, "order", "packages", 0, "carrier"), "Colissimo")
	is.Equal(a.at(t, "order", "buyer", "buyerName"), "Jean Dupont")

	fba := s.get(token, orders+"/"+spanishOrder+all)
	is.Equal(fba.at(t, "order", "fulfillment", "fulfilledBy")+fba.at(t, "order", "programs"), `AMAZON["PRIME"]`)
	is.Equal(fba.at(t, "order", "packages")+fba.at(t, "order", "buyer"), "nullnull") // Amazon ships: the seller is not told where to
	is.Equal(s.get(token, orders+"/"+britishOrder+all).at(t, "order", "proceeds", "grandTotal", "amount"), "31.99")
}

func TestOrdersHoldWhatIsIncluded(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t, func(o *standin.Options) {
		o.Sellers = []standin.Seller{standin.DemoSeller(start)}
		o.Sellers[0].Missing = []standin.Role{standin.RoleDirectToConsumer}
	})
	token := s.access(demo, "EU")
	bare := s.get(token, orders+"/"+frenchOrder)
	for _, name := range []string{"buyer", "recipient", "proceeds", "fulfillment", "packages"} {
		is.Equal(bare.at(t, "order", name), "null") // not asked for
	}
	is.Equal(bare.at(t, "order", "orderItems", 0, "product", "sellerSku"), "LAMPE-CHEVET-CHENE")
	a := s.get(token, orders+"/"+frenchOrder+all)
	is.Equal(a.at(t, "order", "buyer")+a.at(t, "order", "recipient"), "nullnull") // the restricted role is missing
	is.Equal(a.at(t, "order", "fulfillment", "fulfillmentServiceLevel"), "STANDARD")
	is.Equal(s.get(token, orders+"/"+frenchOrder+"?includedData=FULFILLMENT&includedData=PACKAGES").status, http.StatusOK) // repeated is as good
	is.Equal(s.get(token, orders+"/"+frenchOrder+"?includedData=EVERYTHING").status, http.StatusBadRequest)
}

func TestOrdersThatAreNotThere(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t, func(o *standin.Options) { o.More = standin.Crowd(1, start) })
	token := s.access(demo, "EU")
	s.PutOrder(demo, standin.Order{ID: "123-0000000-0000001", MarketplaceID: fr, Created: start.Add(-2*365*24*time.Hour - time.Second)})
	s.PutOrder(demo, standin.Order{ID: "123-0000000-0000002", MarketplaceID: us, Created: start})
	for _, id := range []string{"123-0000000-0000000", standin.CrowdOrder(0), "123-0000000-0000001", "123-0000000-0000002"} {
		a := s.get(token, orders+"/"+id)
		is.Equal(a.status, http.StatusNotFound) // unknown, another seller's, too old, in another region
		is.Equal(a.header.Get("x-amzn-RateLimit-Limit"), "0.5")
	}
	is.Equal(s.get(token, orders+"/123").status, http.StatusBadRequest)
	own := s.get(s.access(standin.CrowdSeller(0), "EU"), orders+"/"+standin.CrowdOrder(0))
	is.Equal(own.at(t, "order", "orderItems", 0, "product", "sellerSku"), standin.CrowdSeller(0)) // carries its seller
}

func TestOrdersOfAnyShape(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t)
	token := s.access(demo, "EU")
	s.PutOrder(demo, standin.Order{ID: frenchOrder, MarketplaceID: fr, Created: start, Status: standin.StatusUnshipped, Replaces: spanishOrder, Items: []standin.Item{
		{ID: "1", Quantity: 3, Shipped: 1, CancelReason: "ORDERED_BY_MISTAKE"},
	}})
	a := s.get(token, orders+"/"+frenchOrder+all)
	is.Equal(a.at(t, "order", "orderItems", 0, "cancellation"), `{"cancellationRequest":{"cancelReason":"ORDERED_BY_MISTAKE","requester":"BUYER"}}`)
	is.Equal(a.at(t, "order", "orderItems", 0, "fulfillment"), `{"quantityFulfilled":1,"quantityUnfulfilled":2}`)
	is.Equal(a.at(t, "order", "associatedOrders"), `[{"associationType":"REPLACEMENT_ORIGINAL_ID","orderId":"`+spanishOrder+`"}]`)
	s.PutOrder(demo, standin.Order{ID: frenchOrder, MarketplaceID: fr, Created: start, Raw: json.RawMessage(`{"orderId":"anything"}`)})
	is.Equal(s.get(token, orders+"/"+frenchOrder).at(t, "order"), `{"orderId":"anything"}`)
}

// What the model does not name no order may hold.
func TestOrdersAreAsTheModelSays(t *testing.T) {
	t.Parallel()
	text, err := models.Files.ReadFile("orders_2026-01-01.json")
	if err != nil {
		t.Fatal(err)
	}
	type schema struct {
		Ref        string `json:"$ref"`
		Items      *schema
		Properties map[string]*schema
		Required   []string
		Enum       []string
	}
	var model struct{ Definitions map[string]*schema }
	if err := json.Unmarshal(text, &model); err != nil {
		t.Fatal(err)
	}
	var check func(at string, s *schema, v any)
	check = func(at string, s *schema, v any) {
		if s == nil {
			t.Fatalf("%s is not in the model", at)
		}
		if s.Ref != "" {
			s = model.Definitions[s.Ref[strings.LastIndex(s.Ref, "/")+1:]]
		}
		switch v := v.(type) {
		case map[string]any:
			for _, name := range s.Required {
				if _, ok := v[name]; !ok {
					t.Errorf("%s lacks %s", at, name)
				}
			}
			for name, value := range v {
				check(at+"."+name, s.Properties[name], value)
			}
		case []any:
			for i, value := range v {
				check(fmt.Sprint(at, i), s.Items, value)
			}
		case string:
			if len(s.Enum) > 0 && !slices.Contains(s.Enum, v) {
				t.Errorf("%s is %s", at, v)
			}
		}
	}
	s := set(t)
	token := s.access(demo, "EU")
	for _, id := range []string{frenchOrder, spanishOrder, britishOrder} {
		var answer any
		if err := json.Unmarshal([]byte(s.get(token, orders+"/"+id+all).text), &answer); err != nil {
			t.Fatal(err)
		}
		check(id, model.Definitions["GetOrderResponse"], answer)
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t, func(o *standin.Options) {
		o.Plans = map[string]standin.Plan{"searchOrders": {Rate: 1, Burst: 100}}
	})
	token := s.access(demo, "EU")
	find := func(query string) said { return s.get(token, orders+"?"+query) }
	ids := func(a said) (ids []string) {
		for i := 0; a.at(t, "orders", i) != ""; i++ {
			ids = append(ids, a.at(t, "orders", i, "orderId"))
		}
		return ids
	}
	const after = "createdAfter=2026-11-01T00:00:00Z"
	is.Equal(ids(find(after)), []string{frenchOrder, britishOrder, spanishOrder}) // the oldest first
	is.Equal(find(after).at(t, "createdBefore"), "2026-11-29T11:58:00Z")
	is.Equal(ids(find("lastUpdatedAfter=2026-11-01T00:00:00Z")), []string{frenchOrder, spanishOrder, britishOrder})
	is.Equal(ids(find(after+"&marketplaceIds="+es+","+gb)), []string{britishOrder, spanishOrder})
	is.Equal(ids(find(after+"&fulfilledBy=AMAZON")), []string{spanishOrder})
	is.Equal(ids(find(after+"&fulfillmentStatuses=UNSHIPPED")), nil)
	is.Equal(ids(find(after+"&createdBefore=2026-11-22T00:00:00Z")), []string{frenchOrder})
	is.Equal(find(after+"&fulfillmentStatuses=UNSHIPPED").at(t, "orders"), "[]") // an empty list is a list

	first := find(after + "&maxResultsPerPage=2")
	next := first.at(t, "pagination", "nextToken")
	is.Equal(ids(first), []string{frenchOrder, britishOrder})
	s.PutOrder(demo, standin.Order{ID: "123-0000000-0000003", MarketplaceID: fr, Created: start.Add(-10 * 24 * time.Hour)})
	last := find(after + "&maxResultsPerPage=2&paginationToken=" + url.QueryEscape(next))
	is.Equal(ids(last), []string{spanishOrder}) // what came before the page in the meantime shifts nothing
	is.Equal(last.at(t, "pagination"), "null")
	for name, query := range map[string]string{
		"other parameters":    after + "&maxResultsPerPage=3&paginationToken=" + url.QueryEscape(next),
		"invented token":      after + "&maxResultsPerPage=2&paginationToken=page",
		"no time":             "marketplaceIds=" + fr,
		"two times":           after + "&lastUpdatedAfter=2026-11-01T00:00:00Z",
		"mixed times":         after + "&lastUpdatedBefore=2026-11-02T00:00:00Z",
		"not two minutes ago": after + "&createdBefore=2026-11-29T11:59:00Z",
		"before after":        after + "&createdBefore=2026-10-29T00:00:00Z",
		"no time at all":      "createdAfter=yesterday",
		"101 a page":          after + "&maxResultsPerPage=101",
		"51 marketplaces":     after + "&marketplaceIds=" + strings.Repeat(fr+",", 51),
	} {
		a := find(query)
		is.Equal([]any{name, a.status}, []any{name, http.StatusBadRequest})
	}
	s.clock.pass(24*time.Hour + time.Second)
	token = s.access(demo, "EU")
	is.Equal(find(after+"&maxResultsPerPage=2&paginationToken="+url.QueryEscape(next)).status, http.StatusBadRequest) // a page is for a day
}
