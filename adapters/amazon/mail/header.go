package mail

import (
	"bytes"
	"io"
	"mime"
	"strings"
)

// Bounds on what is read of a header. Real ones stay below a tenth of either.
const (
	maxHeader = 256 << 10
	maxFields = 1000
)

// header is the fields of a mail or of one of its parts, in their order.
type header []field

type field struct {
	name  string // lower case
	value string // as it stood, folds included
}

// readHeader parts a mail, or a part of one, into header and body. What is no field is passed over. Line ends may be
// CRLF, LF or both in turns.
func readHeader(entity []byte) (header, []byte) {
	block, body := cutHeader(entity)
	text := string(block[:min(len(block), maxHeader)])
	var h header
	start, name := 0, "" // of the field being read; "" while passing over
	flush := func(end int) {
		if name != "" {
			h = append(h, field{name, strings.TrimRight(text[start:end], "\r\n")})
		}
		name = ""
	}
	for pos := 0; pos < len(text) && len(h) < maxFields; {
		next := len(text)
		if i := strings.IndexByte(text[pos:], '\n'); i >= 0 {
			next = pos + i + 1
		}
		if c := text[pos]; c != ' ' && c != '\t' {
			flush(pos)
			if colon := strings.IndexByte(text[pos:next], ':'); colon > 0 {
				name, start = fieldName(text[pos:pos+colon]), pos+colon+1
			}
		}
		pos = next
	}
	flush(len(text))
	return h, body
}

// cutHeader parts an entity at its first empty line.
func cutHeader(b []byte) (block, body []byte) {
	for pos := 0; pos < len(b); {
		i := bytes.IndexByte(b[pos:], '\n')
		if i < 0 {
			break
		}
		if line := b[pos : pos+i]; len(line) == 0 || len(line) == 1 && line[0] == '\r' {
			return b[:pos], b[pos+i+1:]
		}
		pos += i + 1
	}
	return b, nil
}

// fieldName returns the name in lower case, "" if it cannot be one. Blanks before the colon are forgiven.
func fieldName(s string) string {
	s = strings.TrimRight(s, " \t")
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return ""
		}
	}
	return strings.ToLower(s)
}

// all returns the values of every field of this name, folded as they stood.
func (h header) all(name string) []string {
	var values []string
	for _, f := range h {
		if f.name == name {
			values = append(values, f.value)
		}
	}
	return values
}

// raw returns the first value of this name as it stood, folds included; "" if there is none.
func (h header) raw(name string) string {
	for _, f := range h {
		if f.name == name {
			return f.value
		}
	}
	return ""
}

// get returns the first value of this name without folds, "" if there is none.
func (h header) get(name string) string { return strings.TrimSpace(unfold(h.raw(name))) }

// unfold takes the line breaks out of a value and leaves the blanks behind them.
func unfold(value string) string {
	if !strings.ContainsAny(value, "\r\n") {
		return value
	}
	return lineBreaks.Replace(value)
}

var lineBreaks = strings.NewReplacer("\r", "", "\n", "")

// wordDecoder decodes with every charset that there is.
var wordDecoder = &mime.WordDecoder{CharsetReader: func(label string, r io.Reader) (io.Reader, error) {
	b, err := io.ReadAll(r)
	return strings.NewReader(toUTF8(b, label)), err
}}

// decodeWords reads the encoded words of RFC 2047 in a value, and whatever raw bytes stand between them.
func decodeWords(value string) string {
	value = repair([]byte(value))
	if strings.Contains(value, "=?") {
		if decoded, err := wordDecoder.DecodeHeader(value); err == nil {
			value = repair([]byte(decoded)) // a word may lie about its charset
		}
	}
	return value
}

// unfoldTight takes the line breaks out of a value together with the blanks behind them.
func unfoldTight(value string) string {
	lines := strings.Split(value, "\n")
	for i := range lines {
		lines[i] = strings.Trim(lines[i], " \t\r")
	}
	return strings.Join(lines, "")
}
