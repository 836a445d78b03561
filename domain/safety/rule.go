package safety

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A rule is one entry of the safety lists. Its notation, one line each:
//
//	label: pattern [tag]
//
// The label names the rule for people; a pattern that is plain words may do without. A leading + marks an addition of ours
// to the base list. In the pattern
//
//	x~        is a word that begins with x and goes on for at most as many letters as the list's ending says
//	(x y)     is one of the words x and y
//	x y       are the words x and y, one after the other
//	x…y…z     are x, and within six words of it y and z, before or after it
//	p/q       are the whole patterns p or q
//
// Words are compared folded; in patterns accents help the reader, and ä, ö, ü stand for ae, oe, ue as well. The tags:
//
//	[acc]     where the pattern has an accent, the text must have one, or spell it ae, oe, ue
//	[case]    where a word of the pattern begins with a capital, the text must too
//	[joint]   dashes or slashes tie the words together
//	[amount]  weakened when a number follows within three words
//	[review]  asks for a review, never blocks
type rule struct {
	category  Category
	term      string
	languages []string // of the lists that hold it, in list order
	action    Action
	variants  []variant
	joint     bool
	amount    bool
	positive  []string // what is a negation elsewhere, but not in one of its languages
	number    int      // rules with one category, term and first language share it
}

type (
	variant []phrase // what must stand together; the first is looked for first
	phrase  []atom   // words in a row
)

// maxPhrase is the most words of a phrase.
const maxPhrase = 6

// notation reads lines of a list whose stems may end in ending more letters.
type notation struct {
	category Category
	ending   int
}

// rule reads a line.
func (n notation) rule(line string) (*rule, error) {
	pattern, tags := cutTags(strings.TrimPrefix(line, "+ "))
	label, rest, labelled := strings.Cut(pattern, ": ")
	switch {
	case labelled:
		pattern = rest
	case strings.ContainsAny(pattern, "(…/"):
		return nil, fmt.Errorf("a pattern like this needs a label")
	default:
		label = strings.TrimSuffix(pattern, "~")
	}
	r := &rule{category: n.category, term: label, action: n.category.action()}
	acc, letterCase := false, false
	for _, tag := range tags {
		switch tag {
		case "acc":
			acc = true
		case "case":
			letterCase = true
		case "joint":
			r.joint = true
		case "amount":
			r.amount = true
		case "review":
			r.action = Review
		default:
			return nil, fmt.Errorf("unknown tag %q", tag)
		}
	}
	for v := range strings.SplitSeq(pattern, "/") {
		var variant variant
		for p := range strings.SplitSeq(v, "…") {
			phrase, err := n.phrase(p, acc, letterCase)
			if err != nil {
				return nil, err
			}
			variant = append(variant, phrase)
		}
		r.variants = append(r.variants, variant)
	}
	return r, nil
}

// cutTags parts a pattern from the tags at its end.
func cutTags(s string) (pattern string, tags []string) {
	for strings.HasSuffix(s, "]") {
		at := strings.LastIndex(s, " [")
		if at < 0 {
			break
		}
		s, tags = s[:at], append(tags, s[at+2:len(s)-1])
	}
	return s, tags
}

func (n notation) phrase(s string, acc, letterCase bool) (phrase, error) {
	var p phrase
	inside := false // of brackets
	for _, field := range strings.Fields(s) {
		opens, closes := strings.HasPrefix(field, "("), strings.HasSuffix(field, ")")
		if !inside {
			p = append(p, nil)
		}
		inside = (inside || opens) && !closes
		forms, err := n.forms(strings.Trim(field, "()"), acc, letterCase)
		if err != nil {
			return nil, err
		}
		p[len(p)-1] = append(p[len(p)-1], forms...)
	}
	for _, a := range p {
		// In a word that was spelled out the longest spelling that fits is the likeliest.
		slices.SortStableFunc(a, func(x, y form) int { return cmp.Compare(len(y.letters), len(x.letters)) })
	}
	if len(p) == 0 || len(p) > maxPhrase || inside {
		return nil, fmt.Errorf("%q is not 1 to %d words with closed brackets", s, maxPhrase)
	}
	return p, nil
}

// forms reads a word and returns its spellings.
func (n notation) forms(s string, acc, letterCase bool) ([]form, error) {
	s, stem := strings.CutSuffix(s, "~")
	var f form
	if stem {
		f.ending = n.ending
	}
	first, _ := utf8.DecodeRuneInString(s)
	f.capital = letterCase && unicode.IsUpper(first)
	var forms []form
	for i, letters := range foldWord(s) {
		if letters == "" || len(letters)+f.ending > maxLetters || strings.ContainsAny(s, "~()[]|/") {
			return nil, fmt.Errorf("%q is no word", s)
		}
		// The first spelling is the one without accents; the others spell them out.
		f.letters, f.marked = letters, acc && i == 0 && accented(s)
		forms = append(forms, f)
	}
	return forms, nil
}

func accented(s string) bool {
	for _, r := range norm.NFC.String(s) {
		if foldRune(r).marked {
			return true
		}
	}
	return false
}
