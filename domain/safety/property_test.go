package safety_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/domain/safety"
)

// check asserts what holds for the flags of every text.
func check(t *testing.T, text string) []safety.Flag {
	t.Helper()
	flags := safety.FlagText(text)
	boundary := map[int]bool{len(text): true}
	for i := range text {
		boundary[i] = true
	}
	for i, f := range flags {
		switch {
		case f.Start < 0 || f.Start >= f.End || f.End > len(text):
			t.Fatalf("%q: %+v lies outside", text, f)
		case !boundary[f.Start] || !boundary[f.End]:
			t.Fatalf("%q: %+v cuts a character apart", text, f)
		case i > 0 && flags[i-1].Start > f.Start:
			t.Fatalf("%q: %v are out of order", text, flags)
		case f.Term == "" || f.Language == "" || f.ListVersion == "" || !slices.Contains(safety.Categories(), f.Category):
			t.Fatalf("%q: %+v is not whole", text, f)
		}
	}
	if again := safety.FlagText(text); !slices.Equal(again, flags) {
		t.Fatalf("%q: %v, then %v", text, flags, again)
	}
	return flags
}

// FuzzFlagText holds what check says, for any bytes.
func FuzzFlagText(f *testing.F) {
	for _, text := range ordinaryMessages {
		f.Add(text)
	}
	for _, text := range suedAndBurned {
		f.Add(text)
	}
	for _, disguise := range disguises {
		f.Add(disguise("escroquerie, a to z claim"))
	}
	f.Add("a r n a q u e r i e a r n a q u e r i e a r n a q u e r i e a r n a q u e r i e a r n a q u e")
	f.Add("> \xff\xfe -- \n--\n--\r\nÃ©Ã\u00a0Ã\u0083Â©")
	f.Fuzz(func(t *testing.T, text string) {
		flags := check(t, text)
		if !utf8.ValidString(text) {
			return
		}
		once := safety.FoldText(text)
		is.New(t).Equal(safety.FoldText(once), once) // folding twice is folding once
		if len(flags) == 0 {
			is.New(t).Equal(domain.BlockedReason(flags), "")
		}
	})
}

// FuzzAddedText holds that text added before or after never turns a flagged text into one without flags.
func FuzzAddedText(f *testing.F) {
	f.Add("no ", "a scam", " 20 €")
	f.Add("> quoted\n-- ", "Betrug", "20 €")
	f.Add("a b c d e f g h i j k l m n o p q r s t u v w x y z", "f i l e a c l a i m", "a b c d")
	f.Add("a", "A t o Z claim", "z")
	f.Add("\u0301", "sąd", "\u0301")
	f.Add("x y", "B e t r u g", "z")
	f.Fuzz(func(t *testing.T, before, text, after string) {
		if len(safety.FlagText(text)) == 0 {
			return
		}
		for _, more := range []string{before + "\n" + text, text + "\n" + after, before + "\n" + text + "\n" + after} {
			if len(check(t, more)) == 0 {
				t.Fatalf("%q is flagged, %q is not", text, more)
			}
		}
	})
}

func TestAddedTextNeverClears(t *testing.T) {
	t.Parallel()
	rules, err := safety.RuleLines()
	is.New(t).NoErr(err)
	random := rand.New(rand.NewPCG(3, 4))
	words := strings.Fields(strings.Join(ordinaryMessages, " ") + " no not never sans kein 20 > -- a b c d e f ) \" « … 1 $ @ é ł \u200b")
	more := func() string {
		var b strings.Builder
		for range random.IntN(12) {
			b.WriteString(words[random.IntN(len(words))])
			b.WriteString([]string{" ", "\n", ", ", "-"}[random.IntN(4)])
		}
		return b.String()
	}
	for _, r := range rules {
		for _, text := range r.Instances {
			if in := more() + "\n" + text + "\n" + more(); domain.BlockedReason(safety.FlagText(in)) == "" {
				t.Errorf("%q is flagged, %q is not", text, in)
			}
		}
	}
}

// hostileTexts make a careless matcher slow.
var hostileTexts = map[string]string{
	"single letters":         "a ",
	"spelled out":            "d i s p u t e ",
	"one letter":             "a",
	"one head word":          "dispute ",
	"heads and digits":       "d1sput3 ",
	"a phrase without end":   "a a ",
	"negations":              "not ",
	"hidden characters":      "a\u200b\u00ad",
	"accents":                "e\u0301\u0301",
	"garbled":                "Ã©",
	"garbled beginnings":     "ðŸ",
	"mathematical letters":   "𝐚",
	"ideographs":             "訴",
	"signs":                  "@a$b!",
	"dashes at line ends":    "-\n-- \n",
	"quotes":                 ">\n> > ",
	"invalid bytes":          "\xf0\x9f",
	"every rule's beginning": strings.Join(suedAndBurnedWords(), " "),
}

func suedAndBurnedWords() []string {
	var words []string
	for _, text := range suedAndBurned {
		words = append(words, strings.Fields(text)...)
	}
	slices.Sort(words)
	return words
}

func TestHostileTextTakesLinearTime(t *testing.T) {
	t.Parallel()
	for name, part := range hostileTexts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Were the time quadratic, this would not end within the time for tests.
			flags := safety.FlagText(strings.Repeat(part, domain.MaxBody/4/len(part)))
			is.New(t).True(len(flags) < 100)
		})
	}
}

func BenchmarkSafetyHostile(b *testing.B) {
	for name, part := range hostileTexts {
		text := strings.Repeat(part, domain.MaxBody/len(part))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				safety.FlagText(text)
			}
		})
	}
}
