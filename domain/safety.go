package domain

import (
	"cmp"
	"slices"
)

// SafetyCategory says what a machine must not answer alone: the subject of a [SafetyFlag].
type SafetyCategory string

// The safety categories, gravest first. Each flags words that call for a person.
const (
	SafetyInjury     SafetyCategory = "INJ"  // injury, fire, danger, allergy, a child: somebody must look now
	SafetyClaim      SafetyCategory = "ATOZ" // a claim with the marketplace
	SafetyChargeback SafetyCategory = "CHB"  // a chargeback or payment dispute
	SafetyLegal      SafetyCategory = "LEG"  // a legal threat
	SafetyFraud      SafetyCategory = "FRD"  // an accusation of fraud or counterfeit
	SafetyAuthority  SafetyCategory = "AUT"  // police, consumer bodies
	SafetyPrivacy    SafetyCategory = "PRV"  // a data-protection request: its legal clock starts
	SafetyPress      SafetyCategory = "PRS"  // press, social media, a threat with reviews
	SafetyRefund     SafetyCategory = "REF"  // a refund demand: a draft is allowed, sent by a person
)

// categories are all categories, gravest first.
var categories = [...]SafetyCategory{
	SafetyInjury, SafetyClaim, SafetyChargeback, SafetyLegal, SafetyFraud, SafetyAuthority, SafetyPrivacy, SafetyPress,
	SafetyRefund,
}

// SafetyCategories returns all categories, gravest first.
func SafetyCategories() []SafetyCategory { return slices.Clone(categories[:]) }

// action is what a rule of the category does unless its words are weakened (negated, quoted, ambiguous).
func (c SafetyCategory) action() SafetyAction {
	if c == SafetyRefund {
		return SafetyReview
	}
	return SafetyBlock
}

// rank orders categories, the gravest 0. One that this version does not know ranks last.
func (c SafetyCategory) rank() int {
	if i := slices.Index(categories[:], c); i >= 0 {
		return i
	}
	return len(categories)
}

// SafetyAction is what a flag demands. Neither lets an automatic answer out.
type SafetyAction string

// The safety actions.
const (
	SafetyBlock  SafetyAction = "BLOCK"  // a person handles it
	SafetyReview SafetyAction = "REVIEW" // a machine may draft, a person sends
)

// SafetyFlag is a rule of the safety lists that a text met. It holds no word of the text, so it may be stored, shown and
// logged anywhere. One that a marketplace's notice sets, of a claim or a chargeback, stands in no text: it has neither
// language nor positions nor version.
type SafetyFlag struct {
	Category    SafetyCategory
	Term        string // name of the rule as people read it; every A-to-Z spelling in every language is "a-to-z"
	Language    string // ISO 639-1 code of the list that the rule stands in: the first in list order if several share it
	Start, End  int    // the words that met it, in bytes of the text as given to FlagText: text[Start:End]
	ListVersion string // version of the lists, as SafetyListVersion returns it
	Action      SafetyAction
}

// blocks reports whether the flag demands a person. An action that this version does not know does.
func (f SafetyFlag) blocks() bool { return f.Action != SafetyReview }

// compareGravity orders flags by how much they matter: blocks before reviews, then by category.
func compareGravity(a, b SafetyFlag) int {
	if a.blocks() != b.blocks() {
		if a.blocks() {
			return -1
		}
		return 1
	}
	return cmp.Compare(a.Category.rank(), b.Category.rank())
}

// BlockedReason returns why flags keep an automatic answer from being sent, "" if there are none. The gravest flag gives
// the reason: blocks before reviews, then by category (see [SafetyCategories]), then the first of flags. Its form is
// sensitive_keyword_detected: a-to-z.
func BlockedReason(flags []SafetyFlag) string {
	if len(flags) == 0 {
		return ""
	}
	return ReasonSensitiveKeyword + ": " + slices.MinFunc(flags, compareGravity).Term
}

// SafetyPriority returns the least priority of a ticket with such flags: URGENT for an injury, HIGH for a claim or a
// chargeback, else LOW, which raises none. Flags that only ask for a review do not count.
func SafetyPriority(flags []SafetyFlag) Priority {
	p := PriorityLow
	for _, f := range flags {
		switch {
		case !f.blocks():
		case f.Category == SafetyInjury:
			return PriorityUrgent
		case f.Category == SafetyClaim, f.Category == SafetyChargeback:
			p = PriorityHigh
		}
	}
	return p
}

// MaxSafetyFlags is the most flags that MergeSafetyFlags keeps.
const MaxSafetyFlags = 100

// MergeSafetyFlags returns the union of have and more, one flag for each category, term and language. Flags keep their
// order, have first. Of two alike the graver stays, the first if they are equal. Beyond [MaxSafetyFlags] the least grave
// go, the latest of them first. It changes neither argument.
func MergeSafetyFlags(have, more []SafetyFlag) []SafetyFlag {
	type rule struct {
		category       SafetyCategory
		term, language string
	}
	at := make(map[rule]int, len(have)+len(more))
	var union []SafetyFlag
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
	if len(union) <= MaxSafetyFlags {
		return union
	}
	byGravity := slices.SortedStableFunc(slices.Values(union), compareGravity)
	lightest := byGravity[MaxSafetyFlags-1]
	room := MaxSafetyFlags // for flags as light as the lightest that stays
	for _, f := range byGravity[:MaxSafetyFlags] {
		if compareGravity(f, lightest) < 0 {
			room--
		}
	}
	return slices.DeleteFunc(union, func(f SafetyFlag) bool {
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
