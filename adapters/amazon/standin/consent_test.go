package standin_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/standin"
)

const europe = "sellercentral-europe.amazon.com"

// consentURL is where the application sends a seller; change may break it.
func (s *stage) consentURL(change func(url.Values)) string {
	q := url.Values{"application_id": {s.app.ID}, "state": {"our state"}, "version": {"beta"}, "redirect_uri": {callback}}
	if change != nil {
		change(q)
	}
	return s.SellerCentralURL(europe) + "/apps/authorize/consent?" + q.Encode()
}

func queryOf(t testing.TB, to string) url.Values {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

func TestConsent(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t)
	to := s.consentURL(nil)
	page := s.do(s.request(http.MethodGet, to, ""))
	is.Equal(page.status, http.StatusOK)
	for _, text := range []string{"Stand-in for Amazon Seller Central", "nothing here is real", s.app.Name, "Maison Démo SARL", demo, "127.0.0.1:4000", "Confirm", "Cancel", "Europe", "FR, ES, GB, DE"} {
		is.True(strings.Contains(page.text, text)) // the seller sees who asks for what
	}
	confirmed := s.form(to, url.Values{"account": {demo + " EU"}, "answer": {"confirm"}})
	is.Equal(confirmed.status, http.StatusSeeOther)
	back := confirmed.header.Get("Location")
	is.True(strings.HasPrefix(back, callback+"?"))
	q := queryOf(t, back)
	is.Equal(q.Get("state"), "our state")
	is.Equal(q.Get("selling_partner_id"), demo)
	is.Equal(s.login("grant_type", "authorization_code", "code", q.Get("spapi_oauth_code"), "redirect_uri", callback).status, http.StatusOK)
	is.Equal(confirmed.header.Get("Referrer-Policy"), "no-referrer")
}

func TestCancelledConsentStaysAtAmazon(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t)
	cancelled := s.form(s.consentURL(nil), url.Values{"account": {demo + " EU"}, "answer": {"cancel"}})
	is.Equal(cancelled.status, http.StatusOK)
	is.Equal(cancelled.header.Get("Location"), "") // nobody hears of it
	is.True(strings.Contains(cancelled.text, "You did not authorize"))
}

func TestPagesAreStrict(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t)
	for _, to := range []string{s.consentURL(nil), s.consentURL(func(q url.Values) { q.Del("version") }), s.AppstoreURL()} {
		page := s.do(s.request(http.MethodGet, to, ""))
		policy := page.header.Get("Content-Security-Policy")
		_, style, _ := strings.Cut(page.text, "<style>")
		style, _, _ = strings.Cut(style, "</style>")
		sum := sha256.Sum256([]byte(style))
		is.True(strings.Contains(policy, "style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")) // the style that is there
		is.True(strings.HasPrefix(policy, "default-src 'none'"))
		is.True(!strings.Contains(page.text, "<script") && !strings.Contains(page.text, " src=") && !strings.Contains(page.text, "url(")) // and nothing else
		is.Equal(page.header.Get("Referrer-Policy"), "no-referrer")
	}
}

func TestConsentsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := set(t)
	for name, c := range map[string]struct {
		change func(url.Values)
		says   string
	}{
		"draft without beta":       {func(q url.Values) { q.Del("version") }, "MD1000"},
		"unregistered redirect":    {func(q url.Values) { q.Set("redirect_uri", callback+"/") }, "MD5101"},
		"redirect with a fragment": {func(q url.Values) { q.Set("redirect_uri", callback+"#x") }, "MD5110"},
		"client id":                {func(q url.Values) { q.Set("application_id", s.app.ClientID) }, "application_id"},
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			to := s.consentURL(c.change)
			page := s.do(s.request(http.MethodGet, to, ""))
			is.Equal(page.status, http.StatusBadRequest)
			is.True(strings.Contains(page.text, c.says))
			_, err := s.Confirm(to, demo)
			is.True(err != nil && strings.Contains(err.Error(), c.says)) // Confirm says the same
			is.Equal(s.form(to, url.Values{"account": {demo + " EU"}, "answer": {"confirm"}}).status, http.StatusBadRequest)
		})
	}
}

func TestConsentOfAPublishedApplication(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t, func(o *standin.Options) { o.Application.Draft = false })
	to, err := s.Confirm(s.consentURL(func(q url.Values) { q.Del("version"); q.Del("redirect_uri") }), "")
	is.NoErr(err)
	is.True(strings.HasPrefix(to, callback+"?")) // the first that is registered
}

func TestConsentIsForOneRegion(t *testing.T) {
	t.Parallel()
	global := standin.Seller{ID: "A2GLOBAL", Name: "Global", Marketplaces: standin.Marketplaces("G", "FR", "US", "JP")}
	is, s := is.New(t), set(t, func(o *standin.Options) { o.Sellers = []standin.Seller{global} })
	query := "?application_id=" + s.app.ID + "&version=beta"
	page := s.do(s.request(http.MethodGet, s.SellerCentralURL("sellercentral.amazon.com")+"/apps/authorize/consent"+query, ""))
	is.True(strings.Contains(page.text, "North America") && !strings.Contains(page.text, "Europe"))
	page = s.do(s.request(http.MethodGet, s.URL()+"/apps/authorize/consent"+query, ""))
	is.True(strings.Contains(page.text, "North America") && strings.Contains(page.text, "Europe")) // where no host says which, the seller chooses
	to, err := s.Confirm(s.SellerCentralURL("sellercentral.amazon.co.jp")+"/apps/authorize/consent"+query, "A2GLOBAL")
	is.NoErr(err)
	access := s.login("grant_type", "authorization_code", "code", queryOf(t, to).Get("spapi_oauth_code"), "redirect_uri", callback).at(t, "access_token")
	is.Equal(s.call(access, http.MethodGet, s.APIURL("FE")+participations, "").status, http.StatusOK)
	is.Equal(s.call(access, http.MethodGet, s.APIURL("NA")+participations, "").status, http.StatusForbidden)
	is.Equal(s.do(s.request(http.MethodGet, s.SellerCentralURL("evil.example")+"/apps/authorize/consent"+query, "")).status, http.StatusNotFound)
	_, err = s.Confirm(s.SellerCentralURL(europe)+"/apps/authorize/consent"+query, "A2NOBODY")
	is.True(err != nil) // nobody has such an account
}

func TestAppstore(t *testing.T) {
	t.Parallel()
	const login = "http://127.0.0.1:4000/amazon/login?from=appstore"
	is, s := is.New(t), set(t, func(o *standin.Options) { o.Application.LoginURI = login })
	is.True(strings.Contains(s.do(s.request(http.MethodGet, s.AppstoreURL(), "")).text, "Authorize now"))
	sent := s.form(s.AppstoreURL(), url.Values{"account": {demo + " EU"}})
	is.Equal(sent.status, http.StatusSeeOther)
	to := sent.header.Get("Location")
	is.True(strings.HasPrefix(to, "http://127.0.0.1:4000/amazon/login?"))
	q := queryOf(t, to)
	is.Equal([]string{q.Get("from"), q.Get("selling_partner_id"), q.Get("version")}, []string{"appstore", demo, "beta"})
	back := q.Get("amazon_callback_uri")
	is.Equal(back, s.SellerCentralURL(europe)+"/apps/authorize/confirm/"+s.app.ID)

	answer := url.Values{"amazon_state": {q.Get("amazon_state")}, "state": {"ours"}, "version": {"beta"}, "redirect_uri": {callback}}
	page := s.do(s.request(http.MethodGet, back+"?"+answer.Encode(), ""))
	is.True(page.status == http.StatusOK && strings.Contains(page.text, "Confirm")) // the same question
	confirmed := s.form(back+"?"+answer.Encode(), url.Values{"account": {demo + " EU"}, "answer": {"confirm"}})
	is.Equal(queryOf(t, confirmed.header.Get("Location")).Get("state"), "ours")

	forged := url.Values{"amazon_state": {q.Get("amazon_state") + "x"}, "version": {"beta"}}
	is.Equal(s.do(s.request(http.MethodGet, back+"?"+forged.Encode(), "")).status, http.StatusBadRequest)
	s.clock.pass(time.Hour)
	is.Equal(s.do(s.request(http.MethodGet, back+"?"+answer.Encode(), "")).status, http.StatusBadRequest) // too old
}

func TestInvite(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t)
	_, err := s.Invite(demo, "EU")
	is.True(err != nil) // it is not in the Appstore
	s.SetApplication(func(a *standin.Application) { a.LoginURI, a.Draft = "http://127.0.0.1:4000/login", false })
	to, err := s.Invite(demo, "EU")
	is.NoErr(err)
	q := queryOf(t, to)
	is.True(!q.Has("version")) // it is published
	back, err := s.Confirm(q.Get("amazon_callback_uri")+"?"+url.Values{"amazon_state": {q.Get("amazon_state")}, "state": {"ours"}}.Encode(), "")
	is.NoErr(err)
	is.Equal(queryOf(t, back).Get("selling_partner_id"), demo)
	_, err = s.Confirm(q.Get("amazon_callback_uri")+"?"+url.Values{"amazon_state": {q.Get("amazon_state")}}.Encode(), "A2OTHER")
	is.True(err != nil) // it is one seller's invitation
}

func TestWithdraw(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t, func(o *standin.Options) { o.Application.LoginURI = "http://127.0.0.1:4000/login" })
	access := s.access(demo, "EU")
	page := s.form(s.AppstoreURL(), url.Values{"account": {demo + " EU"}, "answer": {"withdraw"}})
	is.True(page.status == http.StatusOK && strings.Contains(page.text, "You withdrew"))
	is.Equal(s.get(access, participations).status, http.StatusForbidden)
}
