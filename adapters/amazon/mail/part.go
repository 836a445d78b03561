package mail

import (
	"bytes"
	"io"
	"strings"

	"github.com/jhillyerd/enmime/v2"
	"github.com/jhillyerd/enmime/v2/mediatype"
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

// readParts reads the header and the texts of a mail that is parted at its first empty line.
func readParts(block, body []byte) (header, parts, error) {
	root, err := readTree(block, body)
	if err != nil {
		return nil, parts{}, err
	}
	var found parts
	var files []leaf
	for _, p := range root.DepthMatchAll(func(p *enmime.Part) bool { return p.FirstChild == nil }) {
		switch p.ContentType {
		case "message/delivery-status":
			found.status = string(p.Content[:min(len(p.Content), maxHeader)])
		case "text/plain", "text/html", "":
			l := leaf{html: p.ContentType == "text/html", encoding: p.Header.Get("Content-Transfer-Encoding"), body: p.Content}
			if p.Header.Get("Content-Type") != "" { // else enmime says us-ascii, which nobody has said
				l.charset = p.Charset
			}
			if isFile(p) {
				files = append(files, l)
			} else {
				found.leaves = append(found.leaves, l)
			}
		}
	}
	if len(found.leaves) == 0 { // better the text of a file than none
		found.leaves = files
	}
	return header(root.Header), found, nil
}

// readTree has enmime cut a mail. One that it cannot cut comes back as one text.
func readTree(block, body []byte) (*enmime.Part, error) {
	b := newBoundaries(body)
	root, err := b.read(block, body)
	if b.dashes {
		root, err = b.read(block, b.mask())
	}
	if err != nil || root.Boundary != "" && root.FirstChild == nil {
		return new(boundaries).read(block, body)
	}
	return root, err
}

// read has enmime cut body where b allows. The parts keep their transfer encoding: most are files that nobody asks for,
// and of texts enmime would go on to guess the charset, where toUTF8 knows what Amazon's mails get wrong.
func (b *boundaries) read(block, body []byte) (*enmime.Part, error) {
	parser := enmime.NewParser(
		enmime.RawContent(true), enmime.SkipMalformedParts(true), enmime.MaxStoredPartErrors(1),
		enmime.SetCustomParseMediaType(b.mediaType),
	)
	return parser.ReadParts(io.MultiReader(
		strings.NewReader("X: \r\n"), // since enmime gives up a mail that begins with a stray line
		bytes.NewReader(block[:min(len(block), maxHeader)]), strings.NewReader("\r\n\r\n"), bytes.NewReader(body),
	))
}

// isFile reports whether a part is a file: by its disposition, or by a name. Of a part without a type enmime reads
// neither.
func isFile(p *enmime.Part) bool {
	disposition, params := mediaType(p.Header.Get("Content-Disposition"))
	return disposition == "attachment" || params["filename"] != "" || p.FileName != ""
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
	if kind = strings.ToLower(strings.TrimSpace(kind)); kind == "" {
		kind = "nonsense"
	}
	return kind, params
}
