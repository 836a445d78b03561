package httpapi

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
)

// Two routes below apiBase need no token, because a marketplace sends browsers there, which bring none.
const (
	// loginPath passes a browser on to where its seller signs in. It reads no cookie and changes nothing.
	loginPath = browserPath + "/{marketplace}/oauth/login"
	// callbackPath takes a consent in. The state in its query and the browser's cookie stand for a token.
	callbackPath = browserPath + "/{marketplace}/oauth/callback"
)

// CheckSignIn checks the address of a page that sellers sign in on. domain.ErrInvalid if it cannot be one.
func CheckSignIn(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.Fragment != "" || hasOdd(address) {
		return domain.Errorf(domain.ErrInvalid, "give an http or https URL without user and fragment")
	}
	return nil
}

// openLogin answers a marketplace that wants its seller to authorize us: whose seller that is, only the operator's own pages can
// find out. They hand the query in at acceptInvitation.
func (s *Server) openLogin(w http.ResponseWriter, r *http.Request) error {
	marketplace, err := marketplaceOf(r)
	if err != nil {
		return err
	}
	query, err := queryOf(r)
	if err != nil {
		return err
	}
	if err := s.app.AcceptInvitation.CheckInvitation(marketplace, query); err != nil {
		return err
	}
	if s.signIn == "" {
		return domain.Errorf(domain.ErrForbidden, "nobody can sign in here: set AMAZON_SPAPI_SIGN_IN_URL to the page where sellers do")
	}
	separator := "?"
	if strings.Contains(s.signIn, "?") {
		separator = "&"
	}
	seeOther(w, s.signIn+separator+r.URL.RawQuery)
	return nil
}

// invitationBody is what a marketplace opened the sign-in page with, and where the browser is to go after the consent.
type invitationBody struct {
	Query    string `json:"query"`
	ReturnTo string `json:"returnTo"`
}

type invitationAnswer struct {
	AuthorizationURL string `json:"authorizationUrl"`
}

func (s *Server) acceptInvitation(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	marketplace, err := marketplaceOf(r)
	if err != nil {
		return err
	}
	var body invitationBody
	if err := readBody(w, r, &body); err != nil {
		return err
	}
	query, err := url.ParseQuery(strings.TrimPrefix(body.Query, "?"))
	if err != nil || hasOdd(body.Query) {
		return wrongField(http.StatusBadRequest, "query", "give it as it came")
	}
	browser := browserFor(r)
	target, err := s.app.AcceptInvitation.Run(r.Context(), app.AcceptInvitationCommand{
		Tenant: tenant, Marketplace: marketplace, Query: query, ReturnTo: body.ReturnTo, Browser: browser, By: exchangeOf(r).subject,
	})
	if err != nil {
		return fieldRefusal(err, "query")
	}
	keepBrowser(w, browser)
	return writeJSON(w, invitationAnswer{target})
}

// finishConsent answers the browser that comes back from the marketplace, with a redirect or a page for people. What it comes
// with is in the query, which must go nowhere else. Asking with HEAD uses nothing up.
func (s *Server) finishConsent(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet {
		return &refusal{
			status: http.StatusMethodNotAllowed, detail: "this path has other methods: see the Allow header", header: http.Header{"Allow": {http.MethodGet}},
		}
	}
	marketplace, err := marketplaceOf(r)
	if err != nil {
		return err
	}
	end, err := s.consentEnd(r, marketplace)
	x := exchangeOf(r)
	x.tenant = end.Connection.Tenant
	outcome := problem{Status: http.StatusOK}
	result := url.Values{"result": {resultConnected}}
	if err != nil {
		outcome = s.problemFor(r, err)
		result = url.Values{"result": {resultFailed}, "reason": {problemTypes[outcome.Status].name}}
	}
	if back := withResult(end.ReturnTo, marketplace, result); back != "" {
		seeOther(w, back)
		return nil
	}
	writeConsentPage(w, r, marketplace, outcome)
	return nil
}

// What the page that a browser returns to is told.
const (
	resultConnected = "connected"
	resultFailed    = "failed"
)

// sellerForm is how what marketplaces call their sellers looks.
var sellerForm = regexp.MustCompile(`^[A-Za-z0-9._-]{0,64}$`)

// maxCode is the longest code that is handed on, in bytes: LWA's tokens have 2048 at most.
const maxCode = 2048

func (s *Server) consentEnd(r *http.Request, m domain.MarketplaceType) (end app.ConsentEnd, err error) {
	query, err := queryOf(r)
	if err != nil {
		return end, err
	}
	for _, name := range []string{"state", "selling_partner_id", "spapi_oauth_code"} {
		if len(query[name]) > 1 {
			return end, wrongField(http.StatusBadRequest, name, "give it once")
		}
	}
	state, seller, code := query.Get("state"), query.Get("selling_partner_id"), query.Get("spapi_oauth_code")
	switch {
	case state == "":
		return end, wrongField(http.StatusBadRequest, "state", "it is missing")
	case !sellerForm.MatchString(seller):
		return end, wrongField(http.StatusBadRequest, "selling_partner_id", "it is no such id")
	case len(code) > maxCode, hasOdd(code):
		return end, wrongField(http.StatusBadRequest, "spapi_oauth_code", "it is no such code")
	}
	return s.app.FinishConsent.Run(r.Context(), app.FinishConsentCommand{
		Marketplace: m, State: domain.NewSecret(state), Code: domain.NewSecret(code), SellerID: seller, Browser: browserOf(r),
	})
}

// withResult adds how a consent ended to where the browser goes; "" if that is nowhere.
func withResult(target string, m domain.MarketplaceType, result url.Values) string {
	u, err := url.Parse(target)
	if err != nil || u.Host == "" {
		return ""
	}
	query := u.Query()
	query.Set("marketplace", m.Slug())
	for name := range result {
		query.Set(name, result.Get(name))
	}
	u.RawQuery = query.Encode()
	return u.String()
}

// queryOf reads the query of a request that a browser was sent with.
func queryOf(r *http.Request) (url.Values, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || hasOdd(r.URL.RawQuery) {
		return nil, &refusal{status: http.StatusBadRequest, detail: "the query cannot be read: check its escapes"}
	}
	return query, nil
}

// hasOdd reports whether text has more than ASCII's letters, digits and signs.
func hasOdd(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

// seeOther sends a browser on.
func seeOther(w http.ResponseWriter, location string) {
	w.Header().Set("Location", location)
	w.WriteHeader(http.StatusSeeOther)
}
