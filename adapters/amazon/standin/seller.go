package standin

import (
	"slices"

	"github.com/keybuzzio/marketplaces/domain"
)

// Seller is a seller's account at Amazon.
type Seller struct {
	ID           string // selling partner id: A2DEMOSELLER01
	Name         string // for the consent page
	Marketplaces []Marketplace
	Missing      []Role // that the application or the seller's consent lacks
	Orders       []Order
	Plans        map[string]Plan // usage plans by operation that are this seller's own
}

// Role is a leave that the application has from Amazon, and from sellers by their consent.
type Role string

// The roles that matter here.
const (
	RoleBuyerCommunication Role = "Buyer Communication"          // messages; orders without personal data
	RoleOrders             Role = "Inventory and Order Tracking" // orders without personal data; their notifications
	RoleDirectToConsumer   Role = "Direct-to-Consumer Shipping"  // restricted: buyers, addresses
	RoleInsights           Role = "Selling Partner Insights"     // where sellers sell
)

// roles says which roles open an API: one of them is enough.
var roles = map[string][]Role{
	"messaging":         {RoleBuyerCommunication},
	"orders_2026-01-01": {RoleBuyerCommunication, RoleOrders, RoleDirectToConsumer},
	"sellers":           {RoleInsights},
	"tokens_2021-03-01": {RoleDirectToConsumer},
	"notifications":     {RoleOrders, RoleDirectToConsumer},
}

// lacks reports whether none of the roles is there that open an operation.
func (s Seller) lacks(op operation) bool {
	return !slices.ContainsFunc(roles[op.api], s.has)
}

func (s Seller) has(r Role) bool { return !slices.Contains(s.Missing, r) }

// in returns the marketplaces of a region.
func (s Seller) in(region string) []Marketplace {
	var here []Marketplace
	for _, m := range s.Marketplaces {
		if m = m.filled(); m.Region == region {
			here = append(here, m)
		}
	}
	return here
}

// order returns an order.
func (s Seller) order(id string) (Order, bool) {
	if i := slices.IndexFunc(s.Orders, func(o Order) bool { return o.ID == id }); i >= 0 {
		return s.Orders[i], true
	}
	return Order{}, false
}

// Marketplace is one that a seller takes part in. Of those that package domain knows the fields after Suspended may be left
// empty.
type Marketplace struct {
	ID        string
	StoreName string
	Inactive  bool // the seller does not sell there now
	Suspended bool // listings of the seller's are suspended

	Region, Country, Name, Currency, Language, Domain string
}

// Marketplaces are those of countries, under one store name.
func Marketplaces(storeName string, countries ...string) []Marketplace {
	list := make([]Marketplace, 0, len(countries))
	for _, country := range countries {
		if site, err := domain.AmazonSiteOf(country); err == nil {
			list = append(list, Marketplace{ID: site.MarketplaceID, StoreName: storeName})
		}
	}
	return list
}

// PseudoMarketplaces are what Amazon lists beside the marketplaces of a region, and where nobody sells.
func PseudoMarketplaces(region string) []Marketplace {
	return []Marketplace{
		{ID: "A2STANDIN0NONAM", StoreName: "Non-Amazon", Region: region, Country: "US", Name: "Non-Amazon", Currency: "USD", Language: "en_US", Domain: "sim1.stores.amazon.com"},
		{ID: "A2STANDIN0SIPRD", StoreName: "SI Prod", Region: region, Country: "GB", Name: "SI UK Prod Marketplace", Currency: "GBP", Language: "en_GB", Domain: "siprod.stores.amazon.co.uk"},
	}
}

// local is what a country's marketplace speaks and takes: currency, language, domain.
var local = map[string][3]string{
	"CA": {"CAD", "en_CA", "www.amazon.ca"}, "US": {"USD", "en_US", "www.amazon.com"}, "MX": {"MXN", "es_MX", "www.amazon.com.mx"},
	"BR": {"BRL", "pt_BR", "www.amazon.com.br"}, "IE": {"EUR", "en_IE", "www.amazon.ie"}, "ES": {"EUR", "es_ES", "www.amazon.es"},
	"GB": {"GBP", "en_GB", "www.amazon.co.uk"}, "FR": {"EUR", "fr_FR", "www.amazon.fr"}, "BE": {"EUR", "fr_BE", "www.amazon.com.be"},
	"NL": {"EUR", "nl_NL", "www.amazon.nl"}, "DE": {"EUR", "de_DE", "www.amazon.de"}, "IT": {"EUR", "it_IT", "www.amazon.it"},
	"SE": {"SEK", "sv_SE", "www.amazon.se"}, "ZA": {"ZAR", "en_ZA", "www.amazon.co.za"}, "PL": {"PLN", "pl_PL", "www.amazon.pl"},
	"EG": {"EGP", "ar_EG", "www.amazon.eg"}, "TR": {"TRY", "tr_TR", "www.amazon.com.tr"}, "SA": {"SAR", "ar_SA", "www.amazon.sa"},
	"AE": {"AED", "ar_AE", "www.amazon.ae"}, "IN": {"INR", "en_IN", "www.amazon.in"}, "SG": {"SGD", "en_SG", "www.amazon.sg"},
	"AU": {"AUD", "en_AU", "www.amazon.com.au"}, "JP": {"JPY", "ja_JP", "www.amazon.co.jp"},
}

// filled is m with what is known of it.
func (m Marketplace) filled() Marketplace {
	site, err := domain.AmazonSiteByID(m.ID)
	if err != nil {
		return m
	}
	known := local[site.Country]
	m.Region, m.Country, m.Name = site.Region, site.Country, "Amazon"+known[2][len("www.amazon"):]
	m.Currency, m.Language, m.Domain = known[0], known[1], known[2]
	return m
}

// known reports whether it is a marketplace, and not something that Amazon lists beside them.
func (m Marketplace) known() bool {
	_, err := domain.AmazonSiteByID(m.ID)
	return err == nil
}
