package mail

import (
	"bytes"
	"io"
	"mime"
	"strings"
)

// Bounds on what is kept of a header, in bytes. Real ones stay below a tenth.
const (
	maxHeader = 256 << 10 // all values together
	maxValue  = 64 << 10  // one value
)

// header is the fields of a mail or of a part, by their names in lower case. Each value is one line, whatever its folds
// were.
type header map[string][]string

// all returns the values of every field of this name, in their order. The name is in lower case.
func (h header) all(name string) []string { return h[name] }

// get returns the first value of this name, "" if there is none.
func (h header) get(name string) string {
	if values := h[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// readHeader reads the fields of a header, and whether it was too long to be kept whole. A line that is no field goes on
// with the one before, as gateways write them that fold without the blank.
func readHeader(block []byte) (h header, cut bool) {
	h = header{}
	r := fieldReader{h: h}
	for line := range bytes.Lines(block) {
		r.line(line)
	}
	r.end()
	return h, r.cut
}

// fieldReader collects the lines of a field.
type fieldReader struct {
	h     header
	name  string
	value []byte
	kept  int // bytes in h
	cut   bool
}

func (r *fieldReader) line(line []byte) {
	name, value, ok := cutField(line)
	if ok {
		r.end()
		r.name, r.value = name, append(r.value[:0], value...)
		return
	}
	if more := bytes.TrimSpace(line); r.name != "" && len(more) > 0 && len(r.value) <= maxValue {
		r.value = append(append(r.value, ' '), more...)
	}
}

// end keeps the field at hand.
func (r *fieldReader) end() {
	if r.name == "" {
		return
	}
	value := r.value
	if len(value) > maxValue {
		value, r.cut = value[:maxValue], true
	}
	if r.kept += len(r.name) + len(value); r.kept > maxHeader {
		r.cut = true
		return
	}
	r.h[r.name] = append(r.h[r.name], string(bytes.TrimSpace(value)))
}

// cutField parts a line that begins a field.
func cutField(line []byte) (name string, value []byte, ok bool) {
	before, value, ok := bytes.Cut(line, []byte{':'})
	before = bytes.TrimRight(before, " \t")
	if !ok || len(before) == 0 || len(before) > 200 {
		return "", nil, false
	}
	for _, c := range before {
		if c <= ' ' || c > '~' {
			return "", nil, false
		}
	}
	return strings.ToLower(string(before)), bytes.TrimSpace(value), true
}

// cutHeader parts a mail at its first empty line. Line ends may be CRLF, LF or both in turns.
func cutHeader(b []byte) (block, body []byte) {
	for pos := 0; pos < len(b); {
		end := lineEnd(b, pos)
		if isEmptyLine(b[pos:end]) {
			return b[:pos], b[end:]
		}
		pos = end
	}
	return b, nil
}

// lineEnd returns where the line that begins at pos ends, its line end included.
func lineEnd(b []byte, pos int) int {
	if i := bytes.IndexByte(b[pos:], '\n'); i >= 0 {
		return pos + i + 1
	}
	return len(b)
}

// isEmptyLine reports whether a line is nothing but its end.
func isEmptyLine(line []byte) bool {
	return len(line) == 1 && line[0] == '\n' || len(line) == 2 && line[0] == '\r' && line[1] == '\n'
}

// wordDecoder decodes with every charset that there is, and words that lie about theirs.
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
