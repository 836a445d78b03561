package mail

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
)

// toUTF8 reads text whose charset label may be missing or wrong.
func toUTF8(b []byte, label string) string {
	text, _ := decodeText(b, label)
	return text
}

// decodeText reads text whose charset label may be missing or wrong, and says whether it was: the bytes decide before the
// label does. Bytes that are UTF-8 by accident are far rarer than wrong labels.
func decodeText(b []byte, label string) (text string, guessed bool) {
	label = strings.ToLower(strings.Trim(label, " \t\"'"))
	enc, err := htmlindex.Get(label)
	wide := strings.HasPrefix(label, "utf-16") || strings.HasPrefix(label, "utf16")
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("\xfe\xff")):
		return decodeBy(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), b), label != "utf-16"
	case label == "iso-2022-jp" && bytes.IndexByte(b, '\x1b') >= 0, wide && err == nil && bytes.IndexByte(b, 0) >= 0:
		return decodeBy(enc, b), false // these bytes may be valid UTF-8 as well, and mean something else
	case isASCII(b):
		return string(b), false // a label that says more than that says nothing wrong
	case utf8.Valid(b):
		return string(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))), enc != unicode.UTF8
	case err != nil, enc == unicode.UTF8, wide:
		return repair(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))), true
	}
	return decodeBy(enc, b), false
}

func decodeBy(enc encoding.Encoding, b []byte) string {
	text, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		return repair(b)
	}
	return repair(text)
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// repair returns b as valid UTF-8. Bytes that are none are read as windows-1252, which is what mails with a missing or
// wrong label hold in practice; so no letter is lost.
func repair(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var out strings.Builder
	out.Grow(len(b) + len(b)/8)
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			r = charmap.Windows1252.DecodeByte(b[0])
		}
		out.WriteRune(r)
		b = b[size:]
	}
	return out.String()
}

// unmangle undoes UTF-8 that was once read as windows-1252 and encoded again ("remboursÃ©"). It does so only when that
// explains every character of the text, so nothing is ever lost by it.
func unmangle(s string) string {
	text, _ := unmangled(s)
	return text
}

// unmangled is unmangle, and whether there was something to undo.
func unmangled(s string) (text string, repaired bool) {
	if !isMangled(s) {
		return s, false
	}
	b := make([]byte, 0, len(s))
	for _, r := range s {
		c, _ := windows1252(r)
		b = append(b, c)
	}
	if !utf8.Valid(b) {
		return s, false
	}
	return string(b), true
}

// isMangled reports whether the characters of s beyond ASCII, as bytes of windows-1252, have the shape of UTF-8, and there
// are some.
func isMangled(s string) bool {
	found, due := false, 0 // due is how many bytes the character still has
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf && due == 0 {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		c, ok := windows1252(r)
		switch {
		case !ok:
			return false
		case due > 0 && 0x80 <= c && c < 0xc0:
			due--
		case due == 0 && 0xc2 <= c && c < 0xf5:
			found, due = true, 1
			if c >= 0xe0 {
				due++
			}
			if c >= 0xf0 {
				due++
			}
		default:
			return false
		}
	}
	return found && due == 0
}

// windows1252 returns the byte that a character is in windows-1252, as programs have it that leave its gaps as they are.
func windows1252(r rune) (byte, bool) {
	if 0x80 <= r && r < 0xa0 {
		return byte(r), true
	}
	return charmap.Windows1252.EncodeRune(r)
}
