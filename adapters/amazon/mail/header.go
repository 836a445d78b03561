package mail

import (
	"bytes"
	"io"
	"mime"
	"net/textproto"
	"strings"
)

// maxHeader bounds what is read of a mail's header, in bytes. Real ones stay below a tenth.
const maxHeader = 256 << 10

// header is the fields of a mail. Each is one line, whatever its folds were.
type header textproto.MIMEHeader

// all returns the values of every field of this name, in their order.
func (h header) all(name string) []string { return textproto.MIMEHeader(h).Values(name) }

// get returns the first value of this name, "" if there is none.
func (h header) get(name string) string { return strings.TrimSpace(textproto.MIMEHeader(h).Get(name)) }

// cutHeader parts a mail at its first empty line. Line ends may be CRLF, LF or both in turns. enmime does not tell
// where the body begins, by which mails are told apart.
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

// wordDecoder decodes with every charset that there is. enmime's gives up on words that lie about theirs.
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
