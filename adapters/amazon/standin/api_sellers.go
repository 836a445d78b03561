package standin

// A marketplace as getMarketplaceParticipations writes it.
type participationJSON struct {
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

func (c *call) participations() answer { return payload(c.participationList()) }

func (c *call) participationList() []participationJSON {
	list := []participationJSON{}
	for _, m := range c.seller.in(c.region) {
		var p participationJSON
		p.Marketplace.ID, p.Marketplace.Country, p.Marketplace.Name = m.ID, m.Country, m.Name
		p.Marketplace.Currency, p.Marketplace.Language, p.Marketplace.Domain = m.Currency, m.Language, m.Domain
		p.StoreName = m.StoreName
		p.Participation.Participating, p.Participation.Suspended = !m.Inactive, m.Suspended
		list = append(list, p)
	}
	return list
}

func (c *call) account() answer {
	return payload(map[string]any{
		"businessType": "PRIVATE_LIMITED", "sellingPlan": "PROFESSIONAL", "marketplaceParticipationList": c.participationList(),
		"business": map[string]string{"name": c.seller.Name},
	})
}
