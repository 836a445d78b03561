package porttest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// AuthorizerFixture is an Authorizer and a marketplace where the owner of the authorization's account can consent. The optional
// fields are what a marketplace may not have.
type AuthorizerFixture struct {
	APIFixture
	Authorizer ports.Authorizer
	Countries  []string // where the authorization's account takes part in marketplaces that package domain knows

	// Confirm does what the owner does who is sent to a page and consents there. It returns what the browser comes back with.
	Confirm func(t *testing.T, page string) (code, state domain.Secret)

	// Authorize is a new authorization of the account whose token is what Redeem returned.
	Authorize func(t *testing.T, token domain.SecretData) domain.AuthorizationState

	Invite func(t *testing.T) url.Values // optional: what the marketplace sends the owner's browser to us with
	Expire func(t *testing.T)            // optional: the codes of before are too old now
}

// TestAuthorizer checks an Authorizer against its contract. open is called once per subtest.
func TestAuthorizer(t *testing.T, open func(t *testing.T) AuthorizerFixture) {
	authorizerPages.check(t, open)
	authorizerCodes.check(t, open)
	participationRules.check(t, open)
	authorized(func(f AuthorizerFixture) APIFixture { return f.APIFixture }, func(ctx context.Context, f AuthorizerFixture) error {
		_, err := f.Authorizer.Participations(ctx, f.Authorization)
		return err
	}).check(t, open)
}

// oddState is a state that a URL must escape.
var oddState = domain.NewSecret("a+b/c=d&state=e #é%20?")

// stranger is the address of nobody that we know.
const stranger = "https://stranger.example/apps/authorize"

// consent has the owner consent for the account's first country, and returns the code.
func (f AuthorizerFixture) consent(t *testing.T) domain.Secret {
	t.Helper()
	page, err := f.Authorizer.ConsentURL(f.Countries[0], oddState)
	is.New(t).NoErr(err)
	code, _ := f.Confirm(t, page)
	return code
}

// authorizerPages are about where browsers are sent.
var authorizerPages = rules[AuthorizerFixture]{
	"sellers consent where ConsentURL says, and bring the state back": func(t *testing.T, f AuthorizerFixture) {
		is := is.New(t)
		for _, state := range []domain.Secret{oddState, domain.NewNonce()} {
			for _, country := range f.Countries {
				page, err := f.Authorizer.ConsentURL(country, state)
				is.NoErr(err)
				u, err := url.Parse(page)
				is.NoErr(err)
				is.True(u.IsAbs())
				code, back := f.Confirm(t, page)
				is.True(!code.IsZero())
				is.Equal(back.Reveal(), state.Reveal())
			}
		}
	},
	"a country that the marketplace does not have is ErrInvalid": func(t *testing.T, f AuthorizerFixture) {
		is := is.New(t)
		for _, country := range []string{"", "XX", "F", f.Countries[0] + "/../../stranger", awkward} {
			page, err := f.Authorizer.ConsentURL(country, oddState)
			is.Equal(domain.KindOf(err), domain.ErrInvalid) // there is no default
			is.Equal(page, "")
		}
	},
	"an invited browser goes on where it was asked to, with our state": func(t *testing.T, f AuthorizerFixture) {
		if f.Invite == nil {
			return
		}
		is := is.New(t)
		i, err := f.Authorizer.Invited(f.Invite(t))
		is.NoErr(err)
		is.Equal(i.Region, f.Authorization.Region)
		is.Equal(i.SellerID, f.Authorization.SellerID)
		code, back := f.Confirm(t, f.Authorizer.AcceptURL(i, oddState))
		is.Equal(back.Reveal(), oddState.Reveal())
		token, err := f.Authorizer.Redeem(t.Context(), code)
		is.NoErr(err)
		_, err = f.Authorizer.Participations(t.Context(), f.Authorize(t, token))
		is.NoErr(err)
	},
	"an invitation that is none of the marketplace's is ErrInvalid": func(t *testing.T, f AuthorizerFixture) {
		is := is.New(t)
		for _, query := range []url.Values{nil, {}, {"": {""}}, {"a": {"b"}, "callback": {stranger}, "amazon_callback_uri": {stranger}}} {
			i, err := f.Authorizer.Invited(query)
			is.Equal(domain.KindOf(err), domain.ErrInvalid)
			is.Equal(i, ports.Invitation{})
		}
	},
	"a callback anywhere else is ErrInvalid": func(t *testing.T, f AuthorizerFixture) {
		if f.Invite == nil {
			return
		}
		is := is.New(t)
		query := f.Invite(t)
		good, err := f.Authorizer.Invited(query)
		is.NoErr(err)
		u, err := url.Parse(good.Callback)
		is.NoErr(err)
		name := ""
		for n, values := range query {
			if slices.Equal(values, []string{good.Callback}) {
				name = n
			}
		}
		is.True(name != "") // the parameter that is the callback
		for _, callback := range []string{
			"", stranger, "//" + u.Host + u.Path, u.Path, "javascript:alert(1)//" + good.Callback, stranger + "?" + good.Callback,
			u.Scheme + "://" + u.Host + ".stranger.example" + u.Path, u.Scheme + "://" + u.Host + "@stranger.example" + u.Path,
			u.Scheme + `://stranger.example\@` + u.Host + u.Path, " " + good.Callback, good.Callback + "\r\nLocation: " + stranger,
		} {
			query.Set(name, callback)
			_, err := f.Authorizer.Invited(query)
			if domain.KindOf(err) != domain.ErrInvalid {
				t.Errorf("%q is taken: %v", callback, err)
			}
		}
		query[name] = []string{good.Callback, stranger}
		_, err = f.Authorizer.Invited(query)
		is.Equal(domain.KindOf(err), domain.ErrInvalid) // one of two is not chosen for us
	},
	"pages are found without asking anybody": func(t *testing.T, f AuthorizerFixture) {
		is := is.New(t)
		query := url.Values{}
		if f.Invite != nil {
			query = f.Invite(t)
		}
		before := asked(f.APIFixture)
		_, err := f.Authorizer.ConsentURL(f.Countries[0], oddState)
		is.NoErr(err)
		if i, err := f.Authorizer.Invited(query); err == nil {
			_ = f.Authorizer.AcceptURL(i, oddState)
		}
		is.Equal(asked(f.APIFixture), before)
	},
}

// authorizerCodes are about exchanging what a consent brought.
var authorizerCodes = rules[AuthorizerFixture]{
	"a code brings a token that calls are made with": func(t *testing.T, f AuthorizerFixture) {
		is := is.New(t)
		token, err := f.Authorizer.Redeem(t.Context(), f.consent(t))
		is.NoErr(err)
		is.True(len(token) > 0)
		_, err = f.Authorizer.Participations(t.Context(), f.Authorize(t, token))
		is.NoErr(err)
	},
	"a code is good for one exchange": func(t *testing.T, f AuthorizerFixture) {
		is, code := is.New(t), f.consent(t)
		_, err := f.Authorizer.Redeem(t.Context(), code)
		is.NoErr(err)
		token, err := f.Authorizer.Redeem(t.Context(), code)
		is.Equal(domain.KindOf(err), domain.ErrRejected)
		is.Equal(len(token), 0)
		is.True(!strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), code.Reveal()))
	},
	"of many who exchange a code at once one gets a token": func(t *testing.T, f AuthorizerFixture) {
		is, code, got := is.New(t), f.consent(t), 0
		for _, err := range together(4, func(int) error {
			_, err := f.Authorizer.Redeem(t.Context(), code)
			return err
		}) {
			if err == nil {
				got++
				continue
			}
			is.Equal(domain.KindOf(err), domain.ErrRejected)
		}
		is.Equal(got, 1)
	},
	"a code that nobody gave is ErrRejected": func(t *testing.T, f AuthorizerFixture) {
		is := is.New(t)
		_, err := f.Authorizer.Redeem(t.Context(), domain.NewSecret(hidden))
		is.Equal(domain.KindOf(err), domain.ErrRejected)
		is.True(!tells(err))
	},
	"a code that is too old is ErrRejected": func(t *testing.T, f AuthorizerFixture) {
		if f.Expire == nil {
			return
		}
		is, code := is.New(t), f.consent(t)
		f.Expire(t)
		_, err := f.Authorizer.Redeem(t.Context(), code)
		is.Equal(domain.KindOf(err), domain.ErrRejected)
	},
	"an exchange that fails is not tried again by itself": func(t *testing.T, f AuthorizerFixture) {
		if f.Fail == nil || f.Asked == nil {
			return
		}
		is, code := is.New(t), f.consent(t)
		defer f.Fail(t)()
		before := f.Asked()
		_, err := f.Authorizer.Redeem(t.Context(), code)
		is.Equal(domain.KindOf(err), domain.ErrUnavailable)
		is.Equal(f.Asked(), before+1)
		is.True(!strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), code.Reveal()))
	},
	"an exchange with credentials of ours that are refused is ErrUnavailable and an alarm": func(t *testing.T, f AuthorizerFixture) {
		if f.Disown == nil {
			return
		}
		is, code := is.New(t), f.consent(t)
		f.Disown(t)
		_, err := f.Authorizer.Redeem(t.Context(), code)
		is.Equal(domain.KindOf(err), domain.ErrUnavailable) // never the seller's trouble
		is.True(f.Alarmed() > 0)
	},
	"a cancelled context passes as it is and uses no code up": func(t *testing.T, f AuthorizerFixture) {
		is, code := is.New(t), f.consent(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := f.Authorizer.Redeem(ctx, code)
		is.True(errors.Is(err, context.Canceled) && !errors.Is(err, domain.ErrUnavailable))
		_, err = f.Authorizer.Redeem(t.Context(), code)
		is.NoErr(err)
	},
	"who consents again after a withdrawal is served again": func(t *testing.T, f AuthorizerFixture) {
		if f.Withdraw == nil {
			return
		}
		is := is.New(t)
		f.Withdraw(t)
		_, err := f.Authorizer.Participations(t.Context(), f.Authorization)
		is.Equal(domain.KindOf(err), domain.ErrRejected)
		token, err := f.Authorizer.Redeem(t.Context(), f.consent(t))
		is.NoErr(err)
		_, err = f.Authorizer.Participations(t.Context(), f.Authorize(t, token))
		is.NoErr(err)
	},
}

// participationRules are about what an account takes part in.
var participationRules = rules[AuthorizerFixture]{
	"an account takes part in the marketplaces that are known, each named once": func(t *testing.T, f AuthorizerFixture) {
		is := is.New(t)
		got, err := f.Authorizer.Participations(t.Context(), f.Authorization)
		is.NoErr(err)
		var countries []string
		ids := map[string]bool{}
		for _, p := range got {
			countries = append(countries, p.Country)
			is.True(p.MarketplaceID != "" && !ids[p.MarketplaceID])
			ids[p.MarketplaceID] = true
			is.Equal(p.Region, f.Authorization.Region)
		}
		slices.Sort(countries)
		is.Equal(countries, slices.Sorted(slices.Values(f.Countries)))
	},
}
