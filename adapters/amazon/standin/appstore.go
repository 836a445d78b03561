package standin

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// invitationLife is how long an application may take to send a seller back to Seller Central.
const invitationLife = 30 * time.Minute

// serveAppstore is the application's page in Amazon's Appstore, where sellers authorize it, for the first time or again. Here it also
// stands for the page where they withdraw that.
func (a *Amazon) serveAppstore(w http.ResponseWriter, r *http.Request, p place) {
	app := a.application()
	choices := a.choices(p.region, "")
	if r.Method != http.MethodPost {
		shown := page{Kind: "appstore", Title: app.Name, Application: app, Choices: choices, Roles: roleTexts}
		if len(choices) > 0 {
			shown.Chosen = choices[0].Value()
		}
		if login, err := url.Parse(app.LoginURI); err == nil {
			shown.Target = login.Host
		}
		shown.write(w, http.StatusOK)
		return
	}
	i := slices.IndexFunc(choices, func(o choice) bool { return o.Value() == r.PostFormValue("account") })
	if i < 0 {
		refusal{Text: "Choose one of the accounts."}.write(w, app)
		return
	}
	if r.PostFormValue("answer") == "withdraw" {
		a.Revoke(choices[i].Seller, choices[i].Region)
		page{Kind: "withdrawn", Title: "You withdrew your authorization", Application: app, Again: r.URL.RequestURI()}.write(w, http.StatusOK)
		return
	}
	base := "http://" + r.Host
	if r.TLS != nil || p.host != "" && p.base == "https://"+p.host {
		base = "https://" + r.Host
	}
	target, err := a.invite(app, choices[i], base)
	if err != nil {
		refusal{Text: err.Error()}.write(w, app)
		return
	}
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, target, http.StatusSeeOther)
}

// Invite does what a seller does who authorizes the application from the Appstore: it returns where on the application's side Amazon
// sends the browser. region "" is the first where the seller sells.
func (a *Amazon) Invite(seller, region string) (loginURL string, err error) {
	choices := a.choices(region, seller)
	if seller == "" || len(choices) == 0 {
		return "", errors.New("the seller has no account there")
	}
	return a.invite(a.application(), choices[0], a.URL())
}

// invite makes the URL of an invitation. base is where this stand-in is.
func (a *Amazon) invite(app Application, o choice, base string) (string, error) {
	if app.LoginURI == "" {
		return "", errors.New("the application has no Login URI: it is not in the Appstore")
	}
	target, err := url.Parse(app.LoginURI)
	if err != nil {
		return "", err
	}
	s, _ := a.seller(o.Seller)
	host := ""
	for _, m := range s.in(o.Region) {
		if site, err := domain.AmazonSiteByID(m.ID); err == nil {
			host = site.SellerCentral
			break
		}
	}
	callback := base + sellerCentralAt + host + invitedPath + url.PathEscape(app.ID)
	if base == "https://"+host {
		callback = base + invitedPath + url.PathEscape(app.ID)
	}
	q := target.Query()
	q.Set("amazon_callback_uri", callback)
	q.Set("amazon_state", a.seal(statePrefix, token{Seller: o.Seller, Region: o.Region, Ends: a.now().Add(invitationLife).UnixNano()}))
	q.Set("selling_partner_id", o.Seller)
	if app.Draft {
		q.Set("version", "beta")
	}
	target.RawQuery = q.Encode()
	return target.String(), nil
}
