package safety_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/matryer/is"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"

	"github.com/keybuzzio/marketplaces/domain/safety"
)

// replacing returns a disguise that replaces the letters of pairs.
func replacing(pairs ...string) func(string) string { return strings.NewReplacer(pairs...).Replace }

// between returns a disguise that puts s between the letters of words.
func between(s string) func(string) string {
	return func(text string) string {
		var b strings.Builder
		for i, r := range text {
			before, _ := utf8.DecodeLastRuneInString(text[:i])
			if unicode.IsLetter(r) && unicode.IsLetter(before) {
				b.WriteString(s)
			}
			b.WriteRune(r)
		}
		return b.String()
	}
}

// shifted returns a disguise that replaces lower-case letters by those of another alphabet that begins with first.
func shifted(first rune) func(string) string {
	return func(text string) string {
		return strings.Map(func(r rune) rune {
			if 'a' <= r && r <= 'z' {
				return first + r - 'a'
			}
			return r
		}, text)
	}
}

// inside returns a disguise that replaces one letter, neither the first nor the last, of each word of five and more.
func inside(pairs string) func(string) string {
	return func(text string) string {
		words := strings.Split(text, " ")
		for i, w := range words {
			for at := 1; len(w) > 4 && at < len(w)-1; at++ {
				if j := strings.IndexByte(pairs, w[at]); j >= 0 && j%2 == 0 {
					words[i] = w[:at] + pairs[j+1:j+2] + w[at+1:]
					break
				}
			}
		}
		return strings.Join(words, " ")
	}
}

// disguises are ways to write a text so that people still read the same.
var disguises = map[string]func(string) string{
	"upper case":           strings.ToUpper,
	"no-break spaces":      replacing(" ", "\u00a0"),
	"thin spaces":          replacing(" ", "\u2009 \u3000"),
	"hyphens":              replacing(" ", "-"),
	"no-break hyphens":     replacing(" ", "\u2011"),
	"long dashes":          replacing(" ", " — "),
	"minus signs":          replacing(" ", "\u2212"),
	"slashes":              replacing(" ", "/"),
	"fraction slashes":     replacing(" ", "\u2044"),
	"dots":                 replacing(" ", "."),
	"underscores":          replacing(" ", "_"),
	"apostrophes":          replacing(" ", "’"),
	"lines":                replacing(" ", "\r\n"),
	"acute accents":        replacing("e", "é", "a", "á", "o", "ó"),
	"combining accents":    replacing("e", "e\u0301", "a", "a\u0300", "u", "u\u0308"),
	"letters of their own": replacing("l", "ł", "d", "đ", "i", "ı"),
	"ligatures":            replacing("ss", "ß", "ae", "æ", "oe", "œ", "ffi", "ﬃ", "fi", "ﬁ"),
	"zero-width spaces":    between("\u200b"),
	"zero-width joiners":   between("\u200d"),
	"soft hyphens":         between("\u00ad"),
	"word joiners":         between("\u2060"),
	"variation selectors":  between("\ufe0f"),
	"tags":                 between("\U000e0061"),
	"bidi marks":           between("\u202e\u2066"),
	"Cyrillic":             replacing("a", "а", "e", "е", "o", "о", "p", "р", "c", "с", "y", "у", "x", "х", "i", "і", "s", "ѕ", "j", "ј", "h", "һ"),
	"Cyrillic capitals":    replacing("a", "А", "b", "В", "e", "Е", "h", "Н", "k", "К", "m", "М", "o", "О", "p", "Р", "c", "С", "t", "Т", "x", "Х"),
	"Greek":                replacing("a", "α", "o", "ο", "i", "ι", "v", "ν", "p", "ρ", "k", "κ", "t", "τ", "u", "υ", "n", "η"),
	"Greek capitals":       replacing("a", "Α", "b", "Β", "e", "Ε", "z", "Ζ", "h", "Η", "i", "Ι", "k", "Κ", "m", "Μ", "n", "Ν", "o", "Ο", "p", "Ρ", "t", "Τ", "y", "Υ", "x", "Χ"),
	"full width":           shifted('ａ'),
	"bold":                 shifted('𝐚'),
	"double-struck":        shifted('𝕒'),
	"monospace":            shifted('𝚊'),
	"circled":              shifted('ⓐ'),
	"in brackets":          shifted('⒜'),
	"black squares":        shifted('🅰'),
	"small capitals":       replacing("a", "ᴀ", "b", "ʙ", "c", "ᴄ", "d", "ᴅ", "e", "ᴇ", "g", "ɢ", "n", "ɴ", "r", "ʀ", "t", "ᴛ", "q", "ꞯ", "s", "ꜱ"),
	"digits":               inside("o0i1z2e3a4s5b8"),
	"signs":                inside("a@s$i!t+"),
	"repeated letters":     repeated,
	"garbled":              func(s string) string { return garbled(strings.NewReplacer("e", "é", "a", "à", "o", "ö").Replace(s)) },
	"mixed": func(s string) string {
		return strings.ToUpper(between("\u200b")(strings.NewReplacer("a", "а", " ", " \u2013 ").Replace(s)))
	},
}

// repeated writes one letter of each longer word many times.
func repeated(text string) string {
	words := strings.Split(text, " ")
	for i, w := range words {
		if len(w) > 3 {
			words[i] = w[:2] + strings.Repeat(w[1:2], 2+i) + w[2:]
		}
	}
	return strings.Join(words, " ")
}

// garbled takes UTF-8 for windows-1252.
func garbled(text string) string {
	s, err := charmap.Windows1252.NewDecoder().String(text)
	if err != nil {
		return text
	}
	return s
}

func TestEveryRuleSeesThroughEveryDisguise(t *testing.T) {
	t.Parallel()
	rules, err := safety.RuleLines()
	is.New(t).NoErr(err)
	for name, disguise := range disguises {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, r := range rules {
				if !r.Plain {
					continue // asks for an accent, a capital or a dash
				}
				for _, text := range r.Instances {
					if in := disguise(text); !hits(safety.FlagText(in), r.Flag) {
						t.Errorf("%s %q: missed %q", r.Language, r.Line, in)
					}
				}
			}
		})
	}
}

func TestSpelledOutWords(t *testing.T) {
	t.Parallel()
	rules, err := safety.RuleLines()
	is.New(t).NoErr(err)
	for name, sep := range map[string]string{"spaces": " ", "wide spaces": "   ", "dots": ".", "dashes": "-", "stars": " * "} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, r := range rules {
				for _, text := range r.Instances {
					letters := strings.ReplaceAll(text, " ", "")
					if !r.Plain || len(letters) < 4 || strings.ContainsAny(letters, "0123456789") {
						continue // too short to tell from initials, or no word
					}
					for _, in := range []string{
						strings.Join(strings.Split(letters, ""), sep),
						"C'est " + strings.Join(strings.Split("x"+letters+"x", ""), sep) + " ?",
					} {
						if !hits(safety.FlagText(in), r.Flag) {
							t.Errorf("%s %q: missed %q", r.Language, r.Line, in)
						}
					}
				}
			}
		})
	}
}

func TestFoldingTwiceIsFoldingOnce(t *testing.T) {
	t.Parallel()
	rules, err := safety.RuleLines()
	is.New(t).NoErr(err)
	for name, disguise := range disguises {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, r := range rules {
				once := safety.FoldText(disguise(r.Line))
				is.New(t).Equal(safety.FoldText(once), once)
			}
		})
	}
	t.Run("every assigned character", func(t *testing.T) {
		t.Parallel()
		for r := range rune(unicode.MaxRune) {
			if !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.Cf) ||
				unicode.In(r, unicode.Han, unicode.Hangul) {
				continue
			}
			once := safety.FoldText("x" + string(r) + "y")
			if twice := safety.FoldText(once); twice != once {
				t.Fatalf("%U: %q, then %q", r, once, twice)
			}
			for _, form := range []norm.Form{norm.NFC, norm.NFD} {
				if other := safety.FoldText("x" + form.String(string(r)) + "y"); other != once {
					t.Fatalf("%U: %q, but %q in another normal form", r, once, other)
				}
			}
		}
	})
}

func TestCombinedDisguises(t *testing.T) {
	t.Parallel()
	rules, err := safety.RuleLines()
	is.New(t).NoErr(err)
	random := rand.New(rand.NewPCG(1, 2))
	// Disguises that stay readable on top of one another.
	names := []string{"upper case", "no-break hyphens", "combining accents", "zero-width spaces", "soft hyphens", "tags", "bidi marks"}
	for range 2000 {
		r := rules[random.IntN(len(rules))]
		if !r.Plain {
			continue
		}
		in := r.Instances[random.IntN(len(r.Instances))]
		for range 3 {
			in = disguises[names[random.IntN(len(names))]](in)
		}
		if !hits(safety.FlagText(in), r.Flag) {
			t.Errorf("%s %q: missed %q", r.Language, r.Line, in)
		}
	}
}
