package httpapi_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

const addresses = "/api/v1/marketplaces/amazon/inbound-addresses"

// address makes sure that tenant t1 has an address for a country.
func (s *stage) address(t testing.TB, country string, change ...func(*http.Request)) map[string]any {
	t.Helper()
	a := s.call(t, http.MethodPost, addresses, `{"country":"`+country+`"}`, change...)
	if a.Code != http.StatusCreated && a.Code != http.StatusOK {
		t.Fatal(a.Code, a.Body)
	}
	return a.json()
}

func TestTheLifeOfAnAddress(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	is.Equal(s.get(t, addresses).Body.String(), `{"data":[]}`+"\n")
	first := s.call(t, http.MethodPost, addresses, `{"country":"fr"}`)
	is.Equal(first.Code, http.StatusCreated)
	a := first.json()
	is.Equal(a["country"], "FR")
	is.Equal(a["status"], "PENDING")
	is.True(regexp.MustCompile(`^amazon\.t1\.fr\.[a-z2-7]{20}@inbound\.example\.com$`).MatchString(a["address"].(string)))
	is.Equal(s.get(t, status).json()["status"], "PENDING") // the connection came to be
	again := s.call(t, http.MethodPost, addresses, `{"country":"FR"}`)
	is.Equal(again.Code, http.StatusOK)
	is.Equal(again.json(), a)
	is.Equal(s.address(t, "UK")["country"], "GB")
	is.Equal(len(s.get(t, addresses).data()), 2)
	is.Equal(len(s.get(t, addresses, as(t, "t2")).data()), 0)

	path := addresses + "/" + a["id"].(string)
	retired := s.post(t, path+"/retire").json()
	is.Equal(retired["status"], "RETIRED")
	is.True(retired["retiredAt"] != nil)
	is.Equal(s.post(t, path+"/retire").json(), retired) // again: harmless
	is.Equal(s.post(t, path+"/validation").Code, http.StatusConflict)
	next := s.call(t, http.MethodPost, addresses, `{"country":"FR"}`)
	is.Equal(next.Code, http.StatusCreated)
	is.True(next.json()["address"] != a["address"]) // a retired one never comes back
	is.Equal(len(s.get(t, addresses).data()), 3)

	s.post(t, disconnect)
	for _, row := range s.get(t, addresses).data() {
		is.Equal(row["status"], "RETIRED")
	}
}

func TestTryingAnAddressOut(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	a := s.address(t, "FR")
	path := addresses + "/" + a["id"].(string) + "/validation"
	v := s.post(t, path).json()
	is.Equal(v["subject"], "KEYBUZZ-VALIDATION-"+v["code"].(string))
	is.Equal(v["address"], a["address"])
	is.Equal(v["expiresAt"], "2026-10-03T12:00:00Z")
	is.True(strings.Contains(v["instructions"].(string), v["subject"].(string)))
	old := v["code"].(string)
	v = s.post(t, path).json()
	is.True(v["code"] != old) // replaced

	to := a["address"].(string)
	for code, want := range map[string]string{old: "PENDING", "": "PENDING", v["code"].(string): "VALIDATED"} {
		if want == "VALIDATED" {
			continue
		}
		s.source.today["mail "+code] = domain.InboundMessage{Kind: domain.KindValidation, Code: code, ExternalID: "v" + code, ReceivedAt: noon}
		is.Equal(s.push(t, to, "mail "+code).Code, http.StatusOK)
		is.Equal(s.get(t, addresses).data()[0]["status"], want)
	}
	s.source.today["right"] = domain.InboundMessage{Kind: domain.KindValidation, Code: v["code"].(string), ExternalID: "v", ReceivedAt: noon}
	is.Equal(s.push(t, to, "right").Code, http.StatusOK)
	row := s.get(t, addresses).data()[0]
	is.Equal(row["status"], "VALIDATED")
	is.Equal(row["validatedBy"], "code")
	is.Equal(s.post(t, path).Code, http.StatusConflict) // nothing to prove any more
	is.Equal(len(s.get(t, "/api/v1/tickets").data()), 0)
}

func TestAddressesOfOthersDoNotExist(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	id := s.address(t, "FR")["id"].(string)
	for _, what := range []string{"/retire", "/validation"} {
		theirs, none := s.post(t, addresses+"/"+id+what, as(t, "t2")), s.post(t, addresses+"/"+uuid.NewString()+what, as(t, "t2"))
		is.Equal(theirs.Code, http.StatusNotFound)
		is.Equal(theirs.json()["detail"], none.json()["detail"])
		is.Equal(s.post(t, addresses+"/x"+what).Code, http.StatusNotFound)
		is.Equal(s.call(t, http.MethodPost, addresses+"/"+id+what, `{"by":"me"}`).Code, http.StatusBadRequest)
	}
	is.Equal(s.get(t, addresses).data()[0]["status"], "PENDING")
	other := s.address(t, "FR", as(t, "t2"))
	is.True(other["id"] != id) // each tenant its own
}

func TestCountriesThatAreRefused(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for name, body := range map[string]string{
		"none":             `{}`,
		"empty":            `{"country":""}`,
		"without a market": `{"country":"AQ"}`,
		"three letters":    `{"country":"FRA"}`,
		"a name":           `{"country":"France"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			a := s.call(t, http.MethodPost, addresses, body)
			is.Equal(a.Code, http.StatusBadRequest)
			is.Equal(a.json()["errors"].([]any)[0].(map[string]any)["field"], "country")
			is.True(strings.Contains(a.json()["detail"].(string), "AE, AU, BE, BR, CA, DE")) // what there is
		})
	}
	t.Run("an unknown field", func(t *testing.T) {
		t.Parallel()
		is.New(t).Equal(s.call(t, http.MethodPost, addresses, `{"country":"FR","tenant":"t2"}`).Code, http.StatusBadRequest)
	})
	t.Run("no body", func(t *testing.T) {
		t.Parallel()
		is.New(t).Equal(s.post(t, addresses).Code, http.StatusBadRequest)
	})
}

func TestAServerWithoutADomainForMail(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t, func(u *setup) { u.host = "" })
	a := s.call(t, http.MethodPost, addresses, `{"country":"FR"}`)
	is.Equal(a.Code, http.StatusForbidden)
	is.True(strings.Contains(a.json()["detail"].(string), "KEYBUZZ_INBOUND_DOMAIN"))
	is.Equal(s.get(t, status).json()["status"], "DISCONNECTED") // nothing was begun

	begun := s.call(t, http.MethodPost, connect, `{"country":"FR"}`)
	is.Equal(begun.Code, http.StatusOK) // a mailbox will do
	_, there := begun.json()["inboundAddress"]
	is.True(!there)
	is.True(strings.Contains(begun.json()["instructions"].(string), "PUT "+mailbox))
}

func TestConnectForACountry(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	_, there := s.post(t, connect).json()["inboundAddress"]
	is.True(!there) // there is no default country
	begun := s.call(t, http.MethodPost, connect, `{"country":"IT"}`).json()
	a := begun["inboundAddress"].(map[string]any)
	is.Equal(a["country"], "IT")
	for _, part := range []string{
		a["address"].(string), "https://sellercentral-europe.amazon.com/notifications/preferences", "Buyer Messages", "Confirmation Notifications",
		"Delivery Failures", "Buyer Opt-out", "Pending Returns", "Claims", "Refunds", "Messaging Permissions", "approved sender",
	} {
		is.True(strings.Contains(begun["instructions"].(string), part))
	}
	is.Equal(s.call(t, http.MethodPost, connect, `{"country":"it"}`).json(), begun) // again: the same

	wrong := s.call(t, http.MethodPost, connect, `{"country":"XX"}`)
	is.Equal(wrong.Code, http.StatusBadRequest)
	is.Equal(wrong.json()["errors"].([]any)[0].(map[string]any)["field"], "country")
	is.Equal(s.call(t, http.MethodPost, connect, `{"colour":"red"}`).Code, http.StatusBadRequest)

	// A mailbox beside the address: pushed mail still comes.
	is.Equal(s.call(t, http.MethodPut, mailbox, goodMailbox).Code, http.StatusOK)
	is.Equal(s.push(t, a["address"].(string), s.pushable("a mail", 1, "a")).json()["outcome"], "stored")
	is.Equal(s.get(t, status).json()["displayName"], "Amazon (imap.example.com)")
}
