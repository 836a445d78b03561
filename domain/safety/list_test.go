package safety_test

import (
	"slices"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain/safety"
)

func TestSafetyListsHoldTheBaseList(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	rules, err := safety.RuleLines()
	is.NoErr(err)
	count, total := map[string]int{}, 0
	for _, r := range rules {
		if r.Base {
			count[r.Language]++
			total++
		}
	}
	is.Equal(count, map[string]int{
		"en": 86, "fr": 95, "de": 84, "es": 82, "it": 74, "nl": 79, "pl": 71, "sv": 76, "pt": 85,
	}) // every entry of the base list stands in its language's file
	is.Equal(total, 732)
	is.Equal(len(count), len(safety.Languages()))
}

func TestEveryRuleMeetsItsSimplestInstances(t *testing.T) {
	t.Parallel()
	rules, err := safety.RuleLines()
	is.New(t).NoErr(err)
	for _, r := range rules {
		t.Run(r.Language+" "+r.Line, func(t *testing.T) {
			is := is.New(t)
			is.True(slices.Contains(safety.Categories(), r.Flag.Category)) // the section is a known category
			is.True(len(r.Instances) > 0)
			for _, text := range r.Instances {
				t.Log(text)
				is.True(hits(safety.FlagText(text), r.Flag))                   // alone
				is.True(hits(safety.FlagText("xxyy; "+text+". Xxyy"), r.Flag)) // inside a text
			}
		})
	}
}

// hits reports whether flags hold want's category, term and language, at least as grave.
func hits(flags []safety.Flag, want safety.Flag) bool {
	return slices.ContainsFunc(flags, func(f safety.Flag) bool {
		return f.Category == want.Category && f.Term == want.Term && f.Language == want.Language &&
			(f.Action == want.Action || f.Action == safety.Block)
	})
}
