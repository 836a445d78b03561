package standin_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/standin"
)

const demo = standin.DemoSellerID

// code goes through the consent and returns its code.
func (s *stage) code() string {
	s.t.Helper()
	to, err := s.Confirm(s.consentURL(nil), demo)
	if err != nil {
		s.t.Fatal(err)
	}
	return queryOf(s.t, to).Get("spapi_oauth_code")
}

func TestCodeIsExchangedOnce(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t)
	code := s.code()
	a := s.login("grant_type", "authorization_code", "code", code, "redirect_uri", callback)
	is.Equal(a.status, http.StatusOK)
	is.True(strings.HasPrefix(a.at(t, "access_token"), "Atza|") && strings.HasPrefix(a.at(t, "refresh_token"), "Atzr|"))
	is.True(len(a.at(t, "access_token")) < 2048)
	is.Equal(a.at(t, "token_type")+a.at(t, "expires_in"), "bearer3600")
	is.Equal(a.header.Get("Cache-Control"), "no-store")
	is.Equal(s.get(a.at(t, "access_token"), participations).status, http.StatusOK) // the token works
	is.Equal(s.login("grant_type", "refresh_token", "refresh_token", a.at(t, "refresh_token")).status, http.StatusOK)

	again := s.login("grant_type", "authorization_code", "code", code, "redirect_uri", callback)
	is.Equal(again.status, http.StatusBadRequest)
	is.Equal(again.at(t, "error"), "invalid_grant")
	is.True(strings.HasSuffix(again.at(t, "error_description"), ": code")) // names what is wrong
}

func TestCodesThatAreNotGood(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t)
	old := s.code()
	s.clock.pass(5*time.Minute + time.Second)
	is.Equal(s.login("grant_type", "authorization_code", "code", old, "redirect_uri", callback).at(t, "error"), "invalid_grant")          // too old
	is.Equal(s.login("grant_type", "authorization_code", "code", s.code(), "redirect_uri", callback+"/").at(t, "error"), "invalid_grant") // led elsewhere
	is.Equal(s.login("grant_type", "authorization_code", "code", "ANinvented", "redirect_uri", callback).at(t, "error"), "invalid_grant")
}

func TestTokenErrors(t *testing.T) {
	t.Parallel()
	s := set(t)
	refresh := s.RefreshToken(demo, "EU")
	other := standin.New(standin.Options{Application: standin.Application{ClientID: "other"}}).RefreshToken(demo, "EU")
	for name, c := range map[string]struct {
		fields      []string
		status      int
		error, says string
	}{
		"unknown client":          {[]string{"client_id", "nobody"}, http.StatusUnauthorized, "invalid_client", ""},
		"wrong secret":            {[]string{"client_secret", "wrong"}, http.StatusUnauthorized, "invalid_client", ""},
		"no secret":               {[]string{"client_secret", ""}, http.StatusBadRequest, "invalid_request", "client_secret"},
		"no token":                {[]string{"refresh_token", ""}, http.StatusBadRequest, "invalid_request", "refresh_token"},
		"no grant":                {[]string{"grant_type", ""}, http.StatusBadRequest, "invalid_request", "grant_type"},
		"unknown grant":           {[]string{"grant_type", "password"}, http.StatusBadRequest, "unsupported_grant_type", ""},
		"invented token":          {[]string{"refresh_token", "Atzr|invented"}, http.StatusBadRequest, "invalid_grant", "refresh_token"},
		"access token":            {[]string{"refresh_token", s.access(demo, "EU")}, http.StatusBadRequest, "invalid_grant", "refresh_token"},
		"token of another client": {[]string{"refresh_token", other}, http.StatusBadRequest, "unauthorized_client", ""},
		"unknown scope":           {[]string{"grant_type", "client_credentials", "scope", "everything"}, http.StatusBadRequest, "invalid_scope", "everything"},
		"no redirect URI":         {[]string{"grant_type", "authorization_code", "code", "AN"}, http.StatusBadRequest, "invalid_request", "redirect_uri"},
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			a := s.login(append([]string{"grant_type", "refresh_token", "refresh_token", refresh}, c.fields...)...)
			is.Equal(a.status, c.status)
			is.Equal(a.at(t, "error"), c.error)
			is.True(strings.Contains(a.at(t, "error_description"), c.says))
			is.True(a.header.Get("x-amzn-RequestId") != "")
		})
	}
}

func TestTokenRequestsInOtherForms(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t)
	body := `{"grant_type":"refresh_token","refresh_token":"` + s.RefreshToken(demo, "EU") + `","client_id":"` + s.app.ClientID + `","client_secret":"` + s.app.Secrets[0] + `"}`
	r := s.request(http.MethodPost, s.TokenURL(), body)
	is.Equal(s.do(r).at(t, "error"), "invalid_request") // no Content-Type
	r = s.request(http.MethodPost, s.TokenURL(), body)
	r.Header.Set("Content-Type", "application/json")
	is.Equal(s.do(r).status, http.StatusOK) // JSON is taken too
	is.Equal(s.do(s.request(http.MethodGet, s.TokenURL(), "")).status, http.StatusMethodNotAllowed)
	is.Equal(s.call("", http.MethodPost, s.APIURL("EU")+"/auth/o2/token", "{}").at(t, "errors", 0, "code"), "MissingAuthenticationToken") // the wrong host
}

func TestTwoSecretsWorkWhileOneIsReplaced(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t)
	refresh := s.RefreshToken(demo, "EU")
	with := func(secret string) int {
		return s.login("grant_type", "refresh_token", "refresh_token", refresh, "client_secret", secret).status
	}
	first := s.app.Secrets[0]
	s.SetApplication(func(a *standin.Application) { a.Secrets = append(a.Secrets, "second") })
	is.Equal([]int{with(first), with("second")}, []int{200, 200})
	s.SetApplication(func(a *standin.Application) { a.Secrets = []string{"second"} })
	is.Equal([]int{with(first), with("second")}, []int{401, 200}) // and the refresh token survives
}

func TestTokensEndWhenTheyShould(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t)
	s.SetTokenLife(90 * time.Second)
	refresh := s.RefreshToken(demo, "EU")
	a := s.login("grant_type", "refresh_token", "refresh_token", refresh)
	is.Equal(a.at(t, "expires_in"), "90")
	s.clock.pass(90 * time.Second)
	is.Equal(s.get(a.at(t, "access_token"), participations).status, http.StatusOK)
	s.clock.pass(time.Second)
	is.Equal(s.get(a.at(t, "access_token"), participations).at(t, "errors", 0, "details"), "The access token you provided has expired.")

	s.clock.pass(365 * 24 * time.Hour) // an authorization is for a year
	is.Equal(s.login("grant_type", "refresh_token", "refresh_token", refresh).at(t, "error"), "invalid_grant")
}

func TestRevokedSeller(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t)
	refresh, access := s.RefreshToken(demo, "EU"), s.access(demo, "EU")
	s.Revoke(demo, "EU")
	a := s.login("grant_type", "refresh_token", "refresh_token", refresh)
	is.Equal(a.at(t, "error"), "invalid_grant")
	is.True(strings.Contains(a.at(t, "error_description"), "refresh_token"))
	cached := s.get(access, participations)
	is.Equal(cached.status, http.StatusForbidden)
	is.Equal(cached.at(t, "errors", 0, "details"), "The access token you provided is revoked, malformed or invalid.")
	is.Equal(s.get(s.access(demo, "EU"), participations).status, http.StatusOK)                                // whoever consents again is back
	is.Equal(s.login("grant_type", "refresh_token", "refresh_token", refresh).at(t, "error"), "invalid_grant") // and the old token is not
}

func TestRefreshTokensRotate(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t)
	use := func(refresh string) said { return s.login("grant_type", "refresh_token", "refresh_token", refresh) }
	first := s.RefreshToken(demo, "EU")
	is.Equal(use(first).at(t, "refresh_token"), first) // as Amazon does it
	s.Rotate(standin.RotateKeep)
	second := use(first).at(t, "refresh_token")
	is.True(second != first)
	is.Equal(use(first).status, http.StatusOK)
	s.Rotate(standin.RotateReplace)
	a := use(second)
	is.Equal(use(second).at(t, "error"), "invalid_grant")                          // replaced
	is.Equal(s.get(a.at(t, "access_token"), participations).status, http.StatusOK) // what it brought stays good
	is.Equal(use(a.at(t, "refresh_token")).status, http.StatusOK)
}

func TestTokensOutliveARestart(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	before := standin.New(standin.Options{Seed: 7}).RefreshToken(demo, "EU")
	s := set(t, func(o *standin.Options) { o.Seed = 7; o.Now = time.Now })
	is.Equal(s.login("grant_type", "refresh_token", "refresh_token", before).status, http.StatusOK)
	other := set(t, func(o *standin.Options) { o.Seed = 8; o.Now = time.Now })
	is.Equal(other.login("grant_type", "refresh_token", "refresh_token", before).at(t, "error"), "invalid_grant") // not its own
	s.Revoke(demo, "")
	is.Equal(s.login("grant_type", "refresh_token", "refresh_token", before).at(t, "error"), "invalid_grant") // revoked all the same
}

func TestTokensAreCounted(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t)
	s.access(demo, "EU")
	s.access(demo, "EU")
	s.grantless()
	s.login("grant_type", "refresh_token", "refresh_token", s.RefreshToken(demo, "EU"), "client_secret", "wrong")
	is.Equal(s.TokensIssued(demo), 2)
	is.Equal(s.TokensIssued(""), 2)
	is.Equal(s.Calls(standin.OperationToken, demo), 3) // the refused one too
	is.Equal(s.Calls(standin.OperationToken, ""), 4)
	is.Equal(s.Calls("", ""), 0) // it is no operation of the API
}
