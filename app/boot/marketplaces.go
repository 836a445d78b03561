package boot

import (
	"context"
	"log/slog"
	"slices"
	"strings"

	"github.com/keybuzzio/marketplaces/adapters/amazon"
	"github.com/keybuzzio/marketplaces/adapters/amazon/mail"
	"github.com/keybuzzio/marketplaces/adapters/amazon/mock"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/domain/content"
	"github.com/keybuzzio/marketplaces/ports"
)

// marketplace is a line of the table of marketplaces: what is served, how its client is made, who reads its raws again, and its API.
type marketplace struct {
	kind        domain.MarketplaceType
	open        func(c Config, mailboxes *mail.Client) ports.MarketplaceClient
	interpreter func(c Config) ports.Interpreter
	sender      func(mail ports.Sender) ports.Sender // sends answers; mail is what leaves as mail
	rules       func() content.RuleSet               // what answers may hold

	// api opens what sellers authorize us to use; nil, also as its answer, where they cannot.
	api func(ctx context.Context, s *service, c Config, secrets ports.SecretStore, log *slog.Logger) (marketplaceAPI, error)
}

// marketplaceAPI is what a marketplace's API is asked for.
type marketplaceAPI interface {
	ports.Authorizer
	ports.OrderSource
}

// marketplaces is the table of marketplaces. A new one is a folder under adapters and a line here.
var marketplaces = []marketplace{
	{domain.Amazon, openAmazon, interpretAmazon, sendAmazon, amazon.ReplyRules, openAmazonAPI},
}

func sendAmazon(mail ports.Sender) ports.Sender { return amazon.NewSender(mail) }

// openAmazon reads Amazon's messages from mailboxes, and invented ones in development mode only.
func openAmazon(c Config, mailboxes *mail.Client) ports.MarketplaceClient {
	sources := map[domain.SourceKind]ports.MarketplaceClient{domain.SourceIMAP: mailboxes}
	if c.Dev {
		sources[domain.SourceMock] = mock.NewClient(ports.SystemClock{}, mock.Options{})
	}
	return amazon.NewClient(sources)
}

// interpretAmazon reads what openAmazon's sources give.
func interpretAmazon(c Config) ports.Interpreter {
	readers := map[string]ports.Interpreter{mail.MediaType: mail.Interpreter{AuthServer: c.InboundAuth}}
	if c.Dev {
		readers[mock.MediaType] = mock.Interpreter{}
	}
	return amazon.NewInterpreter(readers)
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
