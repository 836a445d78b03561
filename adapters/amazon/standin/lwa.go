package standin

import (
	"crypto/subtle"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// OperationToken is the name of a call of Login with Amazon's token endpoint, for counters and faults.
const OperationToken = "token"

// Scopes of grantless tokens.
const (
	ScopeNotifications = "sellingpartnerapi::notifications"
	ScopeRotation      = "sellingpartnerapi::client_credential:rotation"
)

// lwaError is an answer of the token endpoint that is none.
type lwaError struct {
	status      int
	code        string // what clients decide by
	description string
}

const invalidGrant = "The request has an invalid grant parameter : "

// serveToken is Login with Amazon's token endpoint.
func (a *Amazon) serveToken(w http.ResponseWriter, r *http.Request) {
	header(w, a.now())
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		writeJSON(w, http.StatusMethodNotAllowed, map[string]string{"error": "invalid_request", "error_description": "Only POST is supported"})
		return
	}
	form, err := tokenForm(r)
	seller := ""
	if t, ok := a.open(refreshPrefix, form.Get("refresh_token")); ok {
		seller = t.Seller
	}
	a.do(func() { a.meter(OperationToken, seller).calls++ })
	f := a.faultOf(OperationToken, seller)
	if f.before(w, r, lwaFault) {
		return
	}
	answer, problem := map[string]any(nil), err
	if problem == nil {
		a.do(func() { answer, problem = a.token(form) })
	}
	switch {
	case f.after(w):
	case problem != nil:
		writeJSON(w, problem.status, map[string]string{
			"error": problem.code, "error_description": problem.description, "request_id": w.Header().Get(requestID),
		})
	default:
		writeJSON(w, http.StatusOK, answer)
	}
}

// lwaFault is the body of an error that was ordered.
func lwaFault(status int) any {
	code := "server_error"
	switch {
	case status == http.StatusServiceUnavailable, status == http.StatusTooManyRequests:
		code = "temporarily_unavailable"
	case status < 500:
		code = "invalid_request"
	}
	return map[string]string{"error": code, "error_description": "as it was told"}
}

// tokenForm reads the parameters, which come as a form or as JSON.
func tokenForm(r *http.Request) (url.Values, *lwaError) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, 64<<10))
	malformed := &lwaError{http.StatusBadRequest, "invalid_request", "The request is malformed"}
	if err != nil {
		return nil, malformed
	}
	form := url.Values{}
	switch kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind {
	case "application/x-www-form-urlencoded":
		if form, err = url.ParseQuery(string(body)); err != nil {
			return nil, malformed
		}
	case "application/json":
		var fields map[string]string
		if json.Unmarshal(body, &fields) != nil {
			return nil, malformed
		}
		for name, value := range fields {
			form.Set(name, value)
		}
	default:
		return nil, &lwaError{http.StatusBadRequest, "invalid_request", "The Content-Type is not supported"}
	}
	for name, values := range form {
		if len(values) != 1 {
			return nil, &lwaError{http.StatusBadRequest, "invalid_request", "The request has more than one parameter : " + name}
		}
	}
	return form, nil
}

// token answers a request for a token. The caller has a.mu.
func (a *Amazon) token(form url.Values) (map[string]any, *lwaError) {
	grants := map[string][]string{
		"authorization_code": {"code", "redirect_uri"}, "refresh_token": {"refresh_token"}, "client_credentials": {"scope"},
	}
	grant := form.Get("grant_type")
	for _, name := range slices.Concat([]string{"grant_type", "client_id", "client_secret"}, grants[grant]) {
		if form.Get(name) == "" {
			return nil, &lwaError{http.StatusBadRequest, "invalid_request", "The request is missing a required parameter : " + name}
		}
	}
	if !a.authentic(form.Get("client_id"), form.Get("client_secret")) {
		return nil, &lwaError{http.StatusUnauthorized, "invalid_client", "Client authentication failed"}
	}
	switch grant {
	case "authorization_code":
		return a.exchangeCode(form)
	case "refresh_token":
		return a.refresh(form.Get("refresh_token"))
	case "client_credentials":
		return a.grantless(form.Get("scope"))
	}
	return nil, &lwaError{http.StatusBadRequest, "unsupported_grant_type", "The authorization grant type is not supported by the authorization server"}
}

// authentic reports whether these are the application's client id and one of its secrets. The caller has a.mu.
func (a *Amazon) authentic(id, secret string) bool {
	same := func(s string) bool { return subtle.ConstantTimeCompare([]byte(s), []byte(secret)) == 1 }
	return id == a.app.ClientID && slices.ContainsFunc(a.app.Secrets, same)
}

func (a *Amazon) exchangeCode(form url.Values) (map[string]any, *lwaError) {
	of, ok := a.redeem(form.Get("code"), form.Get("redirect_uri"))
	if !ok {
		return nil, &lwaError{http.StatusBadRequest, "invalid_grant", invalidGrant + "code"}
	}
	return a.refresh(a.grant(of))
}

func (a *Amazon) refresh(text string) (map[string]any, *lwaError) {
	t, ok := a.open(refreshPrefix, text)
	switch {
	case !ok, a.revoked(t), a.replaced(t):
		return nil, &lwaError{http.StatusBadRequest, "invalid_grant", invalidGrant + "refresh_token. User may have revoked or didn't grant the permission."}
	case t.Client != a.app.ClientID:
		return nil, &lwaError{http.StatusBadRequest, "unauthorized_client", "The client is not authorized to use this refresh token"}
	}
	access := t
	access.Serial = 0
	answer := a.access(access)
	answer["refresh_token"] = a.rotated(t)
	a.issued[t.Seller]++
	return answer, nil
}

func (a *Amazon) grantless(scope string) (map[string]any, *lwaError) {
	if scope != ScopeNotifications && scope != ScopeRotation {
		return nil, &lwaError{http.StatusBadRequest, "invalid_scope", "The request has an invalid scope : " + scope}
	}
	answer := a.access(token{Client: a.app.ClientID, Scope: scope})
	answer["scope"] = scope
	return answer, nil
}

// access makes an access token. The caller has a.mu.
func (a *Amazon) access(t token) map[string]any {
	t.Ends = a.now().Add(a.tokenLife).UnixNano()
	return map[string]any{
		"access_token": a.seal(accessPrefix, t), "token_type": "bearer", "expires_in": int(a.tokenLife / time.Second),
	}
}
