package spapi_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/spapi"
	"github.com/keybuzzio/marketplaces/adapters/amazon/standin"
	"github.com/keybuzzio/marketplaces/domain"
)

// leftOut are what our types deliberately do not hold of Amazon's answers, by the names on the way there, [] being each item
// of a list.
var leftOut = map[string][]string{
	"getOrder":     orderLeftOut("order"),
	"searchOrders": orderLeftOut("orders.[]"),
	"getMessagingActionsForOrder": {
		"_embedded", // the forms of the messages, which nobody fills in yet
	},
}

func orderLeftOut(at string) []string {
	var all []string
	for _, name := range []string{
		// the buyer, and where the buyer is: nothing of that is kept, and we do not ask for it
		"buyer", "recipient", "tax", "orderItems.[].fulfillment.packing", "orderItems.[].fulfillment.shipping",
		// money: no ticket shows it
		"proceeds", "payment", "orderItems.[].proceeds", "orderItems.[].expense", "orderItems.[].promotion", "orderItems.[].tax",
		"orderItems.[].product.price",
		// about the goods and the warehouse, of no use in a ticket
		"orderItems.[].product.condition", "orderItems.[].product.serialNumbers", "orderItems.[].product.customization",
		"orderItems.[].measurement", "orderItems.[].programs", "orderItems.[].fulfillment.picking", "fulfillment.labelPrintingWindow",
		"orderItems.[].cancellation.cancellationExecution", "packages.[].shipFromAddress", "packages.[].packageItems", "fulfillmentOrders",
		// ties to other orders
		"associatedOrders", "orderItems.[].associatedOrderItems",
	} {
		all = append(all, at+"."+name)
	}
	return all
}

// without returns a document with what is left out taken away.
func without(v any, paths []string, at string) any {
	join := func(name string) string { return strings.TrimPrefix(at+"."+name, ".") }
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, inner := range v {
			if !slices.Contains(paths, join(name)) {
				out[name] = without(inner, paths, join(name))
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = without(inner, paths, join("[]"))
		}
		return out
	}
	return v
}

// used are the operations that the client has, and how many cases Amazon's models have of each.
var used = map[string]int{
	"getOrder": 4, "searchOrders": 4, "getMarketplaceParticipations": 1, "getMessagingActionsForOrder": 2, "GetAttributes": 2,
	"createRestrictedDataToken": 3, "getDestinations": 1, "createDestination": 1, "getSubscription": 1, "createSubscription": 1,
	"deleteSubscriptionById": 1,
}

func TestAmazonsOwnCases(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for c := range standin.Cases() {
		if used[c.Operation] == 0 || c.API == "ordersV0" {
			continue
		}
		seen[c.Operation]++
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			contract(t, c)
		})
	}
	is.New(t).True(maps.Equal(seen, used)) // no case is left out
}

// contract asks what a case is asked with, and checks the request on the wire and the reading of the answer.
func contract(t *testing.T, c standin.Case) {
	is := is.New(t)
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/auth/o2/token" {
			_, _ = io.WriteString(w, `{"access_token":"Atza|case","token_type":"bearer","expires_in":3600}`)
			return
		}
		asked++
		body, _ := io.ReadAll(r.Body)
		for _, wrong := range mismatches(c, r, body) {
			t.Error(wrong)
		}
		w.WriteHeader(c.Status)
		_, _ = w.Write(c.Response)
	}))
	defer server.Close()
	s := open(t, newAmazon(), server.URL, nil)
	got, err := ask(t, s, c)
	is.Equal(asked, 1)
	if c.Status >= 400 {
		f := failure(t, err)
		is.Equal(f.Status, c.Status)
		is.Equal(f.Reason, spapi.ReasonRequest)
		is.Equal(domain.KindOf(err), domain.ErrInvalid)
		var body struct{ Errors []struct{ Code string } }
		is.NoErr(json.Unmarshal(c.Response, &body))
		is.Equal(f.Code, body.Errors[0].Code)
		return
	}
	is.NoErr(err)
	if got == nil { // the answer has nothing in it, or is checked by ask
		return
	}
	again, err := json.Marshal(got)
	is.NoErr(err)
	var ours, theirs any
	is.NoErr(json.Unmarshal(again, &ours))
	is.NoErr(json.Unmarshal(c.Response, &theirs))
	is.Equal(ours, without(theirs, leftOut[c.Operation], "")) // read and written again it is the same but for what is left out
}

// mismatches is what a request has otherwise than the case: method, path, the values that choose the answer, and what is
// required.
func mismatches(c standin.Case, r *http.Request, body []byte) (wrong []string) {
	if r.Method != c.Method {
		wrong = append(wrong, "method "+r.Method)
	}
	template, path := strings.Split(c.Path, "/"), strings.Split(strings.TrimPrefix(strings.TrimPrefix(r.URL.EscapedPath(), "/eu"), "/na"), "/")
	if len(template) != len(path) {
		return append(wrong, "path "+r.URL.Path)
	}
	inPath := map[string]string{}
	for i, part := range template {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			inPath[strings.TrimSuffix(name, "}")], _ = url.PathUnescape(path[i])
		} else if part != path[i] {
			wrong = append(wrong, "path "+r.URL.Path)
		}
	}
	known := map[string]bool{}
	for _, p := range c.Parameters {
		known[p.Name] = true
		var have string
		switch p.In {
		case "path":
			have = inPath[p.Name]
		case "query":
			have = r.URL.Query().Get(p.Name)
		case "body":
			have = string(body)
		}
		if p.Required && have == "" {
			wrong = append(wrong, p.Name+" is missing")
		}
		if p.Value != nil && !same(p, have) {
			wrong = append(wrong, p.Name+" is "+have+", not "+string(p.Value))
		}
	}
	for name := range r.URL.Query() {
		if !known[name] {
			wrong = append(wrong, "the model has no "+name)
		}
	}
	if len(body) > 0 && !slices.ContainsFunc(c.Parameters, func(p standin.Parameter) bool { return p.In == "body" }) {
		wrong = append(wrong, "there is a body")
	}
	return wrong
}

// same compares a value on the wire with that of a case: lists stand with commas between their items.
func same(p standin.Parameter, have string) bool {
	var want any
	if json.Unmarshal(p.Value, &want) != nil {
		return false
	}
	switch want := want.(type) {
	case string:
		return have == want
	case []any:
		items := make([]string, len(want))
		for i, item := range want {
			items[i], _ = item.(string)
		}
		return have == strings.Join(items, ",")
	default:
		var got any
		if json.Unmarshal([]byte(have), &got) != nil {
			return false
		}
		a, _ := json.Marshal(got)
		b, _ := json.Marshal(want)
		return string(a) == string(b)
	}
}

// ask makes the call that a case is about.
func ask(t *testing.T, s *stage, c standin.Case) (any, error) {
	t.Helper()
	is, ctx, a := is.New(t), t.Context(), s.seller(t, "case")
	value := func(name string, v any) {
		for _, p := range c.Parameters {
			if p.Name == name && p.Value != nil {
				is.NoErr(json.Unmarshal(p.Value, v))
			}
		}
	}
	var id, since, token string
	var included, marketplaces []string
	var body json.RawMessage
	for name, v := range map[string]any{
		"amazonOrderId": &id, "orderId": &id, "createdAfter": &since, "paginationToken": &token, "includedData": &included,
		"marketplaceIds": &marketplaces, "body": &body,
	} {
		value(name, v)
	}
	switch c.Operation {
	case "getOrder":
		return s.client.AskOrder(ctx, a, id, included)
	case "searchOrders":
		begin, err := time.Parse(time.RFC3339, since)
		if err != nil {
			return s.client.AskOrdersSince(ctx, a, since)
		}
		return s.client.AskOrders(ctx, a, spapi.OrderSearch{CreatedAfter: begin, Marketplaces: marketplaces}, included, token)
	case "getMarketplaceParticipations":
		return s.client.AskParticipations(ctx, a)
	case "getMessagingActionsForOrder", "GetAttributes":
		return s.client.AskMessaging(ctx, a, c.Operation == "GetAttributes", "ATVPDKIKX0DER", id)
	case "createRestrictedDataToken":
		return s.client.AskRestricted(ctx, a, body)
	}
	return nil, askNotifications(t, s, c, a)
}

// askNotifications compares with the answer itself: all that our types of notifications hold.
func askNotifications(t *testing.T, s *stage, c standin.Case, a domain.AuthorizationState) error {
	t.Helper()
	is, ctx := is.New(t), t.Context()
	const queue = "arn:aws:sqs:us-east-2:444455556666:queue1"
	subscription := spapi.Subscription{ID: "TEST_CASE_200_SUBSCRIPTION_ID", Destination: "TEST_CASE_200_DESTINATION_ID"}
	switch c.Operation {
	case "getDestinations":
		all, err := s.client.Destinations(ctx, "EU")
		is.Equal(all, []spapi.Destination{{ID: "TEST_CASE_200", Name: "SQSDestination", ARN: queue}})
		return err
	case "createDestination":
		d, err := s.client.CreateDestination(ctx, "EU", "SQSDestination", queue)
		is.Equal(d, spapi.Destination{ID: "TEST_CASE_200_DESTINATION_ID", Name: "SQSDestination", ARN: queue})
		return err
	case "getSubscription":
		got, err := s.client.OrderChanges(ctx, a)
		is.Equal(got, subscription)
		return err
	case "createSubscription":
		got, err := s.client.SubscribeOrderChanges(ctx, a, "TEST_CASE_200_DESTINATION_ID")
		is.Equal(got, subscription)
		return err
	case "deleteSubscriptionById":
		return s.client.EndOrderChanges(ctx, "EU", "TEST_CASE_200_SUBSCRIPTION_ID")
	}
	t.Fatalf("nobody asks %s", c.Operation)
	return nil
}

// What is left out is left out because it is there: a name that no case has would hide a mistake.
func TestWhatIsLeftOutIsThere(t *testing.T) {
	t.Parallel()
	there := map[string]bool{}
	var walk func(v any, at string)
	walk = func(v any, at string) {
		there[strings.TrimPrefix(at, ".")] = true
		switch v := v.(type) {
		case map[string]any:
			for name, inner := range v {
				walk(inner, at+"."+name)
			}
		case []any:
			for _, inner := range v {
				walk(inner, at+".[]")
			}
		}
	}
	for c := range standin.Cases() {
		var v any
		if c.Status == 200 && leftOut[c.Operation] != nil && json.Unmarshal(c.Response, &v) == nil {
			walk(v, "."+c.Operation)
		}
	}
	// In the models, and in none of their cases.
	silent := []string{"product.customization", "packages.[].packageItems", "cancellation.cancellationExecution", "fulfillment.shipping", "fulfillmentOrders", "_embedded"}
	for operation, paths := range leftOut {
		for _, p := range paths {
			found := there[operation+"."+p] || there["getOrder."+strings.Replace(p, "orders.[]", "order", 1)] ||
				there["searchOrders."+strings.Replace(p, "order.", "orders.[].", 1)]
			if !found && !slices.ContainsFunc(silent, func(end string) bool { return strings.HasSuffix(p, end) }) {
				t.Errorf("%s has no %s", operation, p)
			}
		}
	}
}
