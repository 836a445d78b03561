package standin

import (
	"net/http"
	"strings"
	"time"
)

// bearer reads the token of a call, whatever it is worth. ok is false for what Amazon never gave out.
func (a *Amazon) bearer(r *http.Request) (t token, ok bool) {
	text := r.Header.Get(accessToken)
	for _, prefix := range []string{accessPrefix, restrictedPrefix} {
		if t, ok = a.open(prefix, text); ok {
			return t, true
		}
	}
	return token{}, false
}

// wrongToken holds the call against what its token is good for.
func (c *call) wrongToken() (answer, bool) {
	if c.r.Header.Get(accessToken) == "" {
		return unauthorized(tokenMissing), true
	}
	t, revoked := c.token, false
	c.a.do(func() { revoked = !c.genuine || t.Client != c.a.app.ClientID || t.Seller != "" && c.a.revoked(t) })
	switch {
	case revoked:
		return unauthorized(tokenInvalid), true
	case c.a.apiNow().After(time.Unix(0, t.Ends)):
		return unauthorized(tokenExpired), true
	case !c.fits(t):
		return unauthorized(denied), true
	}
	return answer{}, false
}

// fits reports whether a good token is one for this operation, region and resource.
func (c *call) fits(t token) bool {
	if t.Seller == "" { // sandbox calls need no seller
		return c.op.grantless() && t.Scope == ScopeNotifications || c.sandbox
	}
	if c.op.grantless() && !c.sandbox || t.Region != c.region {
		return false
	}
	if !strings.HasPrefix(c.r.Header.Get(accessToken), restrictedPrefix) {
		return true
	}
	for _, r := range t.Resources {
		if r.covers(c) {
			return true
		}
	}
	return false
}

// grantless reports whether the operation is about the application and not about a seller.
func (o operation) grantless() bool {
	switch o.id {
	case "getSubscriptionById", "deleteSubscriptionById", "sendTestNotification", "getDestinations", "createDestination", "getDestination", "deleteDestination":
		return true
	}
	return false
}
