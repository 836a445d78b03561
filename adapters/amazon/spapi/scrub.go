package spapi

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"github.com/keybuzzio/marketplaces/domain"
)

// textBound is how many characters of a text are kept for logs.
const textBound = 200

// personal are what may be a secret or a person in a text that somebody else wrote: tokens, addresses, the query of a URL, long
// words that nobody pronounces, and long numbers.
var personal = regexp.MustCompile(`(?i)Atz[\w.]*(?:\||%7C)\S*|amzn1\.oa2-cs\S*|\S*@\S*|\?\S+|[\w+/=.-]{40,}|\+?\d(?:[ .()/]?\d){7,}`)

// scrub makes the beginning of a foreign text fit for logs: one line, bounded, and without what may be a secret or a person.
func scrub(text string) string {
	if len(text) > 8*textBound {
		text = text[:8*textBound]
	}
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r) || r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	runes := []rune(strings.Join(strings.Fields(personal.ReplaceAllString(text, "…")), " "))
	return string(runes[:min(len(runes), textBound)])
}

// hide takes out of a text the secrets that were sent, as they are and as they stand in forms.
func hide(text string, secrets []domain.Secret) string {
	for _, s := range secrets {
		if plain := s.Reveal(); len(plain) >= 4 { // less is no secret, and would cut up every text
			text = strings.NewReplacer(plain, "…", url.QueryEscape(plain), "…").Replace(text)
		}
	}
	return text
}

// word is a foreign name as it may stand in logs and metrics: "" unless it is one short plain word.
func word(name string) string {
	if words.MatchString(name) {
		return name
	}
	return ""
}

var words = regexp.MustCompile(`^[\w.:-]{1,64}$`)
