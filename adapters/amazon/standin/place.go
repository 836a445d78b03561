package standin

import (
	"net/http"
	"strings"

	"github.com/keybuzzio/marketplaces/domain"
)

// place is which of Amazon's many hosts a request is for, and the path there.
type place struct {
	api     bool // the Selling Partner API
	login   bool // Login with Amazon
	pages   bool // Seller Central
	region  string
	sandbox bool
	host    string // of Seller Central; "" when it was not named
	base    string // URL of the place's root
	path    string // escaped, without what names the place
}

const (
	loginHost       = "api.amazon.com"
	apiHost         = "sellingpartnerapi-" // + na.amazon.com
	sandboxHost     = "sandbox."           // + a host of the API
	sellerCentralAt = "/seller-central/"   // + a host of Seller Central
	sandboxAt       = "/sandbox"
)

var regions = []string{"NA", "EU", "FE"}

// placeOf knows Amazon's own hosts, and paths that stand for them at an address of ours.
func (a *Amazon) placeOf(r *http.Request) place {
	path := r.URL.EscapedPath()
	host, _, _ := strings.Cut(strings.ToLower(r.Host), ":")
	p := place{base: "https://" + host, path: path}
	if host == loginHost {
		p.login = true
		return p
	}
	if region, err := domain.SellerCentralRegion(host); err == nil {
		p.pages, p.region, p.host = true, region, host
		return p
	}
	for _, region := range regions {
		bare, sandbox := strings.CutPrefix(host, sandboxHost)
		if bare == apiHost+strings.ToLower(region)+".amazon.com" {
			p.api, p.region, p.sandbox = true, region, sandbox
			return p
		}
	}
	p.base = "http://" + r.Host
	if r.TLS != nil {
		p.base = "https://" + r.Host
	}
	return p.ours()
}

// ours reads a path at an address of ours: /eu/…, /sandbox/eu/…, /seller-central/<host>/….
func (p place) ours() place {
	bare, sandbox := strings.CutPrefix(p.path, sandboxAt)
	for _, region := range regions {
		prefix := "/" + strings.ToLower(region)
		if rest, ok := strings.CutPrefix(bare, prefix); ok && strings.HasPrefix(rest, "/") {
			p.api, p.region, p.sandbox, p.path = true, region, sandbox, rest
			return p
		}
	}
	if rest, ok := strings.CutPrefix(p.path, sellerCentralAt); ok {
		host, rest, _ := strings.Cut(rest, "/")
		region, err := domain.SellerCentralRegion(host)
		if err != nil {
			return p
		}
		p.pages, p.region, p.host, p.path, p.base = true, region, host, "/"+rest, p.base+sellerCentralAt+host
		return p
	}
	p.login, p.pages = true, true
	return p
}
