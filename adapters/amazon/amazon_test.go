package amazon_test

import (
	"errors"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon"
	"github.com/keybuzzio/marketplaces/adapters/amazon/mock"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

func TestClientPicksTheSource(t *testing.T) {
	t.Parallel()
	development := amazon.NewClient(map[domain.SourceKind]ports.MarketplaceClient{
		domain.SourceMock: mock.NewClient(ports.SystemClock{}, mock.Options{}),
	})
	production := amazon.NewClient(nil)
	for name, c := range map[string]struct {
		client   *amazon.Client
		source   domain.SourceKind
		messages int
		message  string
	}{
		"mock in development": {development, domain.SourceMock, 3, ""},
		"mock in production":  {production, domain.SourceMock, 0, "the mock is read in development mode only: connect a mailbox"},
		"no mailboxes":        {production, domain.SourceIMAP, 0, `messages from "IMAP" are not read here`},
		"no source":           {development, "", 0, `messages from "" are not read here`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			messages := 0
			for page, err := range c.client.Pages(t.Context(), domain.ConnectionState{Source: c.source}, "") {
				if messages += len(page.Messages); err != nil {
					is.True(errors.Is(err, domain.ErrRejected))
					is.Equal(domain.Message(err), c.message)
				}
			}
			is.Equal(messages, c.messages)
		})
	}
}
