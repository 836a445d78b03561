package spapi

import (
	"fmt"
	"strings"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Failure is what Amazon answered instead of what was asked for, or that it did not answer. It is the cause in the
// domain.Error that a call returns: find it with errors.As. It holds nothing about buyers and no secret.
type Failure struct {
	Operation string
	Region    string // "" at Login with Amazon
	Seller    string // selling partner id; "" for calls of the application itself
	Reason    Reason
	Status    int    // 0 when there was no answer
	Code      string // Amazon's
	RequestID string // Amazon's support asks for it
	Text      string // what was said, scrubbed and cut; for logs
	After     time.Duration
	again     bool // with ReasonUnavailable: the same call may be answered at once
}

// Reason says what a Failure means for us.
type Reason string

// The reasons.
const (
	ReasonThrottled   Reason = "throttled"          // one call too many
	ReasonUnavailable Reason = "unavailable"        // no answer, or none of Amazon's, or one that says: not now
	ReasonToken       Reason = "token_refused"      // the access token is not taken, even a new one
	ReasonRevoked     Reason = "revoked"            // the refresh token is not taken: the seller must authorize us again
	ReasonCode        Reason = "code_refused"       // the code of a consent is too old or was used
	ReasonCredentials Reason = "credentials"        // our own credentials are not taken
	ReasonRole        Reason = "role_missing"       // the token is taken, and this may not be done with it
	ReasonOrder       Reason = "not_for_this_order" // messages of this type may not be sent for this order now; all else works
	ReasonNotFound    Reason = "not_found"
	ReasonConflict    Reason = "conflict"
	ReasonRequest     Reason = "not_understood" // Amazon does not understand us, or says that the token is missing: a bug, or a wrong id
	ReasonUnknown     Reason = "unknown"        // it may have been done or not, and it must not be done twice
)

// Error is for logs.
func (f *Failure) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", f.Operation, f.Reason)
	if f.Status != 0 {
		fmt.Fprintf(&b, ", status %d", f.Status)
	}
	for _, part := range []struct{ name, value string }{
		{"code", f.Code}, {"region", f.Region}, {"seller", f.Seller}, {"request", f.RequestID},
	} {
		if part.value != "" {
			fmt.Fprintf(&b, ", %s %s", part.name, part.value)
		}
	}
	if f.Text != "" {
		fmt.Fprintf(&b, ": %s", f.Text)
	}
	return b.String()
}

// answers are what a Failure is to callers and to the Observer, by reason.
var answers = map[Reason]struct {
	kind    error
	outcome ports.APICallOutcome
	message string
}{
	ReasonThrottled:   {domain.ErrThrottled, ports.APICallThrottled, "Amazon lets us ask for this account only now and then: it goes on by itself"},
	ReasonUnavailable: {domain.ErrUnavailable, ports.APICallUnavailable, "Amazon does not answer now: it goes on by itself"},
	ReasonToken:       {domain.ErrForbidden, ports.APICallWithdrawn, roleMissing},
	ReasonRevoked:     {domain.ErrRejected, ports.APICallWithdrawn, "Amazon takes our authorization no more: authorize KeyBuzz again"},
	ReasonCode:        {domain.ErrRejected, ports.APICallDenied, "this consent was used before or is too old: begin again"},
	ReasonCredentials: {domain.ErrUnavailable, ports.APICallDenied, "Amazon does not let KeyBuzz in now: it goes on by itself once KeyBuzz has mended that"},
	ReasonRole:        {domain.ErrForbidden, ports.APICallDenied, roleMissing},
	ReasonOrder:       {domain.ErrConflict, ports.APICallDenied, "Amazon does not allow this for this order now"},
	ReasonNotFound:    {domain.ErrNotFound, ports.APICallNotFound, "Amazon knows no such thing in this account"},
	ReasonConflict:    {domain.ErrConflict, ports.APICallFailed, "Amazon has this already"},
	ReasonRequest:     {domain.ErrInvalid, ports.APICallFailed, "Amazon does not understand what we ask"},
	ReasonUnknown:     {domain.ErrConflict, ports.APICallUnavailable, "Amazon did not say whether it was done: look before you do it again"},
}

const roleMissing = "Amazon does not let us ask this for this account: our application lacks the role, or the account was not given it"

// err gives the failure its kind.
func (f *Failure) err() error {
	a := answers[f.Reason]
	return &domain.Error{Kind: a.kind, Msg: a.message, RetryAfter: f.After, Err: f}
}

// outcome is what the Observer hears of f, nil for a good answer.
func (f *Failure) outcome() ports.APICallOutcome {
	if f == nil {
		return ports.APICallOK
	}
	return answers[f.Reason].outcome
}
