package mail

import (
	"bytes"
	"encoding/base64"
	"io"
	"regexp"
	"strings"

	"github.com/jhillyerd/enmime/v2"
)

// maxText bounds the decoded text of one part.
const maxText = 8 << 20

// decodeTransfer undoes a Content-Transfer-Encoding, as far as the bytes allow: what is no valid escape stays as it is,
// and a part that was cut off gives what there is. An unknown encoding is none.
func decodeTransfer(b []byte, encoding string) []byte {
	b = b[:min(len(b), maxText)]
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "quoted-printable":
		return decodeQuotedPrintable(b)
	case "base64":
		return decodeBase64(b)
	}
	return b
}

// softBreak is a soft line break, or what is left of one at the end of a part. enmime wants it without blanks.
var softBreak = regexp.MustCompile(`=[ \t\r]*(?:\n|\z)`)

// octets keeps enmime from guessing at a charset.
const octets = "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"

var transferParser = enmime.NewParser(enmime.SetReadPartErrorPolicy(func(*enmime.Part, error) bool { return true }))

func decodeQuotedPrintable(b []byte) []byte {
	b = softBreak.ReplaceAll(b, []byte("=\n"))
	p, err := transferParser.ReadParts(io.MultiReader(strings.NewReader(octets), bytes.NewReader(b)))
	if err != nil {
		return b
	}
	return p.Content
}

// decodeBase64 passes over what is outside the alphabet. Padding ends a piece, not the part: some gateways join pieces.
// This is not enmime's since that keeps an error for each byte it passes over, a hundred times the part's size, and
// loses what follows a padding.
func decodeBase64(b []byte) []byte {
	out := make([]byte, 0, len(b)/4*3)
	for piece := range bytes.FieldsFuncSeq(b, func(r rune) bool { return r == '=' }) {
		out, _ = base64.RawStdEncoding.AppendDecode(out, bytes.Map(onlyBase64, piece))
	}
	return out
}

func onlyBase64(r rune) rune {
	switch {
	case 'A' <= r && r <= 'Z', 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '+', r == '/':
		return r
	}
	return -1
}
