package standin

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// call is one of an operation of the Selling Partner API.
type call struct {
	a       *Amazon
	w       http.ResponseWriter
	r       *http.Request
	op      operation
	region  string
	sandbox bool
	params  map[string]string // of the path
	query   url.Values
	body    []byte
	broken  error // of reading the body
	token   token
	genuine bool   // the token was given out here
	seller  Seller // the zero Seller in grantless calls
	plan    Plan
}

const (
	maxUserAgent = 500
	maxBody      = 1 << 20
)

// serveAPI is the Selling Partner API of a region.
func (a *Amazon) serveAPI(w http.ResponseWriter, r *http.Request, p place) {
	header(w, a.apiNow())
	op, params, ok := operationOf(r.Method, p.path)
	if !ok {
		noSuchPath().write(w)
		return
	}
	c := &call{a: a, w: w, r: r, op: op, region: p.region, sandbox: p.sandbox, params: params, query: r.URL.Query()}
	c.body, c.broken = io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody)) // all of it, before anything breaks
	c.token, c.genuine = a.bearer(r)
	c.seller, _ = a.seller(c.token.Seller)
	c.plan = a.plan(c)
	allowed := a.take(c)
	f := a.faultOf(op.id, c.token.Seller)
	if f.before(w, r, apiFault) {
		return
	}
	said := c.answer(allowed)
	if f.after(w) {
		return
	}
	if s := said.status; s < 300 || s == http.StatusBadRequest || s == http.StatusNotFound {
		w.Header().Set(rateLimit, strconv.FormatFloat(c.plan.Rate, 'f', -1, 64))
	}
	said.write(w)
}

// apiNow is what the Selling Partner API takes the time to be.
func (a *Amazon) apiNow() (now time.Time) {
	a.do(func() { now = a.now().Add(a.skew) })
	return now
}

// apiFault is the body of an error that was ordered.
func apiFault(status int) any {
	switch {
	case status == http.StatusTooManyRequests:
		return quotaExceeded().body
	case status == http.StatusForbidden:
		return unauthorized(denied).body
	case status < 500:
		return failure(status, "InvalidInput", "Invalid Input", "as it was told").body
	case status == http.StatusServiceUnavailable:
		return failure(status, "ServiceUnavailable", "Service is temporarily unavailable.", "").body
	}
	return failure(status, "InternalFailure", "We encountered an internal error. Please try again.", "").body
}

// answer finds what is wrong with the call, or does it.
func (c *call) answer(allowed bool) answer {
	if refusal, wrong := c.wrongRequest(); wrong {
		return refusal
	}
	if refusal, wrong := c.wrongToken(); wrong {
		return refusal
	}
	switch {
	case !allowed:
		return quotaExceeded()
	case c.sandbox:
		return c.fromCases()
	case !c.op.grantless() && c.seller.lacks(c.op):
		return unauthorized(denied)
	}
	if handle := handlers[c.op.id]; handle != nil {
		return handle(c)
	}
	return noSuchPath()
}

// wrongRequest holds the call against what all requests must be like.
func (c *call) wrongRequest() (answer, bool) {
	agent := c.r.Header.Get("User-Agent")
	switch {
	case agent == "":
		return invalid("The user-agent header is missing."), true
	case len(agent) > maxUserAgent:
		return invalid("The user-agent header is longer than 500 characters."), true
	}
	switch c.r.Method {
	case http.MethodGet:
		if c.r.ContentLength != 0 || c.r.Header.Get("Content-Length") != "" {
			return invalid("A GET request has no body and no Content-Length."), true
		}
		return answer{}, false
	case http.MethodDelete:
		return answer{}, false
	}
	if kind, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type")); kind != typeJSON {
		return failure(http.StatusUnsupportedMediaType, "UnsupportedMediaType", "The Content-Type must be application/json.", ""), true
	}
	switch tooLarge := (*http.MaxBytesError)(nil); {
	case errors.As(c.broken, &tooLarge):
		return failure(http.StatusRequestEntityTooLarge, "PayloadTooLarge", "The request is too large.", ""), true
	case c.broken != nil:
		return invalid("The body cannot be read."), true
	}
	return answer{}, false
}

// list returns a parameter that may have several values, with commas or repeated.
func (c *call) list(name string) []string {
	var values []string
	for _, v := range c.query[name] {
		values = append(values, strings.Split(v, ",")...)
	}
	return slices.DeleteFunc(values, func(v string) bool { return v == "" })
}

// marketplace returns the one marketplace that the call must name, which must be one where its seller sells in the region.
func (c *call) marketplace() (string, answer, bool) {
	ids := c.list("marketplaceIds")
	if len(ids) != 1 {
		return "", invalid("marketplaceIds must have exactly one value."), false
	}
	for _, m := range c.seller.Marketplaces {
		if m.ID == ids[0] && m.filled().Region == c.region && !m.Inactive {
			return ids[0], answer{}, true
		}
	}
	return "", unauthorized(denied), false
}
