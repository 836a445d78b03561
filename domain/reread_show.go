package domain

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/keybuzzio/marketplaces/domain/safety"
)

// orNone shows what is no buyer's word.
func orNone(s string) string { return firstOf(s, "none") }

// length is all that is shown of a buyer's words.
func length(s string) string { return strconv.Itoa(utf8.RuneCountInString(s)) + " characters" }

// factNames shows facts by their names: what they say may be of use to nobody but the seller.
func factNames(facts map[string]string) string {
	return orNone(strings.Join(slices.Sorted(maps.Keys(facts)), ", "))
}

func flagNames(flags []ParseFlag) string {
	names := make([]string, len(flags))
	for i, f := range flags {
		names[i] = string(f)
	}
	return orNone(strings.Join(names, ", "))
}

// ruleNames shows flags by the names of their rules.
func ruleNames(flags []safety.Flag) string {
	if len(flags) == 0 {
		return "none"
	}
	const most = 5
	s := ""
	for i, f := range flags[:min(most, len(flags))] {
		if i > 0 {
			s += ", "
		}
		s += fmt.Sprintf("%s %s at %d-%d (list %s)", f.Category, f.Term, f.Start, f.End, f.ListVersion)
	}
	if more := len(flags) - most; more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return s
}
