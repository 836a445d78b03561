package boot

import (
	"slices"
	"strings"

	"github.com/keybuzzio/marketplaces/adapters/amazon"
	"github.com/keybuzzio/marketplaces/adapters/amazon/mail"
	"github.com/keybuzzio/marketplaces/adapters/amazon/mock"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// marketplace is a line of the table of marketplaces: what is served and how its client is made.
type marketplace struct {
	kind domain.MarketplaceType
	open func(c Config, mailboxes *mail.Client) ports.MarketplaceClient
}

// marketplaces is the table of marketplaces. A new one is a folder under adapters and a line here.
var marketplaces = []marketplace{
	{domain.Amazon, openAmazon},
}

// openAmazon reads Amazon's messages from mailboxes, and invented ones in development mode only.
func openAmazon(c Config, mailboxes *mail.Client) ports.MarketplaceClient {
	sources := map[domain.Source]ports.MarketplaceClient{domain.SourceIMAP: mailboxes}
	if c.Dev {
		sources[domain.SourceMock] = mock.NewClient(ports.SystemClock{}, mock.Options{})
	}
	return amazon.NewClient(sources)
}

func served(t domain.MarketplaceType) bool {
	return slices.ContainsFunc(marketplaces, func(m marketplace) bool { return m.kind == t })
}

func servedSlugs() string {
	var slugs []string
	for _, m := range marketplaces {
		slugs = append(slugs, m.kind.Slug())
	}
	return strings.Join(slugs, ", ")
}
