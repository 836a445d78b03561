package standin_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/standin"
)

func TestBuckets(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t)
	token := s.access(demo, "EU")
	for range 30 {
		is.Equal(s.get(token, orders+"/"+frenchOrder).status, http.StatusOK) // the burst of getOrder
	}
	is.Equal(s.MostRefused(), standin.Refusal{})
	over := s.get(token, orders+"/"+frenchOrder)
	is.Equal(over.status, http.StatusTooManyRequests)
	is.Equal(over.at(t, "errors", 0, "code"), "QuotaExceeded")
	is.Equal(over.header.Get("x-amzn-RateLimit-Limit"), "") // a 429 says nothing of rates
	is.Equal(over.header.Get("x-amzn-ErrorType"), "TooManyRequestsException")
	is.True(over.header.Get("x-amzn-RequestId") != "")
	is.Equal(s.get(token, participations).status, http.StatusOK) // each operation has its own

	s.clock.pass(1999 * time.Millisecond)
	is.Equal(s.get(token, orders+"/"+frenchOrder).status, http.StatusTooManyRequests)
	s.clock.pass(time.Millisecond) // one call every two seconds
	is.Equal(s.get(token, orders+"/"+frenchOrder).status, http.StatusOK)
	is.Equal(s.Calls("getOrder", demo), 33)
	is.Equal(s.Refused("getOrder", ""), 2)
	is.Equal(s.Refused("", demo), 2)
	is.Equal(s.MostRefused(), standin.Refusal{Operation: "getOrder", Seller: demo, Calls: 33, Refused: 2})
}

func TestBucketsOfTwoSellers(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t, func(o *standin.Options) {
		o.More = standin.Crowd(2, start)
		o.Plans = map[string]standin.Plan{"getMarketplaceParticipations": {Rate: 1, Burst: 1}}
	})
	first, second := s.access(standin.CrowdSeller(0), "EU"), s.access(standin.CrowdSeller(1), "EU")
	a := s.get(first, participations)
	is.Equal(a.status, http.StatusOK)
	is.Equal(a.header.Get("x-amzn-RateLimit-Limit"), "1") // the plan that holds
	is.Equal(s.get(first, participations).status, http.StatusTooManyRequests)
	is.Equal(s.get(second, participations).status, http.StatusOK) // another seller is not slowed
}

func TestPlansOfOneSeller(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t, func(o *standin.Options) {
		seller := standin.DemoSeller(start)
		seller.Plans = map[string]standin.Plan{"getOrder": {Rate: 0.25, Burst: 2}}
		o.Sellers = []standin.Seller{seller}
	})
	token := s.access(demo, "EU")
	is.Equal(s.get(token, orders+"/"+frenchOrder).header.Get("x-amzn-RateLimit-Limit"), "0.25")
	is.Equal(s.get(token, orders+"/"+frenchOrder).status, http.StatusOK)
	is.Equal(s.get(token, orders+"/"+frenchOrder).status, http.StatusTooManyRequests)
}

func TestSlack(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t, func(o *standin.Options) {
		o.Slack = 500 * time.Millisecond
		o.Plans = map[string]standin.Plan{"getOrder": {Rate: 1, Burst: 1}}
	})
	token := s.access(demo, "EU")
	s.get(token, orders+"/"+frenchOrder)
	s.clock.pass(400 * time.Millisecond)
	is.Equal(s.get(token, orders+"/"+frenchOrder).status, http.StatusTooManyRequests)
	s.clock.pass(100 * time.Millisecond)
	is.Equal(s.get(token, orders+"/"+frenchOrder).status, http.StatusOK) // half a second early
	s.clock.pass(500 * time.Millisecond)
	is.Equal(s.get(token, orders+"/"+frenchOrder).status, http.StatusTooManyRequests) // and only once
}

func TestPostsAreCounted(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t)
	token := s.access(demo, "EU")
	s.get(token, participations)
	s.call(token, http.MethodPost, s.APIURL("EU")+messaging+frenchOrder+"/messages/unexpectedProblem?marketplaceIds="+fr, `{"text":"hello"}`)
	is.Equal(s.Posts(demo), 1)
	is.Equal(s.Posts(""), 1)
	is.Equal(s.Calls("", ""), 2)
}
