package standin

import "strings"

// choice is an account that can be chosen on a page.
type choice struct {
	Seller string
	Name   string
	Region string
	Sites  string // countries, for people
	Lacks  string // roles, for people
}

// Value is the choice in a form.
func (c choice) Value() string { return c.Seller + " " + c.Region }

// RegionName is the region for people.
func (c choice) RegionName() string {
	return map[string]string{"NA": "North America", "EU": "Europe", "FE": "Far East"}[c.Region]
}

// choices are the accounts in a region, of a seller: "" for all.
func (a *Amazon) choices(region, seller string) []choice {
	ids := []string{seller}
	if seller == "" {
		a.do(func() { ids = append([]string{}, a.listed...) })
	}
	var list []choice
	for _, id := range ids {
		s, ok := a.seller(id)
		if !ok {
			continue
		}
		for _, r := range regions {
			if sites := s.countries(r); sites != "" && (region == "" || region == r) {
				list = append(list, choice{Seller: s.ID, Name: s.Name, Region: r, Sites: sites, Lacks: s.missing()})
			}
		}
	}
	return list
}

// countries are those where the seller sells in a region.
func (s Seller) countries(region string) string {
	var codes []string
	for _, m := range s.in(region) {
		if m.known() {
			codes = append(codes, m.Country)
		}
	}
	return strings.Join(codes, ", ")
}

func (s Seller) missing() string {
	var names []string
	for _, r := range s.Missing {
		names = append(names, string(r))
	}
	return strings.Join(names, ", ")
}
