package spapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/keybuzzio/marketplaces/domain"
)

const getParticipations domain.Operation = "sellers/v1/getMarketplaceParticipations"

// participations is the answer of getMarketplaceParticipations.
type participations struct {
	Payload []participation `json:"payload"`
}

type participation struct {
	Marketplace struct {
		ID       string `json:"id"`
		Country  string `json:"countryCode"`
		Name     string `json:"name"`
		Currency string `json:"defaultCurrencyCode"`
		Language string `json:"defaultLanguageCode"`
		Domain   string `json:"domainName"`
	} `json:"marketplace"`
	StoreName     string `json:"storeName"`
	Participation struct {
		Participating bool `json:"isParticipating"`
		Suspended     bool `json:"hasSuspendedListings"`
	} `json:"participation"`
}

func (p participations) complete() bool { return p.Payload != nil }

func (c *Client) participations(ctx context.Context, a domain.AuthorizationState) (participations, error) {
	var got participations
	err := c.do(ctx, call{
		operation: getParticipations, as: sellerOf(a), method: http.MethodGet, path: "/sellers/v1/marketplaceParticipations",
	}, &got)
	return got, err
}

// Participations implements ports.Authorizer. Real answers hold pseudo-marketplaces too, which are left out.
func (c *Client) Participations(ctx context.Context, a domain.AuthorizationState) ([]domain.Participation, error) {
	got, err := c.participations(ctx, a)
	if err != nil {
		return nil, err
	}
	var known []domain.Participation
	for _, p := range got.Payload {
		site, err := domain.AmazonSiteByID(p.Marketplace.ID)
		if err != nil {
			continue
		}
		known = append(known, domain.Participation{
			Region: site.Region, MarketplaceID: site.MarketplaceID, Country: site.Country, Name: clean(p.Marketplace.Name),
			StoreName: clean(p.StoreName), Language: clean(strings.ReplaceAll(p.Marketplace.Language, "_", "-")),
			Currency: clean(p.Marketplace.Currency), Participating: p.Participation.Participating, Suspended: p.Participation.Suspended,
		})
	}
	return known, nil
}

// clean makes a foreign text one that can be stored: valid, bounded, without control characters.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	if runes := []rune(text); len(runes) > cleanBound {
		return string(runes[:cleanBound])
	}
	return text
}

const cleanBound = 1000 // Amazon's own bound of titles is far below
