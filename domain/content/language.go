package content

import (
	"slices"

	"github.com/keybuzzio/marketplaces/domain/language"
	"github.com/keybuzzio/marketplaces/domain/safety"
)

// language finds a draft that is not in the buyer's language: as its author says, or as its words say surely. Neither holds
// for languages that the lists do not know.
func (c *check) language() {
	want := c.draft.Buyer.Language
	if !slices.Contains(safety.Languages(), want) {
		return
	}
	if said := c.draft.Language; said != "" && said != want {
		c.whole(RuleLanguage)
		return
	}
	if code, sure := language.Of(c.draft.Text); sure && code != want {
		c.whole(RuleLanguage)
	}
}
