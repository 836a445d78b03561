package standin_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/standin"
)

// Each case is the answer to a request that is made of its values.
func TestSandboxAnswersByTheCases(t *testing.T) {
	t.Parallel()
	s := set(t)
	token := s.access(demo, "NA")
	for c := range standin.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			if c.Name == "getAccount 400 #1" {
				return // the model asks it with the very request of the 200 case
			}
			is := is.New(t)
			s.clock.pass(1e9) // of the bucket
			path, query, body := c.Path, url.Values{}, ""
			for _, p := range c.Parameters {
				value := text(p.Value)
				if value == "" && p.Required {
					value = map[string]string{"body": "{}", "query": us}[p.In]
					if p.In == "path" {
						value = "ANY"
					}
				}
				switch {
				case value == "":
				case p.In == "path":
					path = strings.ReplaceAll(path, "{"+p.Name+"}", value)
				case p.In == "query":
					query.Set(p.Name, value)
				default:
					body = value
				}
			}
			a := s.call(token, c.Method, s.SandboxURL("NA")+path+"?"+query.Encode(), body)
			is.Equal(a.status, c.Status)
			var want, have any
			is.NoErr(json.Unmarshal(c.Response, &want))
			is.NoErr(json.Unmarshal([]byte(a.text), &have))
			is.Equal(have, want)
			if c.Status < 300 {
				is.Equal(a.header.Get("x-amzn-RateLimit-Limit"), "5")
			}
		})
	}
}

// text is a value as a request has it.
func text(value json.RawMessage) string {
	var one string
	var list []string
	switch {
	case json.Unmarshal(value, &one) == nil:
		return one
	case json.Unmarshal(value, &list) == nil:
		return strings.Join(list, ",")
	}
	return string(value)
}

func TestSandboxRules(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t)
	token := s.access(demo, "EU")
	get := func(token, path string) said { return s.call(token, http.MethodGet, s.SandboxURL("EU")+path, "") }
	a := get(token, orders+"/"+frenchOrder)
	is.Equal(a.status, http.StatusBadRequest)
	is.Equal(a.at(t, "errors", 0, "message"), "Could not match input arguments")        // no case has it
	is.Equal(get(token, messaging+"123-1234567-1234567").status, http.StatusBadRequest) // marketplaceIds is required all the same
	is.Equal(get("", participations).status, http.StatusForbidden)
	is.Equal(get(s.grantless(), participations).status, http.StatusOK) // no seller's authorization is needed
	for range 14 {
		is.Equal(get(token, participations).status, http.StatusOK)
	}
	is.Equal(get(token, participations).status, http.StatusOK)
	is.Equal(get(token, participations).status, http.StatusTooManyRequests) // 15 at once
	is.Equal(s.Calls("sandbox.getMarketplaceParticipations", demo), 16)
	is.Equal(s.call(s.grantless(), http.MethodPost, s.SandboxURL("EU")+notifications+"/subscriptions/ORDER_CHANGE/testNotification", `{"payloadVersion":"1.0"}`).status, http.StatusOK)
}
