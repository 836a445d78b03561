package spapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// answer is what came over the wire.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) good() bool { return a.status >= 200 && a.status < 300 }

// refusals is the body of a refusal.
type refusals struct {
	Errors []refusal `json:"errors"`
}

type refusal struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Details string `json:"details"`
}

// readFailure says what an answer of the API means that is no good one. Gateways before the API answer too, in HTML or with
// nothing: what they say is no word on the seller, whatever their status.
func readFailure(operation string, a answer) *Failure {
	f := &Failure{Operation: operation, Status: a.status, RequestID: word(a.header.Get("x-amzn-RequestId"))}
	var body refusals
	said := refusal{}
	decode(a.body, &body)
	api := len(body.Errors) > 0
	if api {
		said = body.Errors[0]
		f.Code, f.Text = word(said.Code), scrub(said.Message+" "+said.Details)
	} else {
		f.Code, f.Text = word(errorType(a.header)), scrub(string(a.body))
	}
	switch {
	case a.status == http.StatusTooManyRequests:
		f.Reason, f.After = ReasonThrottled, retryAfter(a.header)
	case a.status >= 500:
		f.Reason, f.After, f.again = ReasonUnavailable, retryAfter(a.header), true
	case !api:
		f.Reason = ReasonUnavailable
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden:
		if f.Reason = said.forbids(operation); f.Reason == ReasonRole && a.status == http.StatusUnauthorized {
			f.Reason = ReasonToken
		}
	case a.status == http.StatusNotFound:
		f.Reason = ReasonNotFound
	case a.status == http.StatusConflict:
		f.Reason = ReasonConflict
	default:
		f.Reason = ReasonRequest
	}
	return f
}

// forbids reads a 401 or 403, which has one code and many meanings: only the text tells them apart.
func (r refusal) forbids(operation string) Reason {
	text := strings.ToLower(r.Message + " " + r.Details)
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
	}
	switch {
	case strings.HasPrefix(operation, "messaging/") && has("template combination"):
		return ReasonOrder
	case r.Code == "MissingAuthenticationToken", has("token") && has("missing"):
		return ReasonRequest
	case has("token") && has("revoked", "malformed", "invalid", "expired"):
		return ReasonToken
	}
	return ReasonRole
}

// decode reads a body into v, all that fits. It reports whether the body is JSON at all.
func decode(body []byte, v any) bool {
	err := json.Unmarshal(body, v)
	var misfit *json.UnmarshalTypeError
	return err == nil || errors.As(err, &misfit) // the rest was read
}

// errorType is the name that gateways give an error, such as TooManyRequestsException; what follows a colon is an address.
func errorType(h http.Header) string {
	name, _, _ := strings.Cut(h.Get("x-amzn-ErrorType"), ":")
	return name
}

// retryAfter is how long an answer asks us to stay away, 0 when it does not.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.ParseUint(h.Get("Retry-After"), 10, 31)
	if err != nil {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, domain.MaxRetryAfter)
}

// learnedRate is the rate that an answer tells, 0 when it tells none. Amazon tells it with these answers only.
func learnedRate(a answer) float64 {
	if !a.good() && a.status != http.StatusBadRequest && a.status != http.StatusNotFound {
		return 0
	}
	rate, err := strconv.ParseFloat(a.header.Get("x-amzn-RateLimit-Limit"), 64)
	if err != nil || !(rate > 0) {
		return 0
	}
	return rate
}
