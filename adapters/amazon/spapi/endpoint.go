package spapi

import (
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/keybuzzio/marketplaces/domain"
)

// Endpoints are where Amazon is. Addresses have no slash at their end.
type Endpoints struct {
	Token string            // of Login with Amazon, for all regions
	API   map[string]string // by region: NA, EU and FE

	// Consent takes the place of the countries' Seller Central hosts when it is not "": the page of a host is then
	// Consent + "/" + host + "/apps/authorize/consent", and callbacks of the Appstore workflow begin so too. For stand-ins.
	Consent string
}

// Production is where sellers are.
func Production() Endpoints {
	return Endpoints{Token: tokenURL, API: map[string]string{
		"NA": "https://sellingpartnerapi-na.amazon.com",
		"EU": "https://sellingpartnerapi-eu.amazon.com",
		"FE": "https://sellingpartnerapi-fe.amazon.com",
	}}
}

// Sandbox gives fixed answers to fixed questions.
func Sandbox() Endpoints {
	return Endpoints{Token: tokenURL, API: map[string]string{
		"NA": "https://sandbox.sellingpartnerapi-na.amazon.com",
		"EU": "https://sandbox.sellingpartnerapi-eu.amazon.com",
		"FE": "https://sandbox.sellingpartnerapi-fe.amazon.com",
	}}
}

const tokenURL = "https://api.amazon.com/auth/o2/token"

func (e Endpoints) isZero() bool { return e.Token == "" && len(e.API) == 0 && e.Consent == "" }

// check sees to it that secrets go out by TLS only, but for what stays on this machine.
func (e Endpoints) check() error {
	all := append(slices.Sorted(maps.Values(e.API)), e.Token)
	if e.Consent != "" {
		all = append(all, e.Consent)
	}
	for _, address := range all {
		u, err := url.Parse(address)
		if err != nil || !confidential(u) || u.RawQuery != "" || u.Fragment != "" || strings.HasSuffix(u.Path, "/") {
			return domain.Errorf(domain.ErrInvalid, "an address of Amazon must be https and have no query and no slash at its end")
		}
	}
	for site := range domain.AmazonSites() {
		if e.API[site.Region] == "" {
			return domain.Errorf(domain.ErrInvalid, "the address of the Selling Partner API in region %s is missing", site.Region)
		}
	}
	return nil
}

// confidential reports whether what is sent to u is seen by nobody on the way.
func confidential(u *url.URL) bool {
	if u.Host == "" || u.User != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}
