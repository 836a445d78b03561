package httpapi_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/httpapi"
	"github.com/keybuzzio/marketplaces/domain"
)

func TestASellerConnectsAlone(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t, withAmazon(newAmazon()))
	is.Equal(s.statusOf(t, "t1")["nextAction"], "CONNECT")
	b := s.begin(t, "t1", "FR", goodTarget)
	is.Equal(s.statusOf(t, "t1")["nextAction"], "AUTHORIZE")

	a := b.back("code-horse")
	is.Equal(a.Code, http.StatusSeeOther)
	is.Equal(a.Header().Get("Location"), "https://app.example.com/settings/marketplaces?marketplace=amazon&result=connected&tab=amazon")
	is.Equal(a.Header().Get("Referrer-Policy"), "no-referrer")
	is.Equal(a.Header().Get("Cache-Control"), "no-store")
	is.Equal(a.Body.Len(), 0)
	is.Equal(s.log.lines(t, "request")[3]["tenant"], "t1") // the log says whose it was once that is known

	s.turn(t, "t1")
	now := s.statusOf(t, "t1")
	is.Equal(now["status"], "CONNECTED")
	is.Equal(now["region"], "EU")
	is.Equal(now["authorizations"], []any{map[string]any{
		"region": "EU", "status": "GRANTED", "sellerId": "A2SELLER", "grantedAt": "2026-10-02T12:00:00Z", "expiresAt": "2027-10-02T12:00:00Z",
		"daysLeft": 365.0, "lastError": nil,
	}})
	is.Equal(now["marketplaces"], []any{
		map[string]any{"country": "DE", "marketplaceId": "A1PA6795UKMFR9", "name": "Amazon.de", "storeName": nil, "participating": false, "suspended": true},
		map[string]any{"country": "FR", "marketplaceId": "A13V1IB3VIYZZH", "name": "Amazon.fr", "storeName": "Maison", "participating": true, "suspended": false},
	})
	is.Equal(s.statusOf(t, "t2")["status"], "DISCONNECTED") // nobody else is
}

func TestWithoutAReturnTargetThereIsAPage(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string][]string{
		"":                         {"en", "Amazon is connected"},
		"fr-FR,fr;q=0.9,en;q=0.8":  {"fr", "Amazon est connecté"},
		"de,fr;q=0.5":              {"fr", "Amazon est connecté"},
		"de":                       {"en", "Amazon is connected"},
		"x;;q=,":                   {"en", "Amazon is connected"},
		strings.Repeat("fr,", 500): {"en", "Amazon is connected"}, // nobody's browser sends that
	} {
		t.Run(accept[:min(len(accept), 20)], func(t *testing.T) {
			t.Parallel()
			is, s := is.New(t), newStage(t, withAmazon(newAmazon()))
			a := s.begin(t, "t1", "FR", "").back("code-horse", header("Accept-Language", accept))
			isPage(t, a, http.StatusOK)
			is.Equal(a.Header().Get("Content-Language"), want[0])
			is.Equal(a.Header().Get("Vary"), "Accept-Language")
			is.True(strings.Contains(a.Body.String(), `<html lang="`+want[0]+`">`))
			is.True(strings.Contains(a.Body.String(), "<h1>"+want[1]+"</h1>"))
			is.True(!strings.Contains(a.Body.String(), "horse"))
		})
	}
}

func TestTheCookieOfAConsent(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t, withAmazon(newAmazon()))
	b := s.begin(t, "t1", "FR", "")
	first := *b.cookie
	is.Equal(b.cookie.Raw, "keybuzz_consent="+first.Value+"; Path=/api/v1/marketplaces; Max-Age=600; HttpOnly; Secure; SameSite=Lax")
	is.True(domain.IsNonce(first.Value))

	b.again("US", "")
	is.Equal(b.cookie.Value, first.Value) // one browser may begin several consents side by side
	is.Equal(b.cookie.MaxAge, 600)        // and has as long for each
	is.True(s.begin(t, "t1", "FR", "").cookie.Value != first.Value)

	for name, cookies := range map[string][]string{
		"of another form": {"chosen-by-somebody"}, "empty": {""}, "two": {first.Value, domain.NewNonce().Reveal()}, "twice the same": {first.Value, first.Value},
	} {
		a := s.call(t, http.MethodPost, connect, `{"country":"FR"}`, func(r *http.Request) {
			for _, value := range cookies {
				holding(value)(r)
			}
		})
		set := a.Result().Cookies()
		if len(set) != 1 || slices.Contains(cookies, set[0].Value) || !domain.IsNonce(set[0].Value) {
			t.Errorf("%s: it was kept", name)
		}
	}
	is.Equal(s.post(t, connect).Header().Get("Set-Cookie"), "") // no country, no consent
	is.Equal(newStage(t).call(t, http.MethodPost, connect, `{"country":"FR"}`).Header().Get("Set-Cookie"), "")
}

// Who comes back without being the one who was sent is told nothing, and nothing happens.
func TestAWayBackIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		come func(t *testing.T, s *stage, mine *browser) answer
		code int
		back bool // it is the browser that began, and is sent back to where it began
	}{
		"with a state that nobody was given": {func(_ *testing.T, _ *stage, b *browser) answer {
			q := b.query("code-horse")
			q.Set("state", domain.NewNonce().Reveal())
			return b.come(q)
		}, 422, false},
		"with a state of another form": {func(_ *testing.T, _ *stage, b *browser) answer {
			q := b.query("code-horse")
			q.Set("state", "' OR 1=1 --")
			return b.come(q)
		}, 422, false},
		"with an endless state": {func(_ *testing.T, _ *stage, b *browser) answer {
			q := b.query("code-horse")
			q.Set("state", strings.Repeat("x", 20_000))
			return b.come(q)
		}, 422, false},
		"in another browser": {func(_ *testing.T, _ *stage, b *browser) answer {
			return b.back("code-horse", func(r *http.Request) { r.Header.Del("Cookie"); holding(domain.NewNonce().Reveal())(r) })
		}, 422, false},
		"in a browser that holds nothing": {func(_ *testing.T, _ *stage, b *browser) answer {
			return b.back("code-horse", func(r *http.Request) { r.Header.Del("Cookie") })
		}, 422, false},
		"in a browser that somebody gave a second cookie": {func(_ *testing.T, _ *stage, b *browser) answer {
			return b.back("code-horse", holding(domain.NewNonce().Reveal()))
		}, 422, false},
		"in the browser of another tenant": {func(t *testing.T, s *stage, b *browser) answer {
			other := s.begin(t, "t2", "FR", goodTarget)
			return other.come(b.query("code-horse"))
		}, 422, false},
		"with another tenant's state": {func(t *testing.T, s *stage, b *browser) answer {
			other := s.begin(t, "t2", "FR", goodTarget)
			return b.come(other.query("code-horse"))
		}, 422, false},
		"with a token instead of a cookie": {func(t *testing.T, _ *stage, b *browser) answer {
			return b.back("code-horse", func(r *http.Request) { r.Header.Del("Cookie") }, as(t, "t1"))
		}, 422, false},
		"too late": {func(_ *testing.T, s *stage, b *browser) answer {
			s.clock.Advance(10 * time.Minute)
			return b.back("code-horse")
		}, 422, true},
		"without a state": {func(_ *testing.T, _ *stage, b *browser) answer {
			q := b.query("code-horse")
			q.Del("state")
			return b.come(q)
		}, 400, false},
		"without a code": {func(_ *testing.T, _ *stage, b *browser) answer {
			q := b.query("")
			q.Del("spapi_oauth_code")
			return b.come(q)
		}, 422, true},
		"with an empty code": {func(_ *testing.T, _ *stage, b *browser) answer { return b.back("") }, 422, true},
		"without a seller": {func(_ *testing.T, _ *stage, b *browser) answer {
			q := b.query("code-horse")
			q.Del("selling_partner_id")
			return b.come(q)
		}, 422, true},
		"without anything": {func(_ *testing.T, _ *stage, b *browser) answer { return b.come(nil) }, 400, false},
		"with two states": {func(_ *testing.T, _ *stage, b *browser) answer {
			q := b.query("code-horse")
			q.Add("state", b.state)
			return b.come(q)
		}, 400, false},
		"with two codes": {func(_ *testing.T, _ *stage, b *browser) answer {
			q := b.query("code-horse")
			q.Add("spapi_oauth_code", "code-of-somebody-else")
			return b.come(q)
		}, 400, false},
		"with two sellers": {func(_ *testing.T, _ *stage, b *browser) answer {
			q := b.query("code-horse")
			q.Add("selling_partner_id", "A3")
			return b.come(q)
		}, 400, false},
		"with a NUL in the seller": {func(_ *testing.T, _ *stage, b *browser) answer {
			q := b.query("code-horse")
			q.Set("selling_partner_id", "A2\x00")
			return b.come(q)
		}, 400, false},
		"with an endless seller": {func(_ *testing.T, _ *stage, b *browser) answer {
			q := b.query("code-horse")
			q.Set("selling_partner_id", strings.Repeat("A", 65))
			return b.come(q)
		}, 400, false},
		"with an endless code":     {func(_ *testing.T, _ *stage, b *browser) answer { return b.back(strings.Repeat("horse", 500)) }, 400, false},
		"with a code of two lines": {func(_ *testing.T, _ *stage, b *browser) answer { return b.back("code\r\nhorse") }, 400, false},
		"with a query that cannot be read": {func(t *testing.T, s *stage, b *browser) answer {
			return s.get(t, callback+"?"+b.query("code-horse").Encode()+"&x=%zz", anonymous, b.with)
		}, 400, false},
		"at another marketplace": {func(t *testing.T, s *stage, b *browser) answer {
			return s.get(t, strings.Replace(callback, "amazon", "fnac", 1)+"?"+b.query("code-horse").Encode(), anonymous, b.with)
		}, 422, false},
		"to what was disconnected meanwhile": {func(t *testing.T, s *stage, b *browser) answer {
			s.post(t, disconnect)
			return b.back("code-horse")
		}, 409, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newAmazon()
			is, s := is.New(t), newStage(t, withAmazon(api))
			b := s.begin(t, "t1", "FR", goodTarget)
			a := c.come(t, s, b)
			if c.back {
				is.Equal(a.Code, http.StatusSeeOther)
				is.Equal(a.Header().Get("Location"), "https://app.example.com/settings/marketplaces?marketplace=amazon&reason="+
					httpapi.ProblemTypes()[c.code]+"&result=failed&tab=amazon")
			} else {
				isPage(t, a, c.code)
				is.Equal(a.Header().Get("Location"), "")
			}
			is.Equal(a.Header().Get("Set-Cookie"), "")
			is.Equal(a.Header().Get("Referrer-Policy"), "no-referrer")
			is.Equal(a.Header().Get("Cache-Control"), "no-store")
			for _, word := range []string{"horse", b.state, b.cookie.Value, "t1", "t2", "A2SELLER"} {
				is.True(!strings.Contains(a.Body.String(), word)) // it reveals nothing
			}
			for _, name := range []string{"t1", "t2"} {
				is.Equal(s.statusOf(t, name)["authorizations"], []any{})
				is.Equal(s.statusOf(t, name)["connected"], false)
			}
			if c.code != http.StatusConflict { // which is seen only when the code is spent
				is.Equal(api.spent(), 0)
			}
			is.Equal(len(s.log.lines(t, "request failed")), 0) // none is our fault
		})
	}
}

func TestAWayBackIsGoneOnce(t *testing.T) {
	t.Parallel()
	api := newAmazon()
	is, s := is.New(t), newStage(t, withAmazon(api))
	b := s.begin(t, "t1", "FR", "")
	isPage(t, b.back("code-1"), http.StatusOK)
	isPage(t, b.back("code-1"), http.StatusUnprocessableEntity) // a replay of all of it
	isPage(t, b.back("code-2"), http.StatusUnprocessableEntity) // a new code
	is.Equal(api.spent(), 1)

	b.again("FR", "")
	isPage(t, b.back("code-1"), http.StatusUnprocessableEntity) // a new state with the old code, which Amazon refuses
	is.Equal(api.spent(), 1)
	isPage(t, b.back("code-3"), http.StatusOK) // and that did not use the state up
	is.Equal(len(s.statusOf(t, "t1")["authorizations"].([]any)), 1)
}

// Programs that look at a link before a person opens it ask with HEAD.
func TestAskingForTheHeadUsesNothingUp(t *testing.T) {
	t.Parallel()
	api := newAmazon()
	is, s := is.New(t), newStage(t, withAmazon(api))
	b := s.begin(t, "t1", "FR", "")
	a := s.call(t, http.MethodHead, callback+"?"+b.query("code-1").Encode(), "", anonymous, b.with)
	is.Equal(a.Code, http.StatusMethodNotAllowed)
	is.Equal(a.Header().Get("Allow"), "GET")
	is.Equal(api.spent(), 0)
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		is.Equal(s.call(t, method, callback+"?"+b.query("code-1").Encode(), "", anonymous, b.with).Code, http.StatusUnauthorized) // as all that is no route
	}
	isPage(t, b.back("code-1"), http.StatusOK)
}

// While Amazon or the store of secrets is away, nothing is used up.
func TestConsentIsTriedAgain(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	api := newAmazon()
	s := newStage(t, withAmazon(api))
	b := s.begin(t, "t1", "FR", "")
	api.fail = &domain.Error{Kind: domain.ErrUnavailable, Msg: "Amazon does not answer", RetryAfter: 90 * time.Second}
	a := b.back("code-1", header("Accept-Language", "fr"))
	isPage(t, a, http.StatusServiceUnavailable)
	is.Equal(a.Header().Get("Retry-After"), "90")
	is.True(strings.Contains(a.Body.String(), "Rechargez cette page"))
	is.True(strings.Contains(a.Body.String(), `lang="en">Amazon does not answer`)) // what we know, in the language that we know it in
	is.True(strings.Contains(a.Body.String(), a.Header().Get("X-Request-Id")))     // what to quote
	to := s.begin(t, "t1", "FR", goodTarget)
	is.True(strings.Contains(to.back("code-2").Header().Get("Location"), "reason=unavailable&result=failed"))
	api.fail = nil
	isPage(t, b.back("code-1"), http.StatusOK)
}

func TestReturnTargetsAreOnAList(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t, withAmazon(newAmazon()))
	for _, target := range []string{
		"https://evil.example/settings", "https://app.example.com.evil.example/settings", "https://app.example.com@evil.example/settings",
		"https://evil.example/https://app.example.com/settings", "https://evil.example#https://app.example.com/settings",
		"//evil.example/settings", "///evil.example", "/settings", "settings", `https:\\evil.example`, `https://app.example.com\@evil.example/settings`,
		"http://app.example.com/settings", "https://app.example.com:8443/settings", "https://app.example.com/", "https://app.example.com/settingsx",
		"https://app.example.com/settings/../admin", "https://app.example.com/settings/%2e%2e/admin", "https://app.example.com/settings/..%2fadmin",
		"https://app.example.com/settings//evil.example", "https://app.example.com/Settings", "javascript:alert(1)", "javascript://app.example.com/settings",
		"data:text/html,x", "https:app.example.com/settings", "https://app.example.com./settings", "https://user@app.example.com/settings",
		" https://app.example.com/settings", "https://app.example.com/settings\t", "https://app.example.com/settings?x=\u00e9", "https://аpp.example.com/settings",
		"https://app.example.com/settings/" + strings.Repeat("x", 3000), "http://127.0.0.1:4000/api/v1/tickets", "http://127.0.0.1:4001/dev",
		"http://[::1]:4000/dev", "https://app.example.com/settings/%00",
	} {
		for path, body := range map[string]map[string]string{connect: {"country": "FR"}, login: {"query": goodInvitation}} {
			body["returnTo"] = target
			a := s.call(t, http.MethodPost, path, marshal(t, body))
			if a.Code != http.StatusBadRequest || a.Header().Get("Set-Cookie") != "" {
				t.Errorf("%s: %q: %d %s", path, target, a.Code, a.Body)
				continue
			}
			is.Equal(a.json()["errors"].([]any)[0].(map[string]any)["field"], "returnTo")
		}
	}
	is.Equal(s.statusOf(t, "t1")["status"], "DISCONNECTED") // nothing was begun
	for _, target := range []string{
		"https://app.example.com/settings", "https://app.example.com/settings/", "https://app.example.com/settings/a/b?x=1#top",
		"HTTPS://APP.EXAMPLE.COM/settings", "http://127.0.0.1:4000/dev",
	} {
		is.Equal(s.call(t, http.MethodPost, connect, marshal(t, map[string]string{"country": "FR", "returnTo": target})).Code, http.StatusOK)
	}
	// Without a country there is nowhere to consent, and so nowhere to come back from.
	a := s.call(t, http.MethodPost, connect, `{"returnTo":"`+goodTarget+`"}`)
	is.Equal(a.Code, http.StatusBadRequest)
	is.Equal(a.json()["errors"].([]any)[0].(map[string]any)["field"], "country")
}

// What the target had in its query before is kept, and cannot speak for us.
func TestAReturnTargetCannotSayHowItEnded(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t, withAmazon(newAmazon()))
	b := s.begin(t, "t1", "FR", "https://app.example.com/settings?result=connected&result=connected&tab=a%26b#part")
	q := b.query("")
	u, err := url.Parse(b.come(q).Header().Get("Location"))
	is.NoErr(err)
	is.Equal(u.Query(), url.Values{"result": {"failed"}, "reason": {"rejected"}, "marketplace": {"amazon"}, "tab": {"a&b"}})
	is.Equal(u.Fragment, "part")
}
