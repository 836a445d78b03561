package spapi_test

import (
	"errors"
	"net/http"
	"strconv"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/spapi"
	"github.com/keybuzzio/marketplaces/adapters/amazon/standin"
	"github.com/keybuzzio/marketplaces/domain"
)

func TestParticipations(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), play(t)
	s.script(nil, func(int, *http.Request) reply {
		return reply{status: 200, body: `{"payload":[
			{"marketplace":{"id":"A13V1IB3VIYZZH","countryCode":"FR","name":"Amazon.fr","defaultCurrencyCode":"EUR","defaultLanguageCode":"fr_FR","domainName":"www.amazon.fr"},
			 "storeName":"Lampes & Cie","participation":{"isParticipating":true,"hasSuspendedListings":false}},
			{"marketplace":{"id":"A1F83G8C2ARO7P","countryCode":"GB","name":"Amazon.co.uk","defaultCurrencyCode":"GBP","defaultLanguageCode":"en_GB","domainName":"www.amazon.co.uk"},
			 "storeName":"Lamps","participation":{"isParticipating":false,"hasSuspendedListings":true}},
			{"marketplace":{"id":"A2XZLSVIQ0F4JT","countryCode":"ES","name":"Non-Amazon"},"participation":{"isParticipating":true}},
			{"marketplace":{"id":"AZMDEXL2RVFNN","countryCode":"DE","name":"SI DE Prod Marketplace","domainName":"si-prod-marketplace.stores.amazon.de"},"participation":{"isParticipating":true}},
			{}]}`}
	})
	got, err := s.client.Participations(t.Context(), s.seller(t, "shop"))
	is.NoErr(err)
	is.Equal(got, []domain.Participation{ // those that we know, and no pseudo-marketplaces
		{Region: "EU", MarketplaceID: "A13V1IB3VIYZZH", Country: "FR", Name: "Amazon.fr", StoreName: "Lampes & Cie", Language: "fr-FR", Currency: "EUR", Participating: true},
		{Region: "EU", MarketplaceID: "A1F83G8C2ARO7P", Country: "GB", Name: "Amazon.co.uk", StoreName: "Lamps", Language: "en-GB", Currency: "GBP", Suspended: true},
	})
}

func TestMessageTypes(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), play(t)
	a := s.seller(t, "shop")
	for c := range standin.Cases() {
		if c.Operation == "getMessagingActionsForOrder" && c.Status == 200 {
			s.script(nil, func(int, *http.Request) reply { return reply{status: 200, body: string(c.Response)} })
		}
	}
	got, err := s.client.MessageTypes(t.Context(), a, "ATVPDKIKX0DER", "123-1234567-1234567")
	is.NoErr(err)
	is.Equal(got, []spapi.MessageType{ // without what is gone, and without the attributes, which are no message
		"confirmCustomizationDetails", "confirmDeliveryDetails", "legalDisclosure", "confirmOrderDetails", "confirmServiceDetails",
		"digitalAccessKey", "unexpectedProblem", "warranty",
	})
	is.Equal(s.requests[0].URL.RequestURI(), "/eu/messaging/v1/orders/123-1234567-1234567?marketplaceIds=ATVPDKIKX0DER")
	n := 0
	for body, want := range map[string][]spapi.MessageType{
		`{"_links":{"actions":[]}}`:   nil,
		`{"_links":{"actions":[{}]}}`: nil,
		`{"_links":{"actions":[{"href":"/messaging/v1/orders/1/messages/unexpectedProblem?x=1","name":"other"}]}}`:         {"unexpectedProblem"},
		`{"_links":{"actions":[{"href":"/messaging/v1/orders/1/unexpectedProblem","name":"unexpectedProblem"}]}}`:          nil,
		`{"_links":{"actions":[{"name":"warranty"},{"name":"warranty"},{"name":"amazonMotors"}]}}`:                         {"warranty"},
		`{"_links":{"actions":[{"href":"::bad","name":"invoice"}]},"_embedded":{"actions":[{"_embedded":{"schema":{}}}]}}`: {"invoice"},
	} {
		n++ // a bucket of its own
		s.script(nil, func(int, *http.Request) reply { return reply{status: 200, body: body} })
		got, err := s.client.MessageTypes(t.Context(), s.seller(t, "shop-"+strconv.Itoa(n)), "ATVPDKIKX0DER", orderID)
		is.NoErr(err)
		is.Equal(got, want)
	}
	s.script(nil, func(int, *http.Request) reply {
		return refused(403, "Unauthorized", "Invalid amazonOrderId and template combination.", "")
	})
	_, err = s.client.MessageTypes(t.Context(), a, "ATVPDKIKX0DER", orderID)
	is.True(errors.Is(err, domain.ErrConflict)) // neither ErrForbidden nor ErrRejected: the connection is healthy
	is.Equal(failure(t, err).Reason, spapi.ReasonOrder)
	grants, requests := s.counts()
	is.Equal([]int{grants, requests}, []int{0, 1}) // the token was good
	_, err = s.client.MessageTypes(t.Context(), a, "", orderID)
	is.True(errors.Is(err, domain.ErrInvalid))
}

func TestBuyerLanguage(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), play(t)
	a := s.seller(t, "shop")
	for body, want := range map[string]string{
		`{"buyer":{"locale":"fr-FR"}}`: "fr-FR", `{"buyer":{"locale":"fr_FR"}}`: "fr-FR", `{"buyer":{}}`: "", `{}`: "",
	} {
		s.script(nil, func(int, *http.Request) reply { return reply{status: 200, body: body} })
		got, err := s.client.BuyerLanguage(t.Context(), a, "A13V1IB3VIYZZH", orderID)
		is.NoErr(err)
		is.Equal(got, want)
	}
	is.Equal(s.requests[0].URL.RequestURI(), "/eu/messaging/v1/orders/"+orderID+"/attributes?marketplaceIds=A13V1IB3VIYZZH")
}

func TestRestrictedDataToken(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), play(t)
	a := s.seller(t, "shop")
	s.script(nil, func(int, *http.Request) reply {
		return reply{status: 200, body: `{"restrictedDataToken":"Atz.sprdt|secret","expiresIn":3600}`}
	})
	token, until, err := s.client.RestrictedDataToken(t.Context(), a, []spapi.RestrictedResource{{Method: "GET", Path: "/orders/v0/orders/{orderId}/address"}})
	is.NoErr(err)
	is.Equal(token.Reveal(), "Atz.sprdt|secret")
	is.True(!until.IsZero())
	is.Equal(s.bodies[0], `{"restrictedResources":[{"method":"GET","path":"/orders/v0/orders/{orderId}/address"}]}`)
	_, _, err = s.client.RestrictedDataToken(t.Context(), a, nil)
	is.True(errors.Is(err, domain.ErrInvalid))
}
