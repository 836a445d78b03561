package domain

import "strings"

// MarketplaceType names a kind of marketplace. It is text with named constants, so that a new one changes no column.
type MarketplaceType string

// The marketplaces that KeyBuzz knows.
const (
	Amazon    MarketplaceType = "AMAZON"
	Fnac      MarketplaceType = "FNAC"
	Cdiscount MarketplaceType = "CDISCOUNT"
	Other     MarketplaceType = "OTHER"
)

// ParseMarketplaceType reads the lower-case name that routes and settings use: amazon, fnac, cdiscount. Anything else
// is ErrNotFound.
func ParseMarketplaceType(slug string) (MarketplaceType, error) {
	for _, t := range []MarketplaceType{Amazon, Fnac, Cdiscount} {
		if t.Slug() == slug {
			return t, nil
		}
	}
	return "", Errorf(ErrNotFound, "unknown marketplace: use amazon, fnac or cdiscount")
}

// Slug is the name in routes, settings and secret paths: amazon.
func (t MarketplaceType) Slug() string { return strings.ToLower(string(t)) }

// Title is the name for people: Amazon.
func (t MarketplaceType) Title() string {
	if t == "" {
		return ""
	}
	return string(t[:1]) + strings.ToLower(string(t[1:]))
}

// Channel is the channel of the tickets that come from this marketplace.
func (t MarketplaceType) Channel() Channel { return Channel(t) }

// Channel says by which way a ticket came: a marketplace, or ChannelManual.
type Channel string

// ChannelManual is the channel of tickets that people open by hand. No marketplace message ever joins one.
const ChannelManual Channel = "MANUAL"

// ParseChannel reads a channel as tickets carry it: AMAZON, FNAC, CDISCOUNT, OTHER or MANUAL. Anything else is
// ErrInvalid.
func ParseChannel(s string) (Channel, error) {
	switch c := Channel(s); c {
	case Amazon.Channel(), Fnac.Channel(), Cdiscount.Channel(), Other.Channel(), ChannelManual:
		return c, nil
	}
	return "", Errorf(ErrInvalid, "unknown channel: use AMAZON, FNAC, CDISCOUNT, OTHER or MANUAL")
}
