package httpapi

import (
	"net/http"

	"github.com/keybuzzio/marketplaces/domain"
)

// A consent belongs to the browser that began it. It holds a nonce in a cookie that no script reads, which comes along when
// the marketplace sends the browser back: Lax lets a cookie come with a link from elsewhere, and with nothing else from there.
const (
	browserCookie = "keybuzz_consent"
	browserPath   = apiBase + "/marketplaces"
)

// browserOf returns what the request's browser holds, zero when that is not one nonce: of several nobody knows who set which.
func browserOf(r *http.Request) domain.Secret {
	cookies := r.CookiesNamed(browserCookie)
	if len(cookies) != 1 || !domain.IsNonce(cookies[0].Value) {
		return domain.Secret{}
	}
	return domain.NewSecret(cookies[0].Value)
}

// browserFor is browserOf, or a new nonce. Consents that one browser begins side by side have the same.
func browserFor(r *http.Request) domain.Secret {
	if b := browserOf(r); !b.IsZero() {
		return b
	}
	return domain.NewNonce()
}

// keepBrowser has the browser hold a nonce for as long as the consent that it has just begun lives.
func keepBrowser(w http.ResponseWriter, b domain.Secret) {
	http.SetCookie(w, &http.Cookie{
		Name: browserCookie, Value: b.Reveal(), Path: browserPath, MaxAge: int(domain.ConsentLife.Seconds()),
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}
