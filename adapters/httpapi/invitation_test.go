package httpapi_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/httpapi"
)

func marshal(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A seller who begins at Amazon is sent to sign in, and from there back to Amazon.
func TestASellerComesFromAmazon(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t, withAmazon(newAmazon()))
	a := s.get(t, login+"?"+goodInvitation+"&version=beta", anonymous)
	is.Equal(a.Code, http.StatusSeeOther)
	is.Equal(a.Header().Get("Location"), "https://app.example.com/sign-in?from=amazon&"+goodInvitation+"&version=beta")
	is.Equal(a.Header().Get("Set-Cookie"), "")
	is.Equal(s.statusOf(t, "t1")["status"], "DISCONNECTED") // nothing was begun yet

	b := &browser{t: t, s: s, tenant: "t1"}
	accepted := s.call(t, http.MethodPost, login, marshal(t, map[string]string{"query": goodInvitation + "&version=beta", "returnTo": goodTarget}))
	is.Equal(accepted.Code, http.StatusOK)
	b.takeIn(accepted)
	u, err := url.Parse(accepted.json()["authorizationUrl"].(string))
	is.NoErr(err)
	is.Equal(u.Host, "sellercentral-europe.amazon.com")
	is.Equal(u.Query().Get("amazon_state"), "their-state")
	is.Equal(u.Query().Get("version"), "beta")

	wrong := b.query("code-1")
	wrong.Set("selling_partner_id", "A3OTHER")
	is.True(strings.Contains(b.come(wrong).Header().Get("Location"), "result=failed")) // another account than the one that was invited
	is.True(strings.Contains(b.back("code-1").Header().Get("Location"), "result=connected"))
	is.Equal(s.statusOf(t, "t1")["authorizations"].([]any)[0].(map[string]any)["region"], "EU")
}

func TestOnlyAmazonInvites(t *testing.T) {
	t.Parallel()
	with := func(callback string) string {
		q, err := url.ParseQuery(goodInvitation)
		if err != nil {
			t.Fatal(err)
		}
		q.Set("amazon_callback_uri", callback)
		return q.Encode()
	}
	bad := map[string]string{
		"nothing":          "",
		"no callback":      "amazon_state=s&selling_partner_id=A2SELLER",
		"no state":         strings.Replace(goodInvitation, "amazon_state", "state", 1),
		"no seller":        strings.Replace(goodInvitation, "selling_partner_id", "seller", 1),
		"two callbacks":    goodInvitation + "&amazon_callback_uri=https%3A%2F%2Fevil.example%2F",
		"a broken escape":  goodInvitation + "&x=%zz",
		"a semicolon":      goodInvitation + ";x=1",
		"an odd character": goodInvitation + "&x=\u00e9",
	}
	for _, target := range []string{
		"https://evil.example/", "https://sellercentral.amazon.com.evil.example/x", "https://sellercentral.amazon.com@evil.example/x",
		"http://sellercentral.amazon.com/x", "//sellercentral.amazon.com/x", "https://sellercentral.amazon.com:8443/x", `https://evil.example\@sellercentral.amazon.com/x`,
		`https://evil.example\.sellercentral.amazon.com/x`, "https://evil.example/?https://sellercentral.amazon.com/", "https://evil.example#sellercentral.amazon.com",
		"https://www.amazon.com/ap/signin", "https://amazon.com/x", "javascript:alert(1)//sellercentral.amazon.com/", "https://sellercentral.amazon.com%2eevil.example/x",
		"https://sellercentral.amazon.com\tevil.example/x", "/apps/authorize/confirm", "https:sellercentral.amazon.com/x", "https://ѕellercentral.amazon.com/x",
	} {
		bad["callback "+target] = with(target)
	}
	is, s := is.New(t), newStage(t, withAmazon(newAmazon()))
	for name, query := range bad {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			a := s.call(t, method, login, "", anonymous, func(r *http.Request) { r.URL.RawQuery = query })
			if a.Code != http.StatusBadRequest || a.Header().Get("Location") != "" {
				t.Errorf("%s: %s: %d, to %s", name, method, a.Code, a.Header().Get("Location"))
			}
		}
		a := s.call(t, http.MethodPost, login, marshal(t, map[string]string{"query": query}))
		if a.Code != http.StatusBadRequest || a.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s: %d %s", name, a.Code, a.Body)
			continue
		}
		is.Equal(a.json()["errors"].([]any)[0].(map[string]any)["field"], "query")
	}
	is.Equal(s.statusOf(t, "t1")["status"], "DISCONNECTED") // nothing was begun
}

func TestInvitationsThatLeadNowhere(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := newStage(t, withAmazon(newAmazon()), func(u *setup) { u.signIn = "" })
	a := s.get(t, login+"?"+goodInvitation, anonymous)
	is.Equal(a.Code, http.StatusForbidden)
	is.True(strings.Contains(a.json()["detail"].(string), "AMAZON_SPAPI_SIGN_IN_URL")) // what the operator must set
	is.True(!strings.Contains(a.Body.String(), "their-state"))
	is.Equal(s.get(t, login, anonymous).Code, http.StatusBadRequest) // what is none is told apart first
	is.Equal(s.get(t, "/api/v1/marketplaces/ebay/oauth/login?"+goodInvitation, anonymous).Code, http.StatusNotFound)
	is.Equal(s.get(t, "/api/v1/marketplaces/fnac/oauth/login?"+goodInvitation, anonymous).Code, http.StatusForbidden)
	is.Equal(s.get(t, "/api/v1/marketplaces/ebay/oauth/callback", anonymous).Code, http.StatusNotFound)

	// Where sellers cannot authorize us at all.
	s = newStage(t)
	is.Equal(s.get(t, login+"?"+goodInvitation, anonymous).Code, http.StatusForbidden)
	is.Equal(s.call(t, http.MethodPost, login, marshal(t, map[string]string{"query": goodInvitation})).Code, http.StatusForbidden)
	_, there := s.call(t, http.MethodPost, connect, `{"country":"FR"}`).json()["authorizationUrl"]
	is.True(!there)
	isPage(t, s.get(t, callback+"?state=x", anonymous), http.StatusUnprocessableEntity)
}

func TestCheckSignIn(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for _, good := range []string{"https://app.example.com/sign-in", "http://127.0.0.1:4000/dev", "https://app.example.com/?x=1"} {
		is.NoErr(httpapi.CheckSignIn(good))
	}
	for _, bad := range []string{"", "app.example.com", "/sign-in", "ftp://app.example.com", "https://", "https://user:hunter2@app.example.com/", "https://app.example.com/#x", "https://app.example.com/a b"} {
		err := httpapi.CheckSignIn(bad)
		is.True(err != nil)
		is.True(!strings.Contains(err.Error(), "hunter2"))
	}
}
