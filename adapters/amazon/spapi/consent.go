package spapi

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// ConsentURL implements ports.Authorizer: the consent page on the country's Seller Central.
func (c *Client) ConsentURL(country string, state domain.Secret) (string, error) {
	site, err := domain.AmazonSiteOf(country)
	if err != nil {
		return "", err
	}
	if state.IsZero() {
		return "", domain.Errorf(domain.ErrInvalid, "a consent needs a state")
	}
	q := url.Values{"application_id": {c.options.App.ID}, "state": {state.Reveal()}, "redirect_uri": {c.options.App.RedirectURI}}
	if c.options.App.Draft {
		q.Set("version", "beta")
	}
	return c.sellerCentral(site.SellerCentral) + "/apps/authorize/consent?" + q.Encode(), nil
}

// sellerCentral is where the pages of a Seller Central host are.
func (c *Client) sellerCentral(host string) string {
	if base := c.options.Endpoints.Consent; base != "" {
		return base + "/" + host
	}
	return "https://" + host
}

// errStranger is the answer to an invitation that is none of Amazon's.
var errStranger = domain.Errorf(domain.ErrInvalid, "this invitation does not come from Amazon")

// paramBound is how long a parameter of an invitation may be.
const paramBound = 2048

var sellerIDs = regexp.MustCompile(`^[A-Z0-9]{5,32}$`)

// Invited implements ports.Authorizer, for the Appstore workflow.
func (c *Client) Invited(query url.Values) (ports.Invitation, error) {
	for _, name := range []string{"amazon_callback_uri", "amazon_state", "selling_partner_id"} {
		if v := query[name]; len(v) != 1 || v[0] == "" || len(v[0]) > paramBound {
			return ports.Invitation{}, errStranger
		}
	}
	i := ports.Invitation{
		SellerID: query.Get("selling_partner_id"), Callback: query.Get("amazon_callback_uri"),
		State: domain.NewSecret(query.Get("amazon_state")), Draft: query.Get("version") == "beta",
	}
	if !sellerIDs.MatchString(i.SellerID) {
		return ports.Invitation{}, errStranger
	}
	_, region, err := c.callback(i.Callback)
	i.Region = region
	return i, err
}

// callback reads the address where an invited browser goes on. It must be on a Seller Central host, and it must be so for
// every browser, however that reads addresses: what could be read in two ways is refused.
func (c *Client) callback(address string) (u *url.URL, region string, err error) {
	if len(address) > paramBound {
		return nil, "", errStranger
	}
	for _, r := range address {
		if r <= ' ' || r > '~' || r == '\\' || r == '#' {
			return nil, "", errStranger
		}
	}
	u, err = url.Parse(address)
	if err != nil {
		return nil, "", errStranger
	}
	host := u.Host
	if base := c.options.Endpoints.Consent; base != "" {
		rest, ok := strings.CutPrefix(address, base+"/")
		if !ok {
			return nil, "", errStranger
		}
		host, _, _ = strings.Cut(rest, "/")
	} else if !strings.HasPrefix(address, "https://"+host+"/") {
		return nil, "", errStranger
	}
	region, err = domain.SellerCentralRegion(host)
	if err != nil {
		return nil, "", errStranger
	}
	return u, region, nil
}

// AcceptURL implements ports.Authorizer. It is "" for an invitation that Invited would not return.
func (c *Client) AcceptURL(i ports.Invitation, state domain.Secret) string {
	u, _, err := c.callback(i.Callback)
	if err != nil {
		return ""
	}
	q := u.Query()
	q.Set("amazon_state", i.State.Reveal())
	q.Set("state", state.Reveal())
	q.Set("redirect_uri", c.options.App.RedirectURI)
	if i.Draft || c.options.App.Draft {
		q.Set("version", "beta")
	}
	u.RawQuery = q.Encode()
	return u.String()
}
