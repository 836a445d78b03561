package spapi_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/spapi"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

var state = domain.NewSecret("state-of-ours")

func TestEveryCountryHasItsConsentPage(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), play(t)
	n := 0
	for site := range domain.AmazonSites() {
		n++
		address, err := s.client.ConsentURL(site.Country, state)
		is.NoErr(err)
		u, err := url.Parse(address)
		is.NoErr(err)
		is.Equal(u.Scheme+"://"+u.Host+u.Path, "https://"+site.SellerCentral+"/apps/authorize/consent")
		is.Equal(u.Query(), url.Values{"application_id": {appID}, "state": {"state-of-ours"}, "redirect_uri": {redirectURI}})
	}
	is.Equal(n, 23)
	british, err := s.client.ConsentURL("uk", state) // as Amazon's own tables have it
	is.NoErr(err)
	is.True(strings.HasPrefix(british, "https://sellercentral-europe.amazon.com/"))
	_, err = s.client.ConsentURL("FR", domain.Secret{})
	is.True(errors.Is(err, domain.ErrInvalid))
}

func TestADraftIsAskedForAsOne(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), play(t, func(o *spapi.Options) { o.App.Draft = true })
	address, err := s.client.ConsentURL("FR", state)
	is.NoErr(err)
	is.True(strings.Contains(address, "version=beta"))
	i, err := s.client.Invited(invitation("https://sellercentral.amazon.com/apps/authorize/confirm/x"))
	is.NoErr(err)
	is.True(strings.Contains(s.client.AcceptURL(i, state), "version=beta"))
}

func invitation(callback string) url.Values {
	return url.Values{"amazon_callback_uri": {callback}, "amazon_state": {"state-of-theirs"}, "selling_partner_id": {"A3FHEXAMPLEYWS"}}
}

func TestInvited(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), play(t)
	const callback = "https://sellercentral-europe.amazon.com/apps/authorize/confirm/amzn1.sp.solution.1?x=1&state=old"
	i, err := s.client.Invited(invitation(callback))
	is.NoErr(err)
	is.Equal(i.State.Reveal(), "state-of-theirs")
	i.State = domain.Secret{}
	is.Equal(i, ports.Invitation{Region: "EU", SellerID: "A3FHEXAMPLEYWS", Callback: callback})
	i.State = domain.NewSecret("state-of-theirs")
	u, err := url.Parse(s.client.AcceptURL(i, state))
	is.NoErr(err)
	is.Equal(u.Host+u.Path, "sellercentral-europe.amazon.com/apps/authorize/confirm/amzn1.sp.solution.1")
	is.Equal(u.Query(), url.Values{"x": {"1"}, "amazon_state": {"state-of-theirs"}, "state": {"state-of-ours"}, "redirect_uri": {redirectURI}})
	draft := invitation(callback)
	draft.Set("version", "beta")
	i, err = s.client.Invited(draft)
	is.NoErr(err)
	is.True(i.Draft)
	is.True(strings.Contains(s.client.AcceptURL(i, state), "version=beta"))
}

func TestEverySellerCentralMayInvite(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), play(t)
	for site := range domain.AmazonSites() {
		i, err := s.client.Invited(invitation("https://" + site.SellerCentral + "/apps/authorize/confirm/a"))
		is.NoErr(err)
		is.Equal(i.Region, site.Region)
	}
}

func TestNobodyElseMayInvite(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), play(t)
	const good = "https://sellercentral.amazon.com/apps/authorize/confirm/a"
	for _, callback := range []string{
		"", "sellercentral.amazon.com/a", "//sellercentral.amazon.com/a", "/apps/authorize", "https:sellercentral.amazon.com/a",
		"http://sellercentral.amazon.com/a", "HTTPS://sellercentral.amazon.com/a", "ftp://sellercentral.amazon.com/a",
		"https://evil.example/a", "https://sellercentral.amazon.com.evil.example/a", "https://evil.example/sellercentral.amazon.com/",
		"https://evilsellercentral.amazon.com/a", "https://sellercentral.amazon.co/a", "https://amazon.com/a", "https://www.amazon.com/a",
		"https://sellercentral.amazon.com:443/a", "https://sellercentral.amazon.com:8443/a", "https://sellercentral.amazon.com./a",
		"https://sellercentral.amazon.com@evil.example/a", "https://user:word@sellercentral.amazon.com/a", "https://@sellercentral.amazon.com/a",
		`https://evil.example\@sellercentral.amazon.com/a`, `https:\\sellercentral.amazon.com\a`, `https://sellercentral.amazon.com\.evil.example/a`,
		"https://sellercentral.amazon.com%2eevil.example/a", "https://sellercentral.amazon.com%00.evil.example/a",
		"https://sellercentral.amazon.com%40evil.example/a", "https://sellercentral.amazon.com#@evil.example/a", "https://sellercentral.amazon.com/a#frag",
		"https://sellercentral.amazon.com?@evil.example/a", "https://evil.example?https://sellercentral.amazon.com/",
		" " + good, good + "\r\nLocation: https://evil.example", "https://seller\tcentral.amazon.com/a", good + "\x00", "https://sellercentral.amazon.com\u3002evil.example/a",
		"https://s\u0435llercentral.amazon.com/a", "javascript:alert(1)//https://sellercentral.amazon.com/", "data:text/html,x",
		"https://[::1]/a", "https://sellercentral.amazon.com/" + strings.Repeat("a", 3000),
	} {
		_, err := s.client.Invited(invitation(callback))
		if !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("%q is taken", callback)
		}
		is.Equal(s.client.AcceptURL(ports.Invitation{Callback: callback}, state), "") // nor by who did not ask
	}
	for name, change := range map[string]func(url.Values){
		"two callbacks":       func(q url.Values) { q.Add("amazon_callback_uri", "https://evil.example/") },
		"no state":            func(q url.Values) { q.Del("amazon_state") },
		"two states":          func(q url.Values) { q.Add("amazon_state", "b") },
		"a long state":        func(q url.Values) { q.Set("amazon_state", strings.Repeat("a", 3000)) },
		"no seller":           func(q url.Values) { q.Del("selling_partner_id") },
		"no seller's id":      func(q url.Values) { q.Set("selling_partner_id", "a<script>") },
		"a seller's long id":  func(q url.Values) { q.Set("selling_partner_id", strings.Repeat("A", 40)) },
		"a seller's path":     func(q url.Values) { q.Set("selling_partner_id", "../../A") },
		"an empty callback":   func(q url.Values) { q.Set("amazon_callback_uri", "") },
		"an unparsable place": func(q url.Values) { q.Set("amazon_callback_uri", "https://sellercentral.amazon.com/%zz") },
	} {
		q := invitation(good)
		change(q)
		_, err := s.client.Invited(q)
		if !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("%s is taken", name)
		}
	}
}

// With a stand-in all pages are the stand-in's, and none of Amazon's.
func TestAStandInHasAllConsentPages(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), play(t, func(o *spapi.Options) { o.Endpoints.Consent = "http://127.0.0.1:4711" })
	address, err := s.client.ConsentURL("FR", state)
	is.NoErr(err)
	is.True(strings.HasPrefix(address, "http://127.0.0.1:4711/sellercentral-europe.amazon.com/apps/authorize/consent?"))
	i, err := s.client.Invited(invitation("http://127.0.0.1:4711/sellercentral.amazon.com.mx/apps/authorize/confirm/a"))
	is.NoErr(err)
	is.Equal(i.Region, "NA")
	is.True(strings.HasPrefix(s.client.AcceptURL(i, state), "http://127.0.0.1:4711/sellercentral.amazon.com.mx/apps/authorize/confirm/a?"))
	for _, callback := range []string{
		"https://sellercentral.amazon.com/a", "http://127.0.0.1:47111/sellercentral.amazon.com/a", "http://127.0.0.1:4711/evil.example/a",
		"http://127.0.0.1:4711@evil.example/sellercentral.amazon.com/a",
	} {
		_, err := s.client.Invited(invitation(callback))
		is.True(errors.Is(err, domain.ErrInvalid))
	}
}
