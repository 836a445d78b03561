package mail

import "strings"

// maxText bounds the decoded text of one part.
const maxText = 8 << 20

// decodeTransfer undoes a Content-Transfer-Encoding, as far as the bytes allow: what is no valid escape stays as it is,
// and a part that was cut off gives what there is. An unknown encoding is none.
func decodeTransfer(b []byte, encoding string) []byte {
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		return decodeQuotedPrintable(b)
	case "base64":
		return decodeBase64(b)
	}
	return b[:min(len(b), maxText)]
}

func decodeQuotedPrintable(b []byte) []byte {
	out := make([]byte, 0, min(len(b), maxText))
	for i := 0; i < len(b) && len(out) < maxText; i++ {
		if b[i] != '=' {
			out = append(out, b[i])
			continue
		}
		if i+2 < len(b) {
			if hi, lo := hexDigit(b[i+1]), hexDigit(b[i+2]); hi >= 0 && lo >= 0 {
				out = append(out, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		end := i + 1
		for end < len(b) && (b[end] == ' ' || b[end] == '\t' || b[end] == '\r') {
			end++
		}
		if end == len(b) || b[end] == '\n' {
			i = end // a soft line break, or what is left of one at the end of the part
			continue
		}
		out = append(out, '=')
	}
	return out
}

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

// decodeBase64 passes over what is outside the alphabet. Padding ends a group, not the part: some gateways join pieces.
func decodeBase64(b []byte) []byte {
	out := make([]byte, 0, min(len(b)/4*3+3, maxText))
	var group uint32
	n := 0 // digits in group
	for _, c := range b {
		if len(out) >= maxText {
			break
		}
		digit := base64Digit(c)
		if digit < 0 && c != '=' {
			continue
		}
		if digit >= 0 {
			group, n = group<<6|uint32(digit), n+1
		}
		if n == 4 || c == '=' {
			out = appendGroup(out, group, n)
			group, n = 0, 0
		}
	}
	return appendGroup(out, group, n)
}

// appendGroup adds the whole bytes that n base64 digits hold.
func appendGroup(out []byte, group uint32, n int) []byte {
	group <<= 6 * (4 - n)
	for i := range n * 6 / 8 {
		out = append(out, byte(group>>(16-8*i)))
	}
	return out
}

func base64Digit(c byte) int {
	switch {
	case 'A' <= c && c <= 'Z':
		return int(c - 'A')
	case 'a' <= c && c <= 'z':
		return int(c-'a') + 26
	case '0' <= c && c <= '9':
		return int(c-'0') + 52
	case c == '+':
		return 62
	case c == '/':
		return 63
	}
	return -1
}
