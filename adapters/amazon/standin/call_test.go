package standin_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/standin"
)

func TestRequestRules(t *testing.T) {
	t.Parallel()
	s := set(t)
	token := s.access(demo, "EU")
	to := s.APIURL("EU") + participations
	post := s.APIURL("EU") + messaging + frenchOrder + "/messages/unexpectedProblem?marketplaceIds=" + fr
	withBody := func(r *http.Request, body string) *http.Request {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		return r
	}
	for name, c := range map[string]struct {
		request *http.Request
		status  int
	}{
		"as it should be":    {s.signed(token, http.MethodGet, to, ""), http.StatusOK},
		"no user agent":      {s.signed(token, http.MethodGet, to, ""), http.StatusBadRequest},
		"long user agent":    {s.signed(token, http.MethodGet, to, ""), http.StatusBadRequest},
		"GET with a body":    {withBody(s.signed(token, http.MethodGet, to, ""), "{}"), http.StatusBadRequest},
		"POST of no JSON":    {s.signed(token, http.MethodPost, post, "text=hello"), http.StatusUnsupportedMediaType},
		"POST that is large": {s.signed(token, http.MethodPost, post, `{"text":"`+strings.Repeat("x", 1<<20)+`"}`), http.StatusRequestEntityTooLarge},
		"no such path":       {s.signed(token, http.MethodGet, s.APIURL("EU")+"/orders/v0/orders/1", ""), http.StatusForbidden},
		"no such method":     {s.signed(token, http.MethodDelete, to, ""), http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			switch name {
			case "no user agent":
				c.request.Header.Set("User-Agent", "")
			case "long user agent":
				c.request.Header.Set("User-Agent", strings.Repeat("x", 501))
			case "POST of no JSON":
				c.request.Header.Set("Content-Type", "text/plain")
			}
			a := s.do(c.request)
			is.Equal(a.status, c.status)
			is.True(a.header.Get("x-amzn-RequestId") != "") // every answer has one
		})
	}
}

func TestWhatA403Says(t *testing.T) {
	t.Parallel()
	global := standin.Seller{ID: "A2GLOBAL", Name: "Global", Marketplaces: standin.Marketplaces("G", "FR", "US")}
	silent := standin.Seller{ID: "A2SILENT", Name: "Silent", Marketplaces: standin.Marketplaces("S", "FR"), Missing: []standin.Role{standin.RoleInsights}}
	s := set(t, func(o *standin.Options) {
		o.Sellers = []standin.Seller{standin.DemoSeller(start), global, silent}
	})
	const denied = "Access to requested resource is denied."
	to := s.APIURL("EU") + participations
	expired := s.access(demo, "EU")
	s.clock.pass(2 * time.Hour)
	revoked := s.access("A2GLOBAL", "EU")
	s.Revoke("A2GLOBAL", "EU")
	for name, c := range map[string]struct{ token, to, code, message, details string }{
		"no token":          {"", to, "Unauthorized", denied, "Access token is missing in the request header."},
		"garbage":           {"Atza|garbage", to, "Unauthorized", denied, "The access token you provided is revoked, malformed or invalid."},
		"refresh token":     {s.RefreshToken(demo, "EU"), to, "Unauthorized", denied, "The access token you provided is revoked, malformed or invalid."},
		"revoked":           {revoked, to, "Unauthorized", denied, "The access token you provided is revoked, malformed or invalid."},
		"expired":           {expired, to, "Unauthorized", denied, "The access token you provided has expired."},
		"other region":      {s.access("A2GLOBAL", "NA"), to, "Unauthorized", denied, ""},
		"role missing":      {s.access("A2SILENT", "EU"), to, "Unauthorized", denied, ""},
		"grantless":         {s.grantless(), to, "Unauthorized", denied, ""},
		"no such path":      {s.access(demo, "EU"), to + "s", "MissingAuthenticationToken", "Missing Authentication Token", ""},
		"other marketplace": {s.access(demo, "EU"), s.APIURL("EU") + messaging + frenchOrder + "?marketplaceIds=" + us, "Unauthorized", denied, ""},
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			a := s.call(c.token, http.MethodGet, c.to, "")
			is.Equal(a.status, http.StatusForbidden)
			is.Equal([]string{a.at(t, "errors", 0, "code"), a.at(t, "errors", 0, "message"), a.at(t, "errors", 0, "details")}, []string{c.code, c.message, c.details})
			is.Equal(a.header.Get("x-amzn-RateLimit-Limit"), "") // a 403 says nothing of rates
			is.True(a.header.Get("x-amzn-ErrorType") != "")
		})
	}
}

func TestParticipations(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	seller := standin.Seller{ID: "A2SHOP", Name: "Shop", Marketplaces: append(standin.Marketplaces("Shop", "FR", "GB", "US"), standin.PseudoMarketplaces("EU")...)}
	seller.Marketplaces[1].Inactive, seller.Marketplaces[1].Suspended = true, true
	s := set(t, func(o *standin.Options) { o.Sellers = []standin.Seller{seller} })
	a := s.get(s.access("A2SHOP", "EU"), participations)
	is.Equal(a.status, http.StatusOK)
	is.Equal(a.header.Get("x-amzn-RateLimit-Limit"), "0.016")
	is.Equal(a.header.Get("Content-Type"), "application/json")
	is.Equal(a.at(t, "payload", 0), `{"marketplace":{"countryCode":"FR","defaultCurrencyCode":"EUR","defaultLanguageCode":"fr_FR","domainName":"www.amazon.fr","id":"`+fr+
		`","name":"Amazon.fr"},"participation":{"hasSuspendedListings":false,"isParticipating":true},"storeName":"Shop"}`)
	is.Equal(a.at(t, "payload", 1, "marketplace", "countryCode"), "GB") // never UK
	is.Equal(a.at(t, "payload", 1, "participation"), `{"hasSuspendedListings":true,"isParticipating":false}`)
	is.Equal(a.at(t, "payload", 2, "marketplace", "name"), "Non-Amazon") // what no marketplace is
	is.True(strings.Contains(a.at(t, "payload", 3, "marketplace", "domainName"), ".stores.amazon."))
	is.Equal(a.at(t, "payload", 4), "") // the American one is in another region
	na := s.call(s.access("A2SHOP", "NA"), http.MethodGet, s.APIURL("NA")+participations, "")
	is.Equal(na.at(t, "payload", 0, "marketplace", "id"), us)
	is.Equal(s.get(s.access("A2SHOP", "EU"), "/sellers/v1/account").at(t, "payload", "business", "name"), "Shop")
}

func TestTransportStandsForAmazonsHosts(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t)
	client := &http.Client{Transport: s.Transport()}
	r := s.signed(s.access(demo, "EU"), http.MethodGet, "https://sellingpartnerapi-eu.amazon.com"+participations, "")
	a, err := client.Do(r)
	is.NoErr(err)
	_ = a.Body.Close()
	is.Equal(a.StatusCode, http.StatusOK)
	a, err = client.PostForm("https://api.amazon.com/auth/o2/token", nil)
	is.NoErr(err)
	_ = a.Body.Close()
	is.Equal(a.StatusCode, http.StatusBadRequest)
	a, err = client.Get("https://" + europe + "/apps/authorize/consent?version=beta&application_id=" + s.app.ID)
	is.NoErr(err)
	_ = a.Body.Close()
	is.Equal(a.StatusCode, http.StatusOK)
	a, err = client.Get(s.URL() + "/appstore") // any other host is itself
	is.NoErr(err)
	_ = a.Body.Close()
	is.Equal(a.StatusCode, http.StatusOK)
}

// Go's client sends no Content-Length with GET; others do.
func TestGetHasNoContentLength(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t)
	var dialer net.Dialer
	conn, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL(), "http://"))
	is.NoErr(err)
	defer func() { _ = conn.Close() }()
	_, err = fmt.Fprintf(conn, "GET /eu%s HTTP/1.1\r\nHost: amazon.test\r\nUser-Agent: Test/1\r\nX-Amz-Access-Token: %s\r\nContent-Length: 0\r\n\r\n", participations, s.access(demo, "EU"))
	is.NoErr(err)
	a, err := http.ReadResponse(bufio.NewReader(conn), nil)
	is.NoErr(err)
	_ = a.Body.Close()
	is.Equal(a.StatusCode, http.StatusBadRequest)
}
