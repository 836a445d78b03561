package mail

import (
	"mime"
	"strings"

	"github.com/jhillyerd/enmime/v2/mediatype"
)

// part is a node of a mail's tree: the mail itself, or a part of a multipart. Its bytes are pieces of the mail and no
// copies, so a tree costs next to nothing whatever the mail's size.
type part struct {
	header      header
	mediaType   string            // in lower case; text/plain where none is said
	params      map[string]string // of the media type, names in lower case
	disposition string            // in lower case; "" where none is said
	fileParams  map[string]string // of the disposition
	body        []byte            // of a leaf, still encoded
	parts       []*part           // of a multipart, at least one; nil: this is a leaf
	cut         bool              // the mail ends before the part does
}

// newPart returns a part with this header and nothing in it. enmime reads types that break the rules.
func newPart(h header) *part {
	p := &part{header: h}
	p.mediaType, p.params = parseMediaType(h.get("content-type"))
	if p.mediaType == "" {
		p.mediaType = "text/plain"
	}
	p.disposition, p.fileParams = parseMediaType(h.get("content-disposition"))
	return p
}

// encoding returns the Content-Transfer-Encoding.
func (p *part) encoding() string { return strings.ToLower(p.header.get("content-transfer-encoding")) }

// isMultipart reports whether a part says that it has parts of its own.
func (p *part) isMultipart() bool { return strings.HasPrefix(p.mediaType, "multipart/") }

// isFile reports whether a part is a file: by its disposition or by a name, or because people cannot read it as it is. The
// reports of mail servers are none.
func (p *part) isFile() bool {
	if p.disposition == "attachment" || p.fileParams["filename"] != "" || p.params["name"] != "" || p.params["file"] != "" {
		return true
	}
	switch p.mediaType {
	case "text/plain", "text/html", deliveryStatus, returnedHeader, returnedHeaderUTF8:
		return false
	}
	return true
}

// The media types of what mail servers report (RFC 3464, RFC 3462, RFC 6533).
const (
	deliveryStatus     = "message/delivery-status"
	returnedHeader     = "text/rfc822-headers"
	returnedHeaderUTF8 = "message/global-headers"
)

// leaves calls yield for each part without parts, in their order in the mail. It is an iterator.
func (p *part) leaves(yield func(*part) bool) { p.walk(yield) }

func (p *part) walk(yield func(*part) bool) bool {
	if p.parts == nil {
		return yield(p)
	}
	for _, child := range p.parts {
		if !child.walk(yield) {
			return false
		}
	}
	return true
}

// parseMediaType reads a Content-Type or Content-Disposition. One that makes no sense is a type of its own that nobody
// looks for.
func parseMediaType(value string) (kind string, params map[string]string) {
	if value == "" {
		return "", nil
	}
	value = repair([]byte(cut(value, 4000)))
	kind, params, err := mime.ParseMediaType(value)
	if err != nil {
		if kind, params, _, err = mediatype.Parse(value); err != nil {
			kind, _, _ = strings.Cut(value, ";")
		}
	}
	if kind = strings.ToLower(strings.TrimSpace(kind)); kind == "" {
		kind = "nonsense"
	}
	return kind, params
}
