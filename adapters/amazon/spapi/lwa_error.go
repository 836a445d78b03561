package spapi

import (
	"context"
	"net/http"
	"time"

	"github.com/keybuzzio/marketplaces/ports"
)

// grantAnswer is the body of Login with Amazon's answers, good and bad.
type grantAnswer struct {
	AccessToken  string  `json:"access_token"`
	RefreshToken string  `json:"refresh_token"`
	ExpiresIn    float64 `json:"expires_in"` // seconds
	Code         string  `json:"error"`
	Description  string  `json:"error_description"`
}

// readGrant says what an answer of Login with Amazon means. The error's name decides, not the status.
func readGrant(operation string, a answer) (grantAnswer, *Failure) {
	var body grantAnswer
	decode(a.body, &body)
	if a.good() && body.Code == "" && body.AccessToken != "" {
		return body, nil
	}
	f := &Failure{
		Operation: operation, Status: a.status, Code: word(body.Code), RequestID: word(a.header.Get("x-amzn-RequestId")),
		Reason: ReasonUnavailable, After: retryAfter(a.header),
		again: a.status >= 500 || a.status == http.StatusTooManyRequests,
	}
	if !a.good() { // what a good one holds may be a token
		f.Text = scrub(body.Description)
	}
	switch body.Code {
	case "invalid_grant":
		f.Reason = ReasonRevoked
		if operation == lwaCode {
			f.Reason = ReasonCode
		}
	case "invalid_client", "unauthorized_client", "access_denied":
		f.Reason = ReasonCredentials
	case "invalid_request", "invalid_scope", "unsupported_grant_type":
		f.Reason = ReasonRequest
	case "server_error", "temporarily_unavailable":
		f.again = true
	case "":
		if !a.good() {
			f.Text = scrub(string(a.body))
		}
	default:
		if a.good() {
			f.Code = ""
		}
	}
	if f.Reason != ReasonUnavailable {
		f.After = 0
	}
	return body, f
}

// alarm tells the operator that our own credentials are refused: each time by the metric, now and then in the log.
func (c *Client) alarm(ctx context.Context, f *Failure) {
	c.options.Observer.Alarm(ports.AlarmAPICredentials)
	now, last := c.options.Clock.Now().UnixNano(), c.alarmed.Load()
	if (last == 0 || now-last >= int64(time.Minute) || now < last) && c.alarmed.CompareAndSwap(last, now) {
		c.options.Log.ErrorContext(ctx, "our credentials are refused", "operation", f.Operation, "code", f.Code, "status", f.Status,
			"request_id", f.RequestID, "error", f)
	}
}

// otherSecretHelps reports whether Login with Amazon refused the client secret.
func otherSecretHelps(f *Failure) bool {
	return f.Reason == ReasonCredentials && f.Code == "invalid_client"
}
