package spapi_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/spapi"
	"github.com/keybuzzio/marketplaces/domain"
)

const queueARN = "arn:aws:sqs:eu-west-1:444455556666:changes"

func TestADestinationThatIsThereIsFound(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), play(t)
	list := `{"payload":[{"destinationId":"d-1","name":"other","resource":{"eventBridge":{"name":"x"}}},{"destinationId":"d-2","name":"changes","resource":{"sqs":{"arn":"` + queueARN + `"}}}]}`
	s.script(nil, func(_ int, r *http.Request) reply {
		if r.Method == http.MethodPost {
			return refused(409, "Conflict", "The destination exists.", "")
		}
		return reply{status: 200, body: list}
	})
	d, err := s.client.CreateDestination(t.Context(), "EU", "changes", queueARN)
	is.NoErr(err)
	is.Equal(d, spapi.Destination{ID: "d-2", Name: "changes", ARN: queueARN})
	is.Equal(s.bodies[0], `{"name":"changes","resourceSpecification":{"sqs":{"arn":"`+queueARN+`"}}}`)
	_, err = s.client.CreateDestination(t.Context(), "EU", "changes", queueARN+"-2")
	is.True(errors.Is(err, domain.ErrConflict)) // the name is another queue's
}

func TestASubscriptionThatIsThereIsFound(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), play(t)
	a := s.seller(t, "shop")
	s.script(nil, func(_ int, r *http.Request) reply {
		if r.Method == http.MethodPost {
			return refused(409, "Conflict", "", "")
		}
		return reply{status: 200, body: `{"payload":{"subscriptionId":"s-1","payloadVersion":"1.0","destinationId":"d-2"}}`}
	})
	got, err := s.client.SubscribeOrderChanges(t.Context(), a, "d-2")
	is.NoErr(err)
	is.Equal(got, spapi.Subscription{ID: "s-1", Destination: "d-2"})
	is.Equal(s.bodies[0], `{"payloadVersion":"1.0","destinationId":"d-2"}`)
	_, err = s.client.SubscribeOrderChanges(t.Context(), a, "d-3")
	is.True(errors.Is(err, domain.ErrConflict)) // it goes elsewhere
	s.script(nil, func(int, *http.Request) reply { return refused(404, "NotFound", "", "") })
	_, err = s.client.OrderChanges(t.Context(), a)
	is.True(errors.Is(err, domain.ErrNotFound))
	is.NoErr(s.client.EndOrderChanges(t.Context(), "EU", "s-1")) // what is not there is ended
	is.Equal(s.grants[0].Get("scope"), "sellingpartnerapi::notifications")
	is.True(errors.Is(s.client.EndOrderChanges(t.Context(), "EU", ".."), domain.ErrInvalid))
}

// Creating is repeated after 5xx: whoever finds that it worked the first time looks it up.
func TestCreatingIsRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), bubble(t)
		s.script(nil, func(n int, r *http.Request) reply {
			switch {
			case n == 0:
				return reply{status: 503}
			case r.Method == http.MethodPost:
				return refused(409, "Conflict", "", "")
			}
			return reply{status: 200, body: `{"payload":{"subscriptionId":"s-1","destinationId":"d-2"}}`}
		})
		got, err := s.client.SubscribeOrderChanges(t.Context(), s.seller(t, "shop"), "d-2")
		is.NoErr(err)
		is.Equal(got.ID, "s-1")
		withinBuckets(t, s)
	})
}

func TestParseOrderChange(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	body := testdata(t, "order_change.json")
	got, err := spapi.ParseOrderChange(body)
	is.NoErr(err)
	is.Equal(got, spapi.OrderChange{
		NotificationID: "5d9a9c1e-0000-0000-0000-000000000000", SellerID: "A2EXAMPLESELL", OrderID: "403-7654321-1234567",
		MarketplaceID: "A13V1IB3VIYZZH", Status: domain.OrderPartiallyShipped, FulfilledBy: domain.FulfilledByMerchant,
		Reason: "Buyer Requested Cancel", CancelRequested: true, ChangedAt: time.Date(2026, 10, 5, 12, 34, 50, 0, time.UTC),
		PublishedAt: time.Date(2026, 10, 5, 12, 34, 57, 0, time.UTC),
	})
	text := string(body)
	for amazon, ours := range map[string]domain.OrderStatus{
		"Pending": domain.OrderPending, "Canceled": domain.OrderCancelled, "InvoiceUnconfirmed": "INVOICE_UNCONFIRMED", "NewOne": "NEWONE", "": "",
	} {
		got, err := spapi.ParseOrderChange([]byte(strings.Replace(text, "PartiallyShipped", amazon, 1)))
		is.NoErr(err)
		is.Equal(got.Status, ours)
	}
	for name, wrong := range map[string]string{
		"nothing": "", "no JSON": "x", "another list": "[]", "another type": strings.Replace(text, "ORDER_CHANGE", "REPORT_PROCESSING_FINISHED", 1),
		"no id": strings.Replace(text, "NotificationId", "Other", 1), "no seller": strings.Replace(text, "SellerId", "Other", 1),
		"no order": strings.Replace(text, "AmazonOrderId", "Other", 1), "too large": text + strings.Repeat(" ", 1<<20),
	} {
		if _, err := spapi.ParseOrderChange([]byte(wrong)); !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
