package httpapi_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/httpapi"
	"github.com/keybuzzio/marketplaces/domain"
)

// atHome asks as a browser that shows the page at its own address.
func atHome(r *http.Request) { r.Host = "127.0.0.1:4000" }

func developing(u *setup) {
	u.dev = &httpapi.DevPage{Origin: "http://127.0.0.1:4000", Appstore: "http://127.0.0.1:4001/appstore?a=1&b=2", Buyers: "http://127.0.0.1:4001/messages/"}
}

func TestTheDevelopmentPage(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t, developing)
	a := s.plain(t, "/dev?result=connected", atHome)
	is.Equal(a.Code, http.StatusOK)
	page, policy := a.Body.String(), a.Header().Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "script-src 'self'", "connect-src 'self'", "form-action 'none'", "frame-ancestors 'none'"} {
		is.True(strings.Contains(policy, part))
	}
	is.True(!strings.Contains(policy, "unsafe"))
	for _, tag := range []string{"<style", " style=\"", " onclick", "javascript:", "@import"} { // the policy would stop them
		is.True(!strings.Contains(page, tag))
	}
	is.True(!regexp.MustCompile(`<script[^>]*>[^<]`).MatchString(page))
	for site := range domain.AmazonSites() {
		is.True(strings.Contains(page, `<option value="`+site.Country+`">`)) // every country by its code, whatever the page shows of it, and none is chosen
	}
	is.True(strings.Contains(page, `href="http://127.0.0.1:4001/appstore?a=1&amp;b=2"`))
	is.True(strings.Contains(page, `href="http://127.0.0.1:4001/messages/"`))
	for _, m := range regexp.MustCompile(`(?:src|href)="(/dev/[^"]+)"`).FindAllStringSubmatch(page, -1) {
		file := s.plain(t, m[1])
		is.Equal(file.Code, http.StatusOK)
		is.True(strings.HasPrefix(file.Header().Get("Content-Type"), "text/"))
		is.Equal(file.Header().Get("X-Content-Type-Options"), "nosniff")
	}
	script := s.plain(t, "/dev/app.js").Body.String()
	for _, danger := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "localStorage", "document.cookie"} {
		is.True(!strings.Contains(script, danger)) // buyers' words are text, and the token stays in its tab
	}
	for _, id := range regexp.MustCompile(`(?:at|act)\("([a-z-]+)"`).FindAllStringSubmatch(script, -1) {
		is.True(strings.Contains(page, `id="`+id[1]+`"`)) // what the script looks for is there
	}
	is.Equal(s.plain(t, "/dev/other.js").Code, http.StatusNotFound)
}

// A consent comes back to one address, whatever name of this machine the page was opened by.
func TestTheDevelopmentPageHasOneAddress(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t, developing)
	for _, host := range []string{"localhost:4000", "[::1]:4000", "evil.example"} {
		a := s.plain(t, "/dev?result=connected", func(r *http.Request) { r.Host = host })
		is.Equal(a.Code, http.StatusSeeOther)
		is.Equal(a.Header().Get("Location"), "http://127.0.0.1:4000/dev?result=connected")
	}
	for _, path := range []string{"/", "/dev/"} {
		a := s.plain(t, path)
		is.Equal(a.Code, http.StatusSeeOther)
		is.Equal(a.Header().Get("Location"), "/dev")
	}
}

func TestThereIsNoDevelopmentPageElsewhere(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	for _, path := range []string{"/", "/dev", "/dev/", "/dev/app.js"} {
		is.Equal(s.get(t, path, anonymous, atHome).Code, http.StatusNotFound)
	}
}

// plain asks for what is not of the API, and so is not in openapi.yaml.
func (s *stage) plain(t testing.TB, path string, change ...func(*http.Request)) answer {
	t.Helper()
	return s.ask(t, http.MethodGet, path, "", change...)
}
