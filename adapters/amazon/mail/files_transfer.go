package mail

import (
	"bytes"
	"encoding/base64"
	"io"
	"strings"
)

// writeDecoded does what decodeTransfer does, in pieces: a file is read without a second copy of it in memory. w must not
// fail. whole is false when base64 ends in the middle of a group of letters.
func writeDecoded(w io.Writer, b []byte, encoding string) (whole bool) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "quoted-printable":
		writeQuotedPrintable(w, b)
	case "base64":
		return writeBase64(w, b)
	default:
		_, _ = w.Write(b)
	}
	return true
}

// encodedPiece is how much is decoded at once, in letters of base64.
const encodedPiece = 8 << 10

// writeBase64 passes over what is outside the alphabet. Padding ends a run, not the part: some gateways join runs.
func writeBase64(w io.Writer, b []byte) (whole bool) {
	letters, decoded := make([]byte, 0, encodedPiece), make([]byte, encodedPiece)
	flush := func() {
		n, _ := base64.RawStdEncoding.Decode(decoded, letters) // a single letter is nothing
		_, _ = w.Write(decoded[:n])
		letters = letters[:0]
	}
	whole = true
	for _, c := range b {
		switch {
		case isBase64[c]:
			if len(letters) == encodedPiece {
				flush()
			}
			letters = append(letters, c)
		case c == '=' && len(letters) > 0:
			whole = len(letters)%4 != 1
			flush()
		}
	}
	if len(letters) > 0 {
		whole = len(letters)%4 == 0
		flush()
	}
	return whole
}

var isBase64 = setOf("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")

func setOf(letters string) (set [256]bool) {
	for _, c := range []byte(letters) {
		set[c] = true
	}
	return set
}

// writeQuotedPrintable writes line by line. Blanks before a line end are not part of the content (RFC 2045).
func writeQuotedPrintable(w io.Writer, b []byte) {
	var out []byte
	for line := range bytes.Lines(b) {
		text := bytes.TrimRight(line, " \t\r\n")
		if joined, ok := bytes.CutSuffix(text, []byte{'='}); ok {
			out = appendUnescaped(out[:0], joined, '=')
		} else {
			out = append(appendUnescaped(out[:0], text, '='), line[len(bytes.TrimRight(line, "\r\n")):]...)
		}
		_, _ = w.Write(out)
	}
}
