package mail

import (
	"bytes"
	"strings"

	"github.com/jhillyerd/enmime/v2/mediatype"
)

// Bounds on the structure of a mail. Real ones have a handful of parts and at most five levels. What lies beyond is
// not looked at; the raw mail keeps it.
const (
	maxParts = 200
	maxDepth = 20
)

// leaf is a part that holds text for people.
type leaf struct {
	html              bool
	encoding, charset string
	body              []byte // still encoded
}

// text decodes the leaf to plain text with LF line ends.
func (l leaf) text() string {
	s := unmangle(toUTF8(decodeTransfer(l.body, l.encoding), l.charset))
	if l.html {
		s = htmlText(s)
	}
	return cleanText(s)
}

// parts is what a mail holds for people to read, files and attached mails left out.
type parts struct {
	leaves []leaf // in their order
	status string // the report of a mail server, when the mail is one (RFC 3464)
}

// readParts finds the texts of a mail.
//
// Parts are cut here and not by enmime, whose tolerant reader of media types serves us well: its parser doubles its time
// with every level of multiparts that are not closed (20 s for a mail of 8 KiB with 26 levels), copies and decodes every
// file, and has no limits. This walk looks at each byte at most once per level and copies none.
func readParts(h header, body []byte) parts {
	w := walk{}
	w.entity(h, body, 0)
	if len(w.found.leaves) == 0 { // better the text of a file than none
		w.found.leaves = w.files
	}
	return w.found
}

type walk struct {
	entities int
	found    parts
	files    []leaf
}

func (w *walk) entity(h header, body []byte, depth int) {
	if w.entities++; w.entities > maxParts || depth > maxDepth {
		return
	}
	kind, params := mediaType(h.get("content-type"))
	if strings.HasPrefix(kind, "multipart/") && w.multipart(body, params["boundary"], depth) {
		return
	}
	l := leaf{
		html: kind == "text/html", encoding: h.get("content-transfer-encoding"), charset: params["charset"], body: body,
	}
	if kind == "message/delivery-status" {
		w.found.status = string(body[:min(len(body), maxHeader)])
	}
	// A multipart in which its boundary never shows is read as the text that it then is.
	switch isText := l.html || kind == "text/plain" || strings.HasPrefix(kind, "multipart/"); {
	case isText && isFile(h, params):
		w.files = append(w.files, l)
	case isText:
		w.found.leaves = append(w.found.leaves, l)
	}
}

// multipart visits the parts of a multipart body, and reports whether there was any. A missing end is forgiven.
func (w *walk) multipart(body []byte, boundary string, depth int) bool {
	if boundary == "" {
		return false
	}
	_, next, last, ok := cutDelimiter(body, boundary) // before the first delimiter stands what no one reads
	if !ok {
		return false
	}
	for !last && w.entities < maxParts {
		var part []byte
		part, next, last, ok = cutDelimiter(next, boundary)
		last = last || !ok
		w.entity(readPart(part, depth))
	}
	return true
}

// readPart parts a part into its header and body, one level deeper.
func readPart(part []byte, depth int) (header, []byte, int) {
	h, body := readHeader(part)
	return h, body, depth + 1
}

// cutDelimiter parts b at the next delimiter line of boundary (RFC 2046 §5.1.1): a line that holds the boundary and
// else only blanks, so that a marker of dashes in a text is not taken for one. last says that it ends the multipart.
// Without a delimiter everything comes before.
func cutDelimiter(b []byte, boundary string) (before, after []byte, last, ok bool) {
	delimiter := []byte("--" + boundary)
	for pos := 0; ; {
		i := bytes.Index(b[pos:], delimiter)
		if i < 0 {
			return b, nil, false, false
		}
		start := pos + i
		if pos = start + 1; start > 0 && b[start-1] != '\n' {
			continue
		}
		rest := b[start+len(delimiter):]
		line := rest
		if eol := bytes.IndexByte(rest, '\n'); eol >= 0 {
			line, rest = rest[:eol], rest[eol+1:]
		} else {
			rest = nil
		}
		line, last = bytes.CutPrefix(line, []byte("--"))
		if len(bytes.TrimSpace(line)) == 0 {
			return b[:start], rest, last, true
		}
	}
}

// isFile reports whether a part is a file: by its disposition, or by a name.
func isFile(h header, params map[string]string) bool {
	disposition, dparams := mediaType(h.get("content-disposition"))
	return disposition == "attachment" || dparams["filename"] != "" || params["name"] != ""
}

// mediaType reads a Content-Type or Content-Disposition, text/plain when there is none. One that makes no sense is a
// type of its own that nobody looks for.
func mediaType(value string) (string, map[string]string) {
	if value == "" {
		return "text/plain", nil
	}
	kind, params, _, err := mediatype.Parse(value[:min(len(value), 2000)])
	if err != nil {
		kind, _, _ = strings.Cut(value, ";")
	}
	return strings.ToLower(strings.TrimSpace(kind)), params
}
