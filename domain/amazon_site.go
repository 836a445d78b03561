package domain

import (
	"iter"
	"slices"
	"strings"
)

// AmazonSite is one country's Amazon marketplace.
type AmazonSite struct {
	Country       string // ISO 3166-1 alpha-2, upper case: FR
	MarketplaceID string // Amazon's id of the marketplace
	Region        string // the SP-API region whose consent covers it: NA, EU or FE
	SellerCentral string // host where its sellers sign in
	RelayDomain   string // domain of the relay addresses that hide its buyers; "" where none is known
}

// amazonSites is the only list of Amazon marketplaces in the module. Ids, regions and hosts are Amazon's
// ("Marketplace IDs" and "Seller Central URLs" of the SP-API documentation; the hosts of South Africa, Egypt and Saudi
// Arabia are known from third parties only). Relay domains are those with a mail exchanger in October 2026.
var amazonSites = []AmazonSite{
	{"CA", "A2EUQ1WTGCTBG2", "NA", "sellercentral.amazon.ca", "marketplace.amazon.ca"},
	{"US", "ATVPDKIKX0DER", "NA", "sellercentral.amazon.com", "marketplace.amazon.com"},
	{"MX", "A1AM78C64UM0Y8", "NA", "sellercentral.amazon.com.mx", "marketplace.amazon.com.mx"},
	{"BR", "A2Q3Y263D00KWC", "NA", "sellercentral.amazon.com.br", "marketplace.amazon.com.br"},
	{"IE", "A28R8C7NBKEWEA", "EU", "sellercentral.amazon.ie", "marketplace.amazon.ie"},
	{"ES", "A1RKKUPIHCS9HS", "EU", "sellercentral-europe.amazon.com", "marketplace.amazon.es"},
	{"GB", "A1F83G8C2ARO7P", "EU", "sellercentral-europe.amazon.com", "marketplace.amazon.co.uk"},
	{"FR", "A13V1IB3VIYZZH", "EU", "sellercentral-europe.amazon.com", "marketplace.amazon.fr"},
	{"BE", "AMEN7PMS3EDWL", "EU", "sellercentral.amazon.com.be", "marketplace.amazon.com.be"},
	{"NL", "A1805IZSGTT6HS", "EU", "sellercentral.amazon.nl", "marketplace.amazon.nl"},
	{"DE", "A1PA6795UKMFR9", "EU", "sellercentral-europe.amazon.com", "marketplace.amazon.de"},
	{"IT", "APJ6JRA9NG5V4", "EU", "sellercentral-europe.amazon.com", "marketplace.amazon.it"},
	{"SE", "A2NODRKZP88ZB9", "EU", "sellercentral.amazon.se", "marketplace.amazon.se"},
	{"ZA", "AE08WJ6YKNBMC", "EU", "sellercentral.amazon.co.za", ""},
	{"PL", "A1C3SOZRARQ6R3", "EU", "sellercentral.amazon.pl", "marketplace.amazon.pl"},
	{"EG", "ARBP9OOSHTCHU", "EU", "sellercentral.amazon.eg", "marketplace.amazon.eg"},
	{"TR", "A33AVAJ2PDY3EV", "EU", "sellercentral.amazon.com.tr", "marketplace.amazon.com.tr"},
	{"SA", "A17E79C6D8DWNP", "EU", "sellercentral.amazon.sa", "marketplace.amazon.sa"},
	{"AE", "A2VIGQ35RCS4UG", "EU", "sellercentral.amazon.ae", "marketplace.amazon.ae"},
	{"IN", "A21TJRUUN4KGV", "EU", "sellercentral.amazon.in", "marketplace.amazon.in"},
	{"SG", "A19VAU5U5O7RUS", "FE", "sellercentral.amazon.sg", "marketplace.amazon.sg"},
	{"AU", "A39IBJ37TRP1C6", "FE", "sellercentral.amazon.com.au", "marketplace.amazon.com.au"},
	{"JP", "A1VC38T7YXB528", "FE", "sellercentral.amazon.co.jp", "marketplace.amazon.co.jp"},
}

// AmazonSites yields every Amazon marketplace that takes sellers.
func AmazonSites() iter.Seq[AmazonSite] { return slices.Values(amazonSites) }

// AmazonSiteOf returns the marketplace of a country. UK, as Amazon's own pages write it, is GB. There is no default:
// an unknown country is ErrInvalid, whose message names those that there are.
func AmazonSiteOf(country string) (AmazonSite, error) {
	country = strings.ToUpper(country)
	if country == "UK" {
		country = "GB"
	}
	return findSite(func(s AmazonSite) bool { return s.Country == country }, "no Amazon marketplace in this country: give one of "+amazonCountries())
}

// amazonCountries lists the countries for people.
func amazonCountries() string {
	codes := make([]string, len(amazonSites))
	for i, s := range amazonSites {
		codes[i] = s.Country
	}
	slices.Sort(codes)
	return strings.Join(codes, ", ")
}

// AmazonSiteByID returns the marketplace with Amazon's id. Answers of Amazon hold pseudo-marketplaces too; those are
// ErrInvalid.
func AmazonSiteByID(marketplaceID string) (AmazonSite, error) {
	return findSite(func(s AmazonSite) bool { return s.MarketplaceID == marketplaceID }, "not an Amazon marketplace id")
}

// SellerCentralRegion returns the region whose sellers sign in at a host. ErrInvalid for any other host.
func SellerCentralRegion(host string) (string, error) {
	site, err := findSite(func(s AmazonSite) bool { return s.SellerCentral == host }, "not a Seller Central host")
	return site.Region, err
}

// regionOf returns the region of the marketplace that a buyer's relay address belongs to, "" if it is none's.
func regionOf(relay string) string {
	_, host, _ := strings.Cut(relay, "@")
	site, err := findSite(func(s AmazonSite) bool { return host != "" && s.RelayDomain == strings.ToLower(host) }, "not a relay address")
	if err != nil {
		return ""
	}
	return site.Region
}

func findSite(match func(AmazonSite) bool, otherwise string) (AmazonSite, error) {
	i := slices.IndexFunc(amazonSites, match)
	if i < 0 {
		return AmazonSite{}, Errorf(ErrInvalid, "%s", otherwise)
	}
	return amazonSites[i], nil
}
