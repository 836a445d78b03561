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
	"github.com/keybuzzio/marketplaces/ports"
)

const (
	deniedText  = "Access to requested resource is denied."
	revokedText = "The access token you provided is revoked, malformed or invalid."
)

func TestWhatARefusalMeans(t *testing.T) {
	t.Parallel()
	const orders, messages = "orders/2026-01-01/getOrder", "messaging/v1/getMessagingActionsForOrder"
	html := reply{body: "<html><head><title>502 Bad Gateway</title></head></html>"}
	for name, c := range map[string]struct {
		operation string
		status    int
		answer    reply
		reason    spapi.Reason
		kind      error
		outcome   ports.APICallOutcome
	}{
		"revoked":                         {orders, 403, refused(0, "Unauthorized", deniedText, revokedText), spapi.ReasonToken, domain.ErrForbidden, ports.APICallWithdrawn},
		"expired":                         {orders, 403, refused(0, "Unauthorized", deniedText, "The access token you provided has expired."), spapi.ReasonToken, domain.ErrForbidden, ports.APICallWithdrawn},
		"revoked, said with 401":          {orders, 401, refused(0, "Unauthorized", deniedText, revokedText), spapi.ReasonToken, domain.ErrForbidden, ports.APICallWithdrawn},
		"401 that says nothing":           {orders, 401, refused(0, "Unauthorized", deniedText, ""), spapi.ReasonToken, domain.ErrForbidden, ports.APICallWithdrawn},
		"no role":                         {orders, 403, refused(0, "Unauthorized", deniedText, ""), spapi.ReasonRole, domain.ErrForbidden, ports.APICallDenied},
		"another code, the same":          {orders, 403, refused(0, "AccessDenied", "You may not.", ""), spapi.ReasonRole, domain.ErrForbidden, ports.APICallDenied},
		"no token":                        {orders, 403, refused(0, "Unauthorized", deniedText, "Access token is missing in the request header."), spapi.ReasonRequest, domain.ErrInvalid, ports.APICallFailed},
		"no token, by its code":           {orders, 403, refused(0, "MissingAuthenticationToken", "", ""), spapi.ReasonRequest, domain.ErrInvalid, ports.APICallFailed},
		"not for this order":              {messages, 403, refused(0, "Unauthorized", "Invalid amazonOrderId and template combination.", ""), spapi.ReasonOrder, domain.ErrConflict, ports.APICallDenied},
		"those words about an order":      {orders, 403, refused(0, "Unauthorized", "Invalid amazonOrderId and template combination.", ""), spapi.ReasonRole, domain.ErrForbidden, ports.APICallDenied},
		"a wall in HTML":                  {orders, 403, html, spapi.ReasonUnavailable, domain.ErrUnavailable, ports.APICallUnavailable},
		"a wall without words":            {orders, 403, reply{}, spapi.ReasonUnavailable, domain.ErrUnavailable, ports.APICallUnavailable},
		"a wall in another JSON":          {orders, 403, reply{body: `{"message":"Forbidden"}`}, spapi.ReasonUnavailable, domain.ErrUnavailable, ports.APICallUnavailable},
		"404":                             {orders, 404, refused(0, "NotFound", "", ""), spapi.ReasonNotFound, domain.ErrNotFound, ports.APICallNotFound},
		"404 of a gateway":                {orders, 404, html, spapi.ReasonUnavailable, domain.ErrUnavailable, ports.APICallUnavailable},
		"409":                             {orders, 409, refused(0, "Conflict", "", ""), spapi.ReasonConflict, domain.ErrConflict, ports.APICallFailed},
		"400":                             {orders, 400, refused(0, "InvalidInput", "", ""), spapi.ReasonRequest, domain.ErrInvalid, ports.APICallFailed},
		"413":                             {orders, 413, refused(0, "RequestTooLarge", "", ""), spapi.ReasonRequest, domain.ErrInvalid, ports.APICallFailed},
		"415":                             {orders, 415, refused(0, "UnsupportedMediaType", "", ""), spapi.ReasonRequest, domain.ErrInvalid, ports.APICallFailed},
		"429":                             {orders, 429, refused(0, "QuotaExceeded", "", ""), spapi.ReasonThrottled, domain.ErrThrottled, ports.APICallThrottled},
		"429 of a gateway":                {orders, 429, reply{}, spapi.ReasonThrottled, domain.ErrThrottled, ports.APICallThrottled},
		"500":                             {orders, 500, refused(0, "InternalFailure", "", ""), spapi.ReasonUnavailable, domain.ErrUnavailable, ports.APICallUnavailable},
		"502 in HTML":                     {orders, 502, html, spapi.ReasonUnavailable, domain.ErrUnavailable, ports.APICallUnavailable},
		"503 with nothing":                {orders, 503, reply{}, spapi.ReasonUnavailable, domain.ErrUnavailable, ports.APICallUnavailable},
		"a redirect":                      {orders, 302, html, spapi.ReasonUnavailable, domain.ErrUnavailable, ports.APICallUnavailable},
		"errors that are no list":         {orders, 400, reply{body: `{"errors":{"code":"x"}}`}, spapi.ReasonUnavailable, domain.ErrUnavailable, ports.APICallUnavailable},
		"an error whose details are odd":  {orders, 404, reply{body: `{"errors":[{"code":"NotFound","message":"gone","details":{"a":[1]}}]}`}, spapi.ReasonNotFound, domain.ErrNotFound, ports.APICallNotFound},
		"an error without anything":       {orders, 404, reply{body: `{"errors":[{}]}`}, spapi.ReasonNotFound, domain.ErrNotFound, ports.APICallNotFound},
		"a status that nobody heard of":   {orders, 418, refused(0, "Teapot", "", ""), spapi.ReasonRequest, domain.ErrInvalid, ports.APICallFailed},
		"a body that is cut off":          {orders, 403, reply{body: `{"errors":[{"code":"Unauthor`}, spapi.ReasonUnavailable, domain.ErrUnavailable, ports.APICallUnavailable},
		"a wall that calls itself denied": {orders, 403, reply{body: `{"Message":"User: anonymous is not authorized"}`}, spapi.ReasonUnavailable, domain.ErrUnavailable, ports.APICallUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			f := spapi.ReadFailure(c.operation, c.status, http.Header{"X-Amzn-Requestid": {"8c5f3a1e-0000"}, "X-Amzn-Errortype": {"TooManyRequestsException:http://x"}}, []byte(c.answer.body))
			is.Equal(f.Reason, c.reason)
			is.Equal(f.Status, c.status)
			is.Equal(f.RequestID, "8c5f3a1e-0000") // Amazon's support asks for it
			is.True(strings.Contains(f.Error(), c.operation))
			is.True(strings.Contains(f.Error(), "8c5f3a1e-0000"))
			err := spapi.AsError(f)
			is.Equal(domain.KindOf(err), c.kind)
			is.Equal(spapi.OutcomeOf(f), c.outcome)
			is.True(domain.Message(err) != "" && !strings.Contains(domain.Message(err), "8c5f3a1e")) // fit for sellers
		})
	}
}

// A gateway's words cost a seller nothing and are not asked for again and again.
func TestGatewaysAreNotAmazon(t *testing.T) {
	t.Parallel()
	for status, tries := range map[int]int{302: 1, 403: 1, 404: 1, 502: spapi.Tries, 503: spapi.Tries, 200: 1} {
		synctest.Test(t, func(t *testing.T) {
			is, s := is.New(t), bubble(t)
			a := s.seller(t, "shop")
			s.script(nil, func(int, *http.Request) reply { return reply{status: status, body: "<html>Hello</html>"} })
			begun := time.Now()
			_, err := s.client.Order(t.Context(), a, orderID)
			is.Equal(domain.KindOf(err), domain.ErrUnavailable)
			is.Equal(failure(t, err).Status, status)
			grants, requests := s.counts()
			is.Equal([]int{grants, requests}, []int{1, tries})
			is.True(time.Since(begun) < spapi.CallTime+15*time.Second)
			withinBuckets(t, s)
		})
	}
}

func TestAskingToStayAwayIsHeard(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), bubble(t)
		a := s.seller(t, "shop")
		answer := reply{status: 503, header: map[string]string{"Retry-After": "120"}}
		s.script(nil, func(int, *http.Request) reply { return answer })
		_, err := s.client.Order(t.Context(), a, orderID)
		var told *domain.Error
		is.True(errors.As(err, &told))
		is.Equal(told.RetryAfter, 2*time.Minute)
		_, requests := s.counts()
		is.Equal(requests, 1) // nobody waits two minutes within a call
		answer = reply{status: 429, header: map[string]string{"Retry-After": "600"}}
		_, err = s.client.Order(t.Context(), a, orderID)
		is.True(errors.As(err, &told))
		is.Equal(told.Kind, domain.ErrThrottled)
		is.True(told.RetryAfter >= 10*time.Minute)
		is.Equal(failure(t, err).Reason, spapi.ReasonThrottled) // who wants to know finds the refusal
		_, err = s.client.Order(t.Context(), a, orderID)
		is.Equal(domain.KindOf(err), domain.ErrThrottled)
		_, requests = s.counts()
		is.Equal(requests, 2) // the bucket remembers
		withinBuckets(t, s)
	})
}

func TestACallThatGetsNoAnswerEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), bubble(t, func(o *spapi.Options) { o.Timeout = 10 * time.Second })
		a := s.seller(t, "shop")
		_, err := s.client.Order(t.Context(), a, orderID)
		is.NoErr(err)
		s.script(nil, func(int, *http.Request) reply { return reply{status: 200, slow: 11 * time.Second} })
		begun := time.Now()
		_, err = s.client.Order(t.Context(), a, orderID)
		is.Equal(domain.KindOf(err), domain.ErrUnavailable)
		is.True(time.Since(begun) <= spapi.CallTime+10*time.Second)
		withinBuckets(t, s)
		time.Sleep(time.Minute) // for the server's last answer
	})
}

func TestScrub(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for text, want := range map[string]string{
		"":                                   "",
		"Access\r\n\tis  denied.":            "Access is denied.",
		"token Atza|IQEBLjAsAhRmHjNg is bad": "token … is bad",
		"token atzr|x":                       "token …",
		"Atz.sprdt|AODFNESL now":             "… now",
		"write to ana@example.com or +33 6 12 34 56 78": "write to … or …",
		"https://h.example/a?code=secret&state=b end":   "https://h.example/a… end",
		"order 403-1234567-1234567 is unknown":          "order 403-1234567-1234567 is unknown",
		strings.Repeat("k", 60) + " rest":               "… rest",
		"bad \xff\xfe bytes \x00\x1b[31m":               "bad bytes [31m",
	} {
		is.Equal(spapi.Scrub(text), want)
	}
	is.Equal(len([]rune(spapi.Scrub(strings.Repeat("ab é ", 10_000)))), 200)
}

// What lacks what was asked for is no answer that there is nothing.
func TestAnswersThatLackSomething(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string]func(*stage, domain.AuthorizationState) error{
		"order": func(s *stage, a domain.AuthorizationState) error {
			_, err := s.client.Order(t.Context(), a, orderID)
			return err
		},
		"orders": func(s *stage, a domain.AuthorizationState) error {
			for _, err := range s.client.Orders(t.Context(), a, spapi.OrderSearch{CreatedAfter: time.Now(), Marketplaces: []string{"a"}}) {
				return err
			}
			return nil
		},
		"participations": func(s *stage, a domain.AuthorizationState) error {
			_, err := s.client.Participations(t.Context(), a)
			return err
		},
		"types of messages": func(s *stage, a domain.AuthorizationState) error {
			_, err := s.client.MessageTypes(t.Context(), a, "a", orderID)
			return err
		},
		"restricted data token": func(s *stage, a domain.AuthorizationState) error {
			_, _, err := s.client.RestrictedDataToken(t.Context(), a, make([]spapi.RestrictedResource, 1))
			return err
		},
		"destinations": func(s *stage, _ domain.AuthorizationState) error {
			_, err := s.client.Destinations(t.Context(), "EU")
			return err
		},
		"destination": func(s *stage, _ domain.AuthorizationState) error {
			_, err := s.client.CreateDestination(t.Context(), "EU", "a", queueARN)
			return err
		},
		"subscription": func(s *stage, a domain.AuthorizationState) error {
			_, err := s.client.SubscribeOrderChanges(t.Context(), a, "d")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, s := is.New(t), play(t)
			a := s.seller(t, "shop")
			for _, body := range []string{
				"{}", "[]", "null", `{"payload":{},"order":{},"orders":{},"_links":{"actions":{}}}`, `{"payload":"x","order":"x","orders":"x","_links":"x"}`,
				strings.Repeat(" ", 17<<20) + "{}", // more than is read
			} {
				s.script(nil, func(int, *http.Request) reply { return reply{status: 200, body: body} })
				is.Equal(domain.KindOf(ask(s, a)), domain.ErrUnavailable)
				_, requests := s.counts()
				is.Equal(requests, 1)
			}
		})
	}
}
