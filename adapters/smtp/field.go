package smtp

// What may stand in the fields of a message. Fields are where others' words could do harm: a line end in one begins
// another field, or the text. So ids and addresses are refused, or left out, unless they are exactly what they should
// be, and free words are made one line and encoded.

import (
	stdbase64 "encoding/base64"
	"mime"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// isAddress reports whether a is an addr-spec of RFC 5322 §3.4.1 without quotes, comments or literals, within the
// bounds of RFC 5321 §4.5.3.1. Addresses outside ASCII would need SMTPUTF8 all the way.
func isAddress(a string) bool {
	local, host, ok := strings.Cut(a, "@")
	return ok && len(local) <= 64 && len(a) <= 254 && isDotted(local, "!#$%&'*+-/=?^_`{|}~") && isDotted(host, "-")
}

// isDotted reports whether s is letters, digits and what extra holds, with single dots between.
func isDotted(s, extra string) bool {
	for part := range strings.SplitSeq(s, ".") {
		if part == "" {
			return false
		}
		if strings.ContainsFunc(part, func(r rune) bool { return !isAlphanumeric(r) && !strings.ContainsRune(extra, r) }) {
			return false
		}
	}
	return true
}

func isAlphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// maxID bounds a Message-ID, so that it fits on a line of its own (RFC 5322 §2.1.1).
const maxID = 500

// isMessageID reports whether id can stand between angle brackets. Ids of others are often not what RFC 5322 §3.6.4
// asks for, and must be given back as they came.
func isMessageID(id string) bool {
	return id != "" && len(id) <= maxID && strings.Contains(id, "@") &&
		!strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '<' || r == '>' })
}

// maxReferences bounds the References of a long conversation: the first and the latest are kept (RFC 5322 §3.6.4).
const maxReferences = 20

// threadIDs returns In-Reply-To and References. The id that is answered ends References. Ids that cannot be written are
// left out.
func threadIDs(inReplyTo string, references []string) (answered, thread []string) {
	for _, id := range append(slices.Clone(references), inReplyTo) {
		if at := slices.Index(thread, id); at >= 0 {
			thread = slices.Delete(thread, at, at+1)
		}
		if isMessageID(id) {
			thread = append(thread, id)
		}
	}
	if isMessageID(inReplyTo) {
		answered = []string{inReplyTo}
	}
	if extra := len(thread) - maxReferences; extra > 0 {
		thread = slices.Delete(thread, 1, 1+extra)
	}
	return answered, thread
}

// isText reports whether s is plain text.
func isText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t'
	})
}

// crlf is the canonical form of a text (RFC 2046 §4.1.1), which transfer encodings are of. It gives every line of s a
// line end of CRLF, the last one included.
func crlf(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	return strings.ReplaceAll(strings.TrimRight(s, "\n")+"\n", "\n", "\r\n")
}

// isLanguage reports whether s is a code of ISO 639-1, which Content-Language takes (RFC 3282).
func isLanguage(s string) bool {
	return len(s) == 2 && 'a' <= s[0] && s[0] <= 'z' && 'a' <= s[1] && s[1] <= 'z'
}

// unstructured writes s as the value of an unstructured field: on one line, words parted by single spaces, as RFC 2047
// encoded words if it is more than ASCII, could be taken for encoded words, or has a word that is too long for a line.
func unstructured(s string) string {
	s = oneLine(strings.ToValidUTF8(s, "\ufffd"))
	if isPlain(s) {
		return s
	}
	var words []string
	for len(s) > 0 {
		end := min(len(s), maxWord)
		for end < len(s) && !utf8.RuneStart(s[end]) {
			end--
		}
		words = append(words, "=?utf-8?b?"+stdbase64.StdEncoding.EncodeToString([]byte(s[:end]))+"?=")
		s = s[end:]
	}
	return strings.Join(words, " ")
}

// oneLine makes words parted by single spaces of s. A run of spaces may be folded into a line of nothing else, which
// some relays take for the end of the header.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}

// maxWord is how many bytes an encoded word carries: with its frame it has at most 75 characters (RFC 2047 §2).
const maxWord = 45

// isPlain reports whether s can stand in a field as it is.
func isPlain(s string) bool {
	for word := range strings.SplitSeq(s, " ") {
		if len(word) > 60 || strings.Contains(word, "=?") {
			return false
		}
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

// Bounds on the name of a file, in bytes.
const (
	maxName      = 200
	maxExtension = 20 // what is longer is none
)

// fileName makes a name fit for a header and for whoever stores the file: no path, no control or direction
// characters, not empty, at most maxName bytes. The extension is kept.
func fileName(s string) string {
	s = strings.ToValidUTF8(s, "_")
	s = s[strings.LastIndexAny(s, `/\`)+1:]
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\u200c', r == '\u200d': // join letters and emoji, and hide nothing
			return r
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp):
			return '_'
		}
		return r
	}, s)
	s = strings.ReplaceAll(s, "=?", "=_") // which many readers take for an encoded word here too
	s = strings.Trim(oneLine(s), " .")
	if s == "" {
		return "file"
	}
	if len(s) <= maxName {
		return s
	}
	extension := path.Ext(s)
	if len(extension) > maxExtension {
		extension = ""
	}
	end := maxName - len(extension)
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + extension
}

// mediaType returns a type without parameters that base64 may carry (RFC 2046 §5.2.1 and §5.1 forbid it for messages
// and multiparts).
func mediaType(s string) string {
	t, _, err := mime.ParseMediaType(s)
	if err != nil || !strings.Contains(t, "/") || len(t) > 127 ||
		strings.HasPrefix(t, "message/") || strings.HasPrefix(t, "multipart/") {
		return "application/octet-stream"
	}
	return t
}
