package mail

import "bytes"

// maxText bounds the text that is decoded of one part, in bytes.
const maxText = 8 << 20

// decodeTransfer undoes a Content-Transfer-Encoding, as far as the bytes allow: what is no valid escape stays as it is,
// and a part that was cut off gives what there is. An unknown encoding is none, and copies nothing.
func decodeTransfer(b []byte, encoding string) []byte {
	if encoding != "quoted-printable" && encoding != "base64" {
		return b
	}
	var out bytes.Buffer
	out.Grow(len(b))
	writeDecoded(&out, b, encoding)
	return out.Bytes()
}

// appendUnescaped appends text with its escapes undone: two hexadecimal digits behind escape. What only looks like one is
// kept.
func appendUnescaped[T string | []byte](out []byte, text T, escape byte) []byte {
	for i := 0; i < len(text); i++ {
		if text[i] == escape && i+2 < len(text) {
			if high, low := hexDigit(text[i+1]), hexDigit(text[i+2]); high >= 0 && low >= 0 {
				out = append(out, byte(high<<4|low))
				i += 2
				continue
			}
		}
		out = append(out, text[i])
	}
	return out
}

// hexDigit returns the value of a digit, -1 if it is none.
func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}
