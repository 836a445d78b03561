package postgres

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"github.com/keybuzzio/marketplaces/domain"
)

// rawJSON is a domain.StoredSource as the column raw keeps it. Of a sealed one that is what it is; its bytes are in raw_contents.
// A plain one is there byte for byte: as text where it is text, else in base64. Its keys are stored data and never change.
// A raw may be a mail of many megabytes, which json.Marshal would copy several times over.
func rawJSON(r domain.StoredSource) json.RawMessage {
	if r.Sealed() {
		out := appendJSON([]byte(`{"mediaType":`), r.MediaType)
		return append(strconv.AppendInt(append(out, `,"size":`...), int64(r.Size), 10), '}')
	}
	// jsonb cannot hold a NUL, and JSON nothing but UTF-8.
	text := utf8.Valid(r.Bytes) && bytes.IndexByte(r.Bytes, 0) < 0
	size, encoding := len(r.Bytes)+len(r.Bytes)/16, "utf-8"
	if !text {
		size, encoding = base64.StdEncoding.EncodedLen(len(r.Bytes)), "base64"
	}
	out := make([]byte, 0, size+len(r.MediaType)+100)
	out = append(out, `{"mediaType":`...)
	out = appendJSON(out, r.MediaType)
	out = append(out, `,"encoding":"`+encoding+`","content":"`...)
	if text {
		out = appendEscaped(out, r.Bytes)
	} else {
		out = base64.StdEncoding.AppendEncode(out, r.Bytes)
	}
	return append(out, `"}`...)
}

// appendEscaped appends text as it stands between the quotes of a JSON string, a piece at a time.
func appendEscaped(out, text []byte) []byte {
	const piece = 32 << 10
	for len(text) > 0 {
		n := min(piece, len(text))
		for n < len(text) && !utf8.RuneStart(text[n]) { // no character is cut
			n--
		}
		quoted := appendJSON(nil, string(text[:n]))
		out = append(out, quoted[1:len(quoted)-1]...)
		text = text[n:]
	}
	return out
}

// appendJSON appends a text as JSON. Every text has a form in JSON.
func appendJSON(out []byte, text string) []byte {
	quoted, _ := json.Marshal(text)
	return append(out, quoted...)
}
