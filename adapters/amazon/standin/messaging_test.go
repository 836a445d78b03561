package standin_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/standin"
)

func TestMessagingActions(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t)
	token := s.access(demo, "EU")
	names := func(o standin.Order) string {
		o.ID, o.MarketplaceID, o.Created = "123-0000000-0000004", fr, start.Add(-50*24*time.Hour)
		s.PutOrder(demo, o)
		s.clock.pass(5 * time.Second) // of the bucket
		a := s.get(token, messaging+o.ID+"?marketplaceIds="+fr)
		if a.status != http.StatusOK {
			return a.at(t, "errors", 0, "code") + ": " + a.at(t, "errors", 0, "message")
		}
		is.Equal(a.header.Get("Content-Type"), "application/hal+json")
		is.Equal(a.at(t, "_links", "self", "href"), messaging+o.ID+"?marketplaceIds="+fr)
		var all []string
		for i := 0; a.at(t, "_links", "actions", i) != ""; i++ {
			all = append(all, a.at(t, "_links", "actions", i, "name"))
			is.True(strings.Contains(a.at(t, "_links", "actions", i, "href"), "/"+all[i]+"?marketplaceIds="+fr))
		}
		return strings.Join(all, " ")
	}
	is.Equal(names(standin.Order{Status: standin.StatusUnshipped}), "legalDisclosure attributes")
	is.Equal(names(standin.Order{Status: standin.StatusShipped, Updated: start.Add(-24 * time.Hour)}), "legalDisclosure unexpectedProblem attributes")
	is.Equal(names(standin.Order{Status: standin.StatusShipped, Updated: start.Add(-40 * 24 * time.Hour)}), "Unauthorized: Invalid amazonOrderId and template combination.")
	is.Equal(names(standin.Order{Actions: []string{}}), "attributes") // nothing may be sent
	is.Equal(names(standin.Order{Actions: []string{"invented", "confirmOrderDetails"}}), "invented confirmOrderDetails attributes")
}

func TestMessagingNamesOneMarketplace(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t)
	token := s.access(demo, "EU")
	is.Equal(s.get(token, messaging+frenchOrder).status, http.StatusBadRequest)
	is.Equal(s.get(token, messaging+frenchOrder+"?marketplaceIds="+fr+","+es).status, http.StatusBadRequest)
	is.Equal(s.get(token, messaging+frenchOrder+"?marketplaceIds="+es).status, http.StatusForbidden) // not where it was ordered
	is.Equal(s.get(token, messaging+"123-0000000-0000000?marketplaceIds="+fr).status, http.StatusNotFound)
	a := s.get(token, messaging+frenchOrder+"/attributes?marketplaceIds="+fr)
	is.Equal(a.at(t, "buyer"), `{"locale":"fr-FR"}`)
	is.Equal(s.call(token, http.MethodPost, s.APIURL("EU")+messaging+frenchOrder+"/messages/unexpectedProblem", `{"text":"x"}`).status, http.StatusBadRequest)
}

func TestMessages(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t, func(o *standin.Options) {
		o.Plans = map[string]standin.Plan{}
		for _, op := range []string{"createUnexpectedProblem", "createLegalDisclosure", "CreateWarranty", "createConfirmOrderDetails"} {
			o.Plans[op] = standin.Plan{Rate: 1, Burst: 100}
		}
	})
	token := s.access(demo, "EU")
	send := func(kind, body string) said {
		return s.call(token, http.MethodPost, s.APIURL("EU")+messaging+frenchOrder+"/messages/"+kind+"?marketplaceIds="+fr, body)
	}
	a := send("unexpectedProblem", `{"text":"Bonjour"}`)
	is.Equal(a.status, http.StatusCreated)
	is.Equal(strings.TrimSpace(a.text), "{}")
	a = send("legalDisclosure", `{"attachments":[{"uploadDestinationId":"1","fileName":"cgv.pdf"}]}`)
	is.Equal(a.status, http.StatusCreated)
	is.Equal(s.Messages(), []standin.Message{
		{Seller: demo, Order: frenchOrder, Marketplace: fr, Type: "unexpectedProblem", Text: "Bonjour", At: start},
		{Seller: demo, Order: frenchOrder, Marketplace: fr, Type: "legalDisclosure", Files: []string{"cgv.pdf"}, At: start},
	})
	a = send("confirmOrderDetails", `{"text":"Bonjour"}`) // not on the list
	is.Equal(a.status, http.StatusForbidden)
	is.Equal(a.at(t, "errors", 0, "message"), "Invalid amazonOrderId and template combination.")
	for kind, bodies := range map[string][]string{
		"unexpectedProblem": {`{"text":""}`, `{"text":"` + strings.Repeat("é", 2001) + `"}`, `{"text"`},
		"legalDisclosure":   {`{"text":"Bonjour"}`, `{"attachments":[{"fileName":"cgv.pdf"}]}`},
		"warranty":          {`{"attachments":[{"uploadDestinationId":"1","fileName":"a"}]}`},
	} {
		for _, body := range bodies {
			a = send(kind, body)
			is.Equal([]any{kind, a.status, a.at(t, "errors", 0, "code")}, []any{kind, http.StatusBadRequest, "InvalidInput"})
		}
	}
	is.Equal(send("unexpectedProblem", `{"text":"`+strings.Repeat("é", 2000)+`"}`).status, http.StatusCreated) // characters, not bytes
	is.Equal(len(s.Messages()), 3)
}

func TestMessagingNeedsItsRole(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t, func(o *standin.Options) {
		o.Sellers = []standin.Seller{standin.DemoSeller(start)}
		o.Sellers[0].Missing = []standin.Role{standin.RoleBuyerCommunication}
	})
	token := s.access(demo, "EU")
	a := s.get(token, messaging+frenchOrder+"?marketplaceIds="+fr)
	is.Equal(a.status, http.StatusForbidden)
	is.Equal(a.at(t, "errors", 0, "details"), "")
	is.Equal(s.get(token, orders+"/"+frenchOrder).status, http.StatusOK) // another role opens orders
}
