package safety

import (
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// decode is utf8.DecodeRuneInString with the two-byte case first: it is most of what is not ASCII in our languages.
func decode(s string) (rune, int) {
	if len(s) > 1 && 0xC2 <= s[0] && s[0] <= 0xDF && s[1]&0xC0 == 0x80 {
		return rune(s[0]&0x1F)<<6 | rune(s[1]&0x3F), 2
	}
	return utf8.DecodeRuneInString(s)
}

// garbledLead reports whether r is what the first byte of a UTF-8 sequence looks like in windows-1252.
func garbledLead(r rune) bool { return 0xC2 <= r && r <= 0xF4 }

// repaired reads the beginning of s as UTF-8 that was taken for windows-1252, Ã© for é. It returns the character that it
// had been and the bytes of s that it took, or 0, 0 if it had been none.
func repaired(s string) (rune, int) {
	var raw [utf8.UTFMax]byte
	n, pos := 0, 0
	for n < len(raw) && pos < len(s) {
		r, size := decode(s[pos:])
		b, ok := windows1252(r)
		if !ok || n > 0 && b&0xC0 != 0x80 {
			return 0, 0
		}
		raw[n] = b
		n++
		pos += size
		if utf8.FullRune(raw[:n]) {
			if r, size := utf8.DecodeRune(raw[:n]); size == n && n > 1 {
				return r, pos
			}
			return 0, 0
		}
	}
	return 0, 0
}

// windows1252 returns the byte that r is in windows-1252, or in ISO 8859-1 where windows-1252 has no such character.
func windows1252(r rune) (byte, bool) {
	if 0x80 <= r && r < 0xA0 {
		return byte(r), true
	}
	return charmap.Windows1252.EncodeRune(r)
}
