// Package safety finds the words that a machine must not answer: word lists of nine languages, folding, and the matcher.
//
// Start at [FlagText]. The lists are data (*.txt beside the code, in the notation that rule.go describes); [ListVersion]
// changes whenever one of their letters does.
package safety

import (
	"cmp"
	"slices"
)

// Category says what a machine must not answer alone: the subject of a [Flag].
type Category string

// The safety categories, gravest first. Each flags words that call for a person.
const (
	Injury     Category = "INJ"  // injury, fire, danger, allergy, a child: somebody must look now
	Claim      Category = "ATOZ" // a claim with the marketplace
	Chargeback Category = "CHB"  // a chargeback or payment dispute
	Legal      Category = "LEG"  // a legal threat
	Fraud      Category = "FRD"  // an accusation of fraud or counterfeit
	Authority  Category = "AUT"  // police, consumer bodies
	Privacy    Category = "PRV"  // a data-protection request: its legal clock starts
	Press      Category = "PRS"  // press, social media, a threat with reviews
	Refund     Category = "REF"  // a refund demand: a draft is allowed, sent by a person
)

// categories are all categories, gravest first.
var categories = [...]Category{
	Injury, Claim, Chargeback, Legal, Fraud, Authority, Privacy, Press,
	Refund,
}

// Categories returns all categories, gravest first.
func Categories() []Category { return slices.Clone(categories[:]) }

// action is what a rule of the category does unless its words are weakened (negated, quoted, ambiguous).
func (c Category) action() Action {
	if c == Refund {
		return Review
	}
	return Block
}

// rank orders categories, the gravest 0. One that this version does not know ranks last.
func (c Category) rank() int {
	if i := slices.Index(categories[:], c); i >= 0 {
		return i
	}
	return len(categories)
}

// Action is what a flag demands. Neither lets an automatic answer out.
type Action string

// The safety actions.
const (
	Block  Action = "BLOCK"  // a person handles it
	Review Action = "REVIEW" // a machine may draft, a person sends
)

// Flag is a rule of the safety lists that a text met. It holds no word of the text, so it may be stored, shown and
// logged anywhere. One that a marketplace's notice sets, of a claim or a chargeback, stands in no text: it has neither
// language nor positions nor version.
type Flag struct {
	Category    Category
	Term        string // name of the rule as people read it; every A-to-Z spelling in every language is "a-to-z"
	Language    string // ISO 639-1 code of the list that the rule stands in: the first in list order if several share it
	Start, End  int    // the words that met it, in bytes of the text as given to FlagText: text[Start:End]
	ListVersion string // version of the lists, as ListVersion returns it
	Action      Action
}

// Blocks reports whether the flag demands a person. An action that this version does not know does.
func (f Flag) Blocks() bool { return f.Action != Review }

// compareGravity orders flags by how much they matter: blocks before reviews, then by category.
func compareGravity(a, b Flag) int {
	if a.Blocks() != b.Blocks() {
		if a.Blocks() {
			return -1
		}
		return 1
	}
	return cmp.Compare(a.Category.rank(), b.Category.rank())
}

// Gravest returns the flag that matters most: blocks before reviews, then by category (see [Categories]), then the first of
// flags. ok is false if there are none.
func Gravest(flags []Flag) (gravest Flag, ok bool) {
	if len(flags) == 0 {
		return Flag{}, false
	}
	return slices.MinFunc(flags, compareGravity), true
}

// MaxFlags is the most flags that Merge keeps.
const MaxFlags = 100

// Merge returns the union of have and more, one flag for each category, term and language. Flags keep their
// order, have first. Of two alike the graver stays, the first if they are equal. Beyond [MaxFlags] the least grave
// go, the latest of them first. It changes neither argument.
func Merge(have, more []Flag) []Flag {
	type rule struct {
		category       Category
		term, language string
	}
	at := make(map[rule]int, len(have)+len(more))
	var union []Flag
	for _, f := range slices.Concat(have, more) {
		r := rule{f.Category, f.Term, f.Language}
		switch i, known := at[r]; {
		case !known:
			at[r] = len(union)
			union = append(union, f)
		case compareGravity(f, union[i]) < 0:
			union[i] = f
		}
	}
	if len(union) <= MaxFlags {
		return union
	}
	byGravity := slices.SortedStableFunc(slices.Values(union), compareGravity)
	lightest := byGravity[MaxFlags-1]
	room := MaxFlags // for flags as light as the lightest that stays
	for _, f := range byGravity[:MaxFlags] {
		if compareGravity(f, lightest) < 0 {
			room--
		}
	}
	return slices.DeleteFunc(union, func(f Flag) bool {
		switch c := compareGravity(f, lightest); {
		case c != 0:
			return c > 0
		case room == 0:
			return true
		}
		room--
		return false
	})
}
