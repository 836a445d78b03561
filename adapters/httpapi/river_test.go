package httpapi_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/matryer/is"
)

// echo stands for River's pages: it says what reached it.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	_, _ = fmt.Fprintf(w, "%s %s %s", r.Method, r.URL.Path, body)
})

// visit asks for a page as a browser does that has the cookies given.
func (s *stage) visit(t *testing.T, method, path, body string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "https://ops.example"+path, strings.NewReader(body))
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func cookie(value string) func(*http.Request) {
	return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "keybuzz_operator", Value: value}) }
}

func withRiver(u *setup) { u.river = echo }

func operatorToken(t *testing.T, change jwt.MapClaims) string {
	t.Helper()
	c := claims(jwt.MapClaims{"sub": "op-7", "role": "super_admin"})
	for k, v := range change {
		c[k] = v
	}
	return sign(t, jwt.SigningMethodHS256, []byte(secret.Reveal()), c)
}

func TestASessionIsATokenThatOnlyRiversPagesSee(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t, withRiver)
	for name, c := range map[string]struct{ lives, kept time.Duration }{
		"a long token":  {24 * time.Hour, time.Hour},
		"a short token": {5 * time.Minute, 5 * time.Minute},
	} {
		t.Log(name)
		token := operatorToken(t, jwt.MapClaims{"exp": time.Now().Add(c.lives).Unix()})
		a := s.post(t, session, bearer(token))
		is.Equal(a.Code, http.StatusOK)
		is.Equal(a.json()["path"], "/ops/river/")
		cookies := a.Result().Cookies()
		is.Equal(len(cookies), 1)
		k := cookies[0]
		is.Equal(k.Value, token)
		is.Equal(k.Path, "/ops/river")
		is.True(k.HttpOnly && k.Secure && k.SameSite == http.SameSiteStrictMode && k.Domain == "")
		is.True((time.Until(k.Expires) - c.kept).Abs() < time.Minute)
		is.True(!strings.Contains(a.Body.String(), token))
		is.Equal(s.visit(t, http.MethodGet, "/ops/river/", "", func(r *http.Request) { r.AddCookie(k) }).Code, http.StatusOK)
	}
	long := s.post(t, session, bearer(operatorToken(t, jwt.MapClaims{"more": strings.Repeat("x", 4000)})))
	is.Equal(long.Code, http.StatusUnprocessableEntity) // no browser would keep it
	is.Equal(long.Header().Get("Set-Cookie"), "")
	is.True(!strings.Contains(s.log.String(), "eyJ"))
}

func TestRiversPagesAreForOperatorsOnly(t *testing.T) {
	t.Parallel()
	s := newStage(t, withRiver)
	good := operatorToken(t, nil)
	for name, c := range map[string]struct {
		change []func(*http.Request)
		want   int
	}{
		"an operator":               {[]func(*http.Request){cookie(good)}, http.StatusOK},
		"nobody":                    {nil, http.StatusUnauthorized},
		"a bearer token alone":      {[]func(*http.Request){bearer(good)}, http.StatusUnauthorized},
		"garbage":                   {[]func(*http.Request){cookie("x.y.z")}, http.StatusUnauthorized},
		"two sessions":              {[]func(*http.Request){cookie(good), cookie(good)}, http.StatusUnauthorized},
		"an expired session":        {[]func(*http.Request){cookie(operatorToken(t, jwt.MapClaims{"exp": time.Now().Add(-time.Second).Unix()}))}, http.StatusUnauthorized},
		"a forged session":          {[]func(*http.Request){cookie(sign(t, jwt.SigningMethodHS256, []byte("another-secret-of-more-than-32-bytes!"), claims(jwt.MapClaims{"role": "super_admin"})))}, http.StatusUnauthorized},
		"a tenant's admin":          {[]func(*http.Request){cookie(operatorToken(t, jwt.MapClaims{"role": "admin"}))}, http.StatusForbidden},
		"an operator without name":  {[]func(*http.Request){cookie(operatorToken(t, jwt.MapClaims{"sub": ""}))}, http.StatusForbidden},
		"another cookie of theirs":  {[]func(*http.Request){header("Cookie", "other="+good)}, http.StatusUnauthorized},
		"a page that nobody opened": {[]func(*http.Request){header("Accept", "application/json")}, http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			for _, path := range []string{
				"/ops/river", "/ops/river/", "/ops/river/jobs", "/ops/river/api/jobs", "/ops/river/assets/main.js", "/ops/%72iver/x", "/ops/river/../river/x",
			} {
				for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
					a := s.visit(t, method, path, "", c.change...)
					is.Equal(a.Code, c.want)
					is.Equal(a.Header().Get("Access-Control-Allow-Origin"), "")
				}
			}
		})
	}
	for _, path := range []string{"/ops/riverside", "/ops/rive", "/ops", "/ops/"} { // other paths have nothing to do with it
		is.New(t).Equal(s.visit(t, http.MethodGet, path, "", cookie(good)).Code, http.StatusNotFound)
	}
}

func TestAnotherSiteCannotActForAnOperator(t *testing.T) {
	t.Parallel()
	s := newStage(t, withRiver)
	good := cookie(operatorToken(t, nil))
	for name, c := range map[string]struct {
		change []func(*http.Request)
		want   int
	}{
		"its own page":                    {nil, http.StatusOK},
		"another site":                    {[]func(*http.Request){header("Sec-Fetch-Site", "cross-site")}, http.StatusForbidden},
		"another host of the site":        {[]func(*http.Request){header("Sec-Fetch-Site", "same-site")}, http.StatusForbidden},
		"an old browser on another site":  {[]func(*http.Request){header("Sec-Fetch-Site", ""), header("Origin", "https://evil.example")}, http.StatusForbidden},
		"an old browser on its own pages": {[]func(*http.Request){header("Sec-Fetch-Site", ""), header("Origin", "https://ops.example")}, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
				a := s.visit(t, method, "/ops/river/api/jobs/cancel", `{"ids":["1"]}`, append(c.change, good)...)
				is.New(t).Equal(a.Code, c.want)
			}
		})
	}
}

func TestWhatAnOperatorDoesOnRiversPagesReachesItAndTheLog(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t, withRiver)
	good := cookie(operatorToken(t, nil))
	a := s.visit(t, http.MethodPost, "/ops/river/api/jobs/retry", `{"ids":["12",34,"x"]}`, good)
	is.Equal(a.Body.String(), `POST /ops/river/api/jobs/retry {"ids":["12",34,"x"]}`)
	s.visit(t, http.MethodPut, "/ops/river/api/queues/poll/pause", "", good)
	s.visit(t, http.MethodGet, "/ops/river/", "", good, header("Accept", "text/html"))
	s.visit(t, http.MethodGet, "/ops/river/api/states", "", good, header("Accept", "*/*")) // the pages ask all the time
	lines := s.log.lines(t, "operator request")
	is.Equal(len(lines), 3)
	is.Equal(lines[0]["operator"], "op-7")
	is.Equal(lines[0]["action"], "/api/jobs/retry")
	is.Equal(lines[0]["jobs"], []any{float64(12), float64(34)})
	is.Equal(lines[1]["action"], "/api/queues/poll/pause")
	is.Equal(lines[2]["method"], "GET")

	large := s.visit(t, http.MethodPost, "/ops/river/api/jobs/retry", strings.Repeat(" ", 64<<10+1), good)
	is.Equal(large.Code, http.StatusBadRequest)
	is.Equal(len(s.log.lines(t, "operator request")), 3)
}

func TestThePageToSignInNeedsNobodyElse(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t, withRiver)
	a := s.visit(t, http.MethodGet, "/ops/river/jobs", "", header("Accept", "text/html,*/*;q=0.8"))
	is.Equal(a.Code, http.StatusUnauthorized)
	is.Equal(a.Header().Get("Content-Type"), "text/html; charset=utf-8")
	page, policy := a.Body.String(), a.Header().Get("Content-Security-Policy")
	for _, element := range []string{"style", "script"} {
		inside := regexp.MustCompile("(?s)<" + element + ">(.*)</" + element + ">").FindStringSubmatch(page)[1]
		sum := sha256.Sum256([]byte(inside))
		is.True(strings.Contains(policy, element+"-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'"))
	}
	is.True(strings.HasPrefix(policy, "default-src 'none';"))
	is.True(!strings.Contains(policy, "unsafe"))
	is.True(!strings.Contains(page, "http://") && !strings.Contains(page, "https://"))
	is.True(strings.Contains(page, session)) // where it hands the token in
}

func TestWithoutRiverItsPagesAreNotThere(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := newStage(t, func(u *setup) { u.river = nil })
	is.Equal(s.visit(t, http.MethodGet, "/ops/river/", "", cookie(operatorToken(t, nil))).Code, http.StatusNotFound)
}
