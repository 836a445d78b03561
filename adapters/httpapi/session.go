package httpapi

import (
	"net/http"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// A browser cannot send a bearer token with a link, so for River's pages it holds the token in a cookie: never seen by
// scripts, sent to those pages only, and to them only from themselves. It is checked like any other token at every request.
const (
	sessionCookie = "keybuzz_operator"
	// sessionTime is how long the browser keeps it, if the token does not expire before.
	sessionTime = time.Hour
	// maxSession is the longest token that browsers keep: 4096 bytes with the cookie's name and attributes.
	maxSession = 3800
)

type sessionAnswer struct {
	Path      string    `json:"path"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// opsSession lets the browser of an operator into River's pages.
func (s *Server) opsSession(w http.ResponseWriter, r *http.Request, _ string) error {
	if s.river == nil {
		return domain.Errorf(domain.ErrForbidden, "not available on this installation")
	}
	if err := noBody(w, r); err != nil {
		return err
	}
	token, err := bearerToken(r.Header)
	if err != nil {
		return err
	}
	if len(token) > maxSession {
		return &refusal{status: http.StatusUnprocessableEntity, detail: "the token is too long for a browser to keep"}
	}
	expires := time.Now().Add(sessionTime)
	if x := exchangeOf(r); x.expires.Before(expires) {
		expires = x.expires
	}
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie, Value: token, Path: RiverPath, Expires: expires,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
	return writeJSON(w, sessionAnswer{Path: RiverPath + "/", ExpiresAt: expires.UTC().Truncate(time.Second)})
}

// sessionOf returns whom the request's cookie stands for.
func (s *Server) sessionOf(r *http.Request) (caller, error) {
	cookies := r.CookiesNamed(sessionCookie)
	switch {
	case len(cookies) == 0:
		return caller{}, errNoToken
	case len(cookies) > 1:
		return caller{}, errBadToken
	}
	return s.auth.verify(r.Context(), cookies[0].Value)
}
