package httpapi

import (
	"net/http"
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// sentence is what sellers are told, in each language that they are spoken to in.
type sentence struct{ en, fr string }

// tongue is one of these languages.
type tongue int

const (
	english tongue = iota // spoken to who wants none of them
	french
)

// tongues finds what is nearest to what a browser wants: its answers are tongues.
var tongues = language.NewMatcher([]language.Tag{english: language.English, french: language.French})

// maxAcceptLanguage is the longest Accept-Language that is read, in bytes.
const maxAcceptLanguage = 1024

// tongueOf returns the language of an answer that speaks to a seller, and says so in its header.
func tongueOf(w http.ResponseWriter, r *http.Request) tongue {
	t := english
	if wanted := strings.Join(r.Header.Values("Accept-Language"), ","); len(wanted) <= maxAcceptLanguage {
		if tags, _, err := language.ParseAcceptLanguage(wanted); err == nil {
			_, index, _ := tongues.Match(tags...)
			t = tongue(index)
		}
	}
	w.Header().Set("Content-Language", t.String())
	w.Header().Add("Vary", "Accept-Language")
	return t
}

// String is the language's tag, as in Content-Language.
func (t tongue) String() string {
	if t == french {
		return "fr"
	}
	return "en"
}

// in returns the sentence in a language. values take the places of names in it, {name}: name, value, name, value.
func (s sentence) in(t tongue, values ...string) string {
	text := s.en
	if t == french {
		text = s.fr
	}
	pairs := slices.Clone(values)
	for i := 0; i+1 < len(pairs); i += 2 {
		pairs[i] = "{" + pairs[i] + "}"
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
