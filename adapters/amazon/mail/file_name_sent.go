package mail

import (
	"iter"
	"strconv"
	"strings"
)

// maxParameters bounds what is read of one Content-Type or Content-Disposition, in bytes.
const maxParameters = 8 << 10

// sentName returns the name that a file was sent under, decoded. Where the two fields that may hold one disagree, the
// disposition's is it: that is what mail clients show.
func sentName(h header) string {
	if name := parameter(h.get("content-disposition"), "filename"); name != "" {
		return name
	}
	return parameter(h.get("content-type"), "name")
}

// parameter returns a parameter of a header field, decoded as RFC 2231 has it, or else as RFC 2047, which is not meant for
// parameters and what most mailers write. It is UTF-8; "" if there is none.
//
// Package mime is not asked: it knows no charset but UTF-8 here, and gives up where a rule is broken.
func parameter(field, name string) string {
	var plain string
	pieces := map[int]piece{}
	for key, value := range parameters(cut(field, maxParameters)) {
		rest, ok := strings.CutPrefix(key, name)
		switch {
		case !ok || rest != "" && rest[0] != '*':
		case rest == "":
			if plain == "" {
				plain = value
			}
		default:
			number, encoded := strings.CutSuffix(rest, "*")
			n, err := strconv.Atoi(strings.TrimPrefix(number, "*"))
			if _, taken := pieces[n]; !taken && (err == nil || number == "") {
				pieces[n] = piece{value, encoded}
			}
		}
	}
	if joined := joinPieces(pieces); joined != "" {
		return decodeWords(joined)
	}
	return decodeWords(plain)
}

// piece is a numbered part of a long value (RFC 2231).
type piece struct {
	text    string
	encoded bool // with %XX, and the first of all with charset'language' before it
}

// joinPieces puts a value together, up to the first piece that is missing.
func joinPieces(pieces map[int]piece) string {
	first := 0
	if _, ok := pieces[0]; !ok {
		first = 1 // some count from there
	}
	var charset string
	var value []byte
	for n := first; ; n++ {
		p, ok := pieces[n]
		if !ok {
			return toUTF8(value, charset)
		}
		if n == first && p.encoded {
			if label, rest, ok := strings.Cut(p.text, "'"); ok {
				if _, text, ok := strings.Cut(rest, "'"); ok {
					charset, p.text = label, text
				}
			}
		}
		if p.encoded {
			value = appendUnescaped(value, p.text, '%')
		} else {
			value = append(value, p.text...)
		}
	}
}

// parameters yields the parameters of a field, names in lower case, values as they stand but for quotes. It reads what
// breaks the rules as it was meant: values without quotes that hold blanks, quotes within quotes, none at the end.
func parameters(field string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for field != "" {
			end := strings.IndexAny(field, ";=")
			if end < 0 {
				return
			}
			name, rest := strings.TrimSpace(field[:end]), strings.TrimLeft(field[end+1:], " \t")
			if field[end] == ';' { // the value itself, or nothing
				field = rest
				continue
			}
			var value string
			if strings.HasPrefix(rest, `"`) {
				value, field = quoted(rest[1:])
			} else {
				value, field, _ = strings.Cut(rest, ";")
			}
			name = name[strings.LastIndexAny(name, " \t")+1:] // where the semicolon before it is missing
			if !yield(strings.ToLower(name), strings.TrimSpace(value)) {
				return
			}
		}
	}
}

// quoted reads a text up to its closing quote: the one with a semicolon or nothing behind it. A backslash that escapes
// neither a quote nor itself is one of Windows.
func quoted(s string) (text, rest string) {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
		case s[i] == '"':
			if behind := strings.TrimLeft(s[i+1:], " \t"); behind == "" || behind[0] == ';' {
				return out.String(), strings.TrimPrefix(behind, ";")
			}
		}
		out.WriteByte(s[i])
	}
	return out.String(), ""
}
