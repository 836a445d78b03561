package mail

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
)

// toUTF8 reads text whose charset label may be missing or wrong: the bytes decide before the label does. Bytes that are
// UTF-8 by accident are far rarer than wrong labels.
func toUTF8(b []byte, label string) string {
	label = strings.ToLower(strings.TrimSpace(label))
	enc, err := htmlindex.Get(label)
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("\xfe\xff")):
		enc = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case label == "iso-2022-jp", err == nil && strings.HasPrefix(label, "utf-16") && bytes.IndexByte(b, 0) >= 0:
		// Their bytes may be valid UTF-8 as well, and mean something else.
	case utf8.Valid(b), err != nil, enc == unicode.UTF8:
		return repair(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")))
	}
	text, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		return repair(b)
	}
	return repair(text)
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
	if !strings.ContainsAny(s, "ÃÂÄÅâ") {
		return s
	}
	b, err := charmap.Windows1252.NewEncoder().Bytes([]byte(s))
	if err != nil || !utf8.Valid(b) || len(b) == len(s) {
		return s
	}
	return string(b)
}
