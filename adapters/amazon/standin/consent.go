package standin

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	consentPath = "/apps/authorize/consent"
	invitedPath = "/apps/authorize/confirm/" // + application: where the application sends those on whom the Appstore sent to it
)

// consent is what a seller is asked.
type consent struct {
	app      Application
	region   string // "" for that of the account that is chosen
	seller   string // "" for any
	state    string
	redirect string
}

// consentOf reads what a browser was sent with.
func (a *Amazon) consentOf(p place, q url.Values) (consent, *refusal) {
	c := consent{app: a.application(), region: p.region, state: q.Get("state"), redirect: q.Get("redirect_uri")}
	id := q.Get("application_id")
	if invited, ok := strings.CutPrefix(p.path, invitedPath); ok {
		t, good := a.open(statePrefix, q.Get("amazon_state"))
		if !good || a.now().After(time.Unix(0, t.Ends)) || p.region != "" && t.Region != p.region {
			return c, &refusal{Text: "The amazon_state is not one that was given to the application, or is too old. Begin again in the Appstore."}
		}
		id, _ = url.PathUnescape(invited)
		c.region, c.seller = t.Region, t.Seller
	}
	switch {
	case id != c.app.ID:
		return c, &refusal{Text: "There is no application with this application_id. It is the id of the application, not that of its Login with Amazon client."}
	case c.app.Draft && q.Get("version") != "beta":
		return c, &refusal{"MD1000", "The application is a draft. Its consents need version=beta."}
	case strings.Contains(c.redirect, "#"):
		return c, &refusal{"MD5110", "The redirect_uri must not have a fragment."}
	case c.redirect != "" && !slices.Contains(c.app.RedirectURIs, c.redirect):
		return c, &refusal{"MD5101", "The redirect_uri is not exactly one of those that are registered for the application."}
	case c.redirect == "" && len(c.app.RedirectURIs) == 0:
		return c, &refusal{Text: "No redirect URI is registered for the application, and the consent names none."}
	case c.redirect == "":
		c.redirect = c.app.RedirectURIs[0]
	}
	return c, nil
}

// serveConsent asks the seller, and takes the answer.
func (a *Amazon) serveConsent(w http.ResponseWriter, r *http.Request, p place) {
	c, refused := a.consentOf(p, r.URL.Query())
	if refused != nil {
		refused.write(w, c.app)
		return
	}
	choices := a.choices(c.region, c.seller)
	if r.Method != http.MethodPost {
		c.page(choices).write(w, http.StatusOK)
		return
	}
	if r.PostFormValue("answer") != "confirm" { // Amazon tells the application nothing
		page{Kind: "cancelled", Title: "You did not authorize " + c.app.Name, Application: c.app, Again: r.URL.RequestURI()}.write(w, http.StatusOK)
		return
	}
	i := slices.IndexFunc(choices, func(o choice) bool { return o.Value() == r.PostFormValue("account") })
	if i < 0 {
		refusal{Text: "Choose one of the accounts."}.write(w, c.app)
		return
	}
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, a.confirm(c, choices[i]), http.StatusSeeOther)
}

// confirm returns where the application hears of a consent.
func (a *Amazon) confirm(c consent, o choice) string {
	target, err := url.Parse(c.redirect)
	if err != nil {
		return c.redirect
	}
	q := target.Query()
	if c.state != "" {
		q.Set("state", c.state)
	}
	q.Set("selling_partner_id", o.Seller)
	q.Set("spapi_oauth_code", a.newCode(account{o.Seller, o.Region}, c.redirect))
	target.RawQuery = q.Encode()
	return target.String()
}

// Confirm does what a seller does who is sent to consentURL and confirms: it returns where Amazon sends the browser then. It does not
// fetch it. With seller "" it is the account that the page proposes. It fails where Amazon would show an error.
func (a *Amazon) Confirm(consentURL, seller string) (callback string, err error) {
	u, err := url.Parse(consentURL)
	if err != nil {
		return "", err
	}
	p := a.placeOf(&http.Request{Host: u.Host, URL: u})
	if !p.pages || p.path != consentPath && !strings.HasPrefix(p.path, invitedPath) {
		return "", errors.New("this is no page to consent on")
	}
	c, refused := a.consentOf(p, u.Query())
	if refused != nil {
		return "", errors.New(strings.TrimSpace(refused.Code + " " + refused.Text))
	}
	if c.seller == "" {
		c.seller = seller
	}
	choices := a.choices(c.region, c.seller)
	if len(choices) == 0 || seller != "" && choices[0].Seller != seller {
		return "", errors.New("the seller has no account to choose there")
	}
	return a.confirm(c, choices[0]), nil
}

func (c consent) page(choices []choice) page {
	p := page{Kind: "consent", Title: "Authorize " + c.app.Name, Application: c.app, Choices: choices, Roles: roleTexts}
	if len(choices) > 0 {
		p.Chosen = choices[0].Value()
	}
	if target, err := url.Parse(c.redirect); err == nil {
		p.Target = target.Host
	}
	return p
}
