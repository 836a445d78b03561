package amazon_test

import (
	"strings"
	"testing"

	"github.com/keybuzzio/marketplaces/adapters/amazon"
	"github.com/keybuzzio/marketplaces/domain/content"
	"github.com/matryer/is"
)

func TestLimitsOfMessageTypes(t *testing.T) {
	t.Parallel()
	file := content.File{Name: "a.pdf", MediaType: "application/pdf", Size: 1}
	for name, c := range map[string]struct {
		chars, files int
		rule         content.Rule // of one more than that
	}{
		"confirmOrderDetails":         {2000, 0, content.RuleTooLong},
		"confirmDeliveryDetails":      {2000, 0, content.RuleTooLong},
		"confirmServiceDetails":       {2000, 0, content.RuleTooLong},
		"unexpectedProblem":           {2000, 0, content.RuleTooLong},
		"confirmCustomizationDetails": {800, 5, content.RuleTooLong},
		"digitalAccessKey":            {400, 5, content.RuleTooLong},
		"legalDisclosure":             {0, 5, content.RuleNoText},
		"warranty":                    {0, 5, content.RuleNoText},
		"invoice":                     {0, 5, content.RuleNoText},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			rules, ok := amazon.MessageRules(name)
			is.True(ok)
			d := content.Draft{Text: strings.Repeat("é", c.chars)}
			for range c.files {
				d.Files = append(d.Files, file)
			}
			is.Equal(content.CheckReply(d, rules), nil) // as much as may be
			d.Text += "é"
			is.Equal(content.CheckReply(d, rules)[0].Rule, c.rule)
			d.Text, d.Files = strings.Repeat("é", c.chars), append(d.Files, file)
			is.Equal(len(content.CheckReply(d, rules)), 1) // one file too many, or any
		})
	}
	_, ok := amazon.MessageRules("negativeFeedbackRemoval")
	is.New(t).True(!ok) // removed by Amazon in 2025
}
