package safety

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A runeKind says what a character does to the words around it.
type runeKind uint8

const (
	kindBreak  runeKind = iota // ends a word and a clause: punctuation, and letters that no list is written in
	kindSpace                  // ends a word: spaces, apostrophes
	kindJoint                  // ends a word and ties it to the next: dashes, slashes
	kindLetter                 // a Latin letter or a digit
	kindHidden                 // is not there: format characters, variation selectors
	kindMark                   // is not there, but leaves its mark: accents
)

// A fold is what a character is to the matcher.
type fold struct {
	letters [4]byte // of a kindLetter: a-z and 0-9, n of them
	n       uint8
	kind    runeKind
	sign    byte // of a sign that may stand in the place of a letter: that letter, ! for i or l
	marked  bool // had an accent, or is a letter of its own like ł
	capital bool
}

// foldTableSize covers the scripts and the punctuation of ordinary mail; rarer characters are folded when they come.
const foldTableSize = 0x2100

var foldTable = sync.OnceValue(func() *[foldTableSize]fold {
	t := new([foldTableSize]fold)
	for r := range t {
		t[r] = foldRune(rune(r))
	}
	return t
})

// foldRune is Unicode's compatibility decomposition, case folding and removal of marks for one character, and beyond it
// the letters that have no decomposition and those that only look Latin.
func foldRune(r rune) fold {
	f := fold{capital: unicode.IsUpper(r), sign: signs()[r]}
	switch {
	case r == utf8.RuneError, r == '™', r == '℠': // ™ decomposes into letters that would spoil the word it follows
		return f
	case hidden(r):
		f.kind = kindHidden
		return f
	case unicode.In(r, unicode.Mn, unicode.Me):
		f.kind = kindMark
		return f
	case unicode.Is(unicode.Dash, r), strings.ContainsRune(`/\_⁄∕⧸／＼＿`, r):
		f.kind = kindJoint
		return f
	case unicode.In(r, unicode.Z, unicode.White_Space), strings.ContainsRune("'`´‘’‛′ʹʻʼʽˈ՚׳＇", r):
		f.kind = kindSpace
		return f
	}
	letters := f.letters[:0]
	for _, d := range norm.NFKD.String(string(r)) {
		if unicode.In(d, unicode.Mn, unicode.Me) {
			f.marked = true
			continue
		}
		latin := ownLetters()[d]
		if latin != "" {
			f.marked = true
		} else if latin = lookAlikes()[d]; latin == "" {
			latin = string(unicode.ToLower(d))
		}
		for _, c := range []byte(latin) {
			if (isLetter(c) || isDigit(c)) && len(letters) < len(f.letters) {
				letters = append(letters, c)
			}
		}
	}
	f.n = uint8(len(letters))
	if f.n > 0 {
		f.kind = kindLetter
	}
	return f
}

// asciiLetter folds the letters and digits of ASCII; all else is 0.
var asciiLetter = func() (t [256]byte) {
	for c := range byte(utf8.RuneSelf) {
		if lower := c | 0x20; isLetter(lower) {
			t[c] = lower
		} else if isDigit(c) {
			t[c] = c
		}
	}
	return t
}()

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }

// hidden reports whether a reader does not see r at all, so that it can be put inside a word unnoticed.
func hidden(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// ownLetters are Latin letters without a decomposition.
var ownLetters = sync.OnceValue(func() map[rune]string {
	return runeMap("ł l  Ł l  ø o  Ø o  æ ae  Æ ae  œ oe  Œ oe  ß ss  ẞ ss  đ d  Đ d  ð d  Ð d  þ th  Þ th  ħ h  Ħ h " +
		"ı i  ȷ j  ŋ n  Ŋ n  ŧ t  Ŧ t  ĸ k  ƒ f  ɨ i  ɫ l  ƶ z  Ƶ z  ə e  Ə e")
})

// lookAlikes are characters that pass for a Latin letter. Capitals stand apart, because Н looks like H and η like n.
var lookAlikes = sync.OnceValue(func() map[rune]string {
	m := runeMap(
		// Cyrillic
		"а a  А a  в b  В b  с c  С c  ԁ d  е e  Е e  є e  Є e  һ h  н h  Н h  Һ h  і i  І i  ї i  Ї i  ј j  Ј j  к k  К k " +
			"ӏ l  Ӏ l  м m  М m  п n  о o  О o  р p  Р p  ԛ q  г r  ѕ s  Ѕ s  т t  Т t  и u  ѵ v  Ѵ v  ԝ w  Ԝ w  ш w  х x  Х x " +
			"у y  У y  ү y  Ү y  ь b  з 3  З 3 " +
			// Greek
			"α a  Α a  β b  Β b  ϲ c  ε e  Ε e  Η h  η n  ι i  Ι i  ϳ j  κ k  Κ k  Μ m  μ u  Ν n  ν v  ο o  Ο o  π n  ρ p  Ρ p " +
			"σ o  ς s  τ t  Τ t  υ u  Υ y  χ x  Χ x  ω w  Ζ z " +
			// Armenian, Cherokee
			"օ o  ո n  ս u  հ h  յ j  ց g  Ꭺ a  Ᏼ b  Ꮯ c  Ꭰ d  Ꭼ e  Ꮐ g  Ꮋ h  Ꭻ j  Ꮶ k  Ꮮ l  Ꮇ m  Ꮲ p  Ꮪ s  Ꭲ i  Ꮩ v  Ꮤ w  Ꮓ z " +
			// phonetic letters and small capitals
			"ɑ a  ɡ g  ɩ i  ɪ i  ʟ l  ɴ n  ʀ r  ʏ y  ʙ b  ɢ g  ʜ h  ᴀ a  ᴄ c  ᴅ d  ᴇ e  ꜰ f  ᴊ j  ᴋ k  ᴍ m  ᴏ o  ᴘ p  ꞯ q  ꜱ s " +
			"ᴛ t  ᴜ u  ᴠ v  ᴡ w  ᴢ z")
	for i := range rune(26) {
		for _, first := range []rune{'🅐', '🅰', '🇦'} { // in black circles, in black squares, flags
			m[first+i] = string('a' + i)
		}
	}
	return m
})

// signs are what stands in the place of a letter inside a word, beside digits.
var signs = sync.OnceValue(func() map[rune]byte {
	return map[rune]byte{'@': 'a', '$': 's', '€': 'e', '£': 'l', '+': 't', '!': '!', '|': '!', '¡': '!'}
})

// digitLetters are the letters that a digit, or a sign kept as !, may stand for.
var digitLetters = [256]string{
	'0': "o", '1': "il", '2': "z", '3': "e", '4': "a", '5': "s", '6': "bg", '7': "t", '8': "b", '9': "gq", '!': "il",
}

// runeMap reads pairs of a character and what it stands for.
func runeMap(pairs string) map[rune]string {
	m := map[rune]string{}
	fields := strings.Fields(pairs)
	for i := 0; i+1 < len(fields); i += 2 {
		r, _ := utf8.DecodeRuneInString(fields[i])
		m[r] = fields[i+1]
	}
	return m
}

// foldWord folds a word of a list. It returns every spelling that a text may have after folding: ä, ö and ü may stand
// there without their dots or as ae, oe and ue.
func foldWord(s string) []string {
	spellings := []string{""}
	for _, r := range norm.NFC.String(s) {
		f := foldRune(r)
		add := []string{string(f.letters[:f.n])}
		switch unicode.ToLower(r) {
		case 'ä', 'ö', 'ü', 'ø':
			add = append(add, add[0]+"e")
		}
		var longer []string
		for _, a := range add {
			for _, s := range spellings {
				longer = append(longer, s+a)
			}
		}
		spellings = longer
	}
	return spellings
}
