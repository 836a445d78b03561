// Package content judges what a seller may say to a buyer before it leaves: addresses, links, markup, emoji, advertising,
// requests for reviews, language, length and files.
//
// Start at [CheckReply]. What a marketplace allows is data, a [RuleSet], which the marketplace's adapter hands in. The words
// of advertising and of requests for reviews are lists (*.txt in lists/, in the notation of package safety).
package content

import (
	"cmp"
	"slices"
)

// Rule names what a reply breaks. The names are part of the API and never change.
type Rule string

// The rules. Those that a person may override are about meaning, where a machine may be wrong; the others are about form,
// which the marketplace refuses or removes whoever asks.
const (
	RuleEmpty       Rule = "empty"          // no words
	RuleQuotedOnly  Rule = "quoted_only"    // nothing but what somebody wrote before
	RuleTooShort    Rule = "too_short"      // fewer characters than the marketplace takes
	RuleTooLong     Rule = "too_long"       // more characters than it takes
	RuleNoText      Rule = "no_text"        // this type of message carries files only
	RuleCharacters  Rule = "characters"     // control characters, or bytes that are no UTF-8
	RuleHTML        Rule = "html"           // markup: buyers see it as text, or not at all
	RuleEmoji       Rule = "emoji"          // marketplaces remove them
	RuleEmail       Rule = "email_address"  // the buyer is led away from the marketplace
	RulePhone       Rule = "phone_number"   // likewise
	RuleLink        Rule = "outside_link"   // a link that leads neither to the marketplace nor to a carrier's tracking
	RuleAdvertising Rule = "advertising"    // offers, discounts, another shop
	RuleReview      Rule = "review_request" // a review is asked for, steered or paid
	RuleLanguage    Rule = "language"       // not the buyer's language
	RuleFileCount   Rule = "file_count"     // more files than one message carries
	RuleFileSize    Rule = "file_size"      // more bytes than one message carries
	RuleFileType    Rule = "file_type"      // a type that the marketplace does not take
	RuleFileMissing Rule = "file_missing"   // this type of message needs a file
)

// overridable are the rules that a person may override, with a reason.
var overridable = []Rule{RulePhone, RuleLink, RuleAdvertising, RuleReview, RuleLanguage}

// Overridable reports whether a person may override the rule with a reason.
func (r Rule) Overridable() bool { return slices.Contains(overridable, r) }

// Draft is a reply before it leaves.
type Draft struct {
	Text     string
	Language string // ISO 639-1: the language that the author says it is in; "" when the author says nothing
	Buyer    Buyer
	Files    []File
}

// Buyer is what the reply answers.
type Buyer struct {
	Text     string // of the buyer's last message; "" when there is none
	Language string // ISO 639-1; "" when it is not known
}

// File is a file that leaves with the reply.
type File struct {
	Name      string
	MediaType string // by its bytes, never by its name
	Size      int64  // in bytes
}

// RuleSet is what one marketplace, or one type of its messages, allows.
type RuleSet struct {
	Name     string // of the marketplace or the type, for people
	Source   string // where its rules are published
	NoText   bool   // files only
	MinChars int    // characters, 0: at least one word
	MaxChars int    // characters, 0: no limit of the marketplace's own

	MinFiles   int
	MaxFiles   int      // 0: no limit in number
	MaxBytes   int64    // of all files together; 0: files are not taken
	MediaTypes []string // that are taken; nil: every type that [InertTypes] has

	Hosts []string // of the marketplace, which links may lead to; their subdomains too
	Terse bool     // links and phone numbers of any kind are refused, carriers' too
}

// Violation is one place where a draft breaks a rule.
type Violation struct {
	Rule        Rule
	Start, End  int    // in bytes of Draft.Text; both 0 when it is about the whole draft or a file
	File        int    // the index in Draft.Files that it is about; -1 when it is about none
	Term        string // of the list that was met; never the draft's own words
	Source      string // where the rule comes from
	Overridable bool   // a person may override it, with a reason
}

// CheckReply returns what keeps a draft from leaving, in the order of the text, nil if nothing does.
//
//   - Pure: the same draft and rules give the same answer; time and memory grow with the size of the text.
//   - Of one rule every place is told, at most [MaxViolations] in all.
//   - A violation holds no word of the draft, so it may be stored and logged.
//   - Unknown languages are not judged: only the nine of [safety.Languages] can be told apart.
func CheckReply(d Draft, rules RuleSet) []Violation {
	c := check{draft: d, rules: rules}
	c.characters()
	c.size()
	c.contacts()
	c.markup()
	c.words()
	c.language()
	c.files()
	slices.SortStableFunc(c.found, func(a, b Violation) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.File, b.File))
	})
	if len(c.found) > MaxViolations {
		c.found = c.found[:MaxViolations]
	}
	return c.found
}

// MaxViolations is the most violations that CheckReply returns.
const MaxViolations = 100

// Version returns the version of the word lists, a hash.
func Version() string { return lists().Version() }

// check is one draft being judged.
type check struct {
	draft Draft
	rules RuleSet
	found []Violation
}

// at adds a violation of the text from start to end.
func (c *check) at(r Rule, start, end int, term string) {
	c.found = append(c.found, Violation{
		Rule: r, Start: start, End: end, File: -1, Term: term, Source: c.rules.Source, Overridable: r.Overridable(),
	})
}

// whole adds a violation of the draft as a whole.
func (c *check) whole(r Rule) { c.at(r, 0, 0, "") }

// Blocking returns the violations that the overrides do not lift: those of other rules, and those that nobody may override.
func Blocking(found []Violation, overrides []Rule) []Violation {
	return slices.DeleteFunc(slices.Clone(found), func(v Violation) bool {
		return v.Overridable && slices.Contains(overrides, v.Rule)
	})
}
