package mail

import (
	"bytes"
	"strings"
)

// Bounds on the structure of a mail. Real ones have a handful of parts in at most five multiparts. A multipart beyond
// them is read as the text that it then is.
const (
	// maxMultiparts bounds what enmime nests: its time doubles with every level that is not closed, to 20 s for a mail of
	// 8 KiB with 26.
	maxMultiparts = 10
	// maxNested bounds them once more in large mails, to what real ones have: enmime reads each byte anew on each level,
	// at some 20 ns. It is in bytes times levels.
	maxNested = 8 << 20
	// maxDelimiters bounds the parts: enmime passes all earlier ones for each, and sets kilobytes aside.
	maxDelimiters = 4000
)

// boundaries says at which boundaries of a mail enmime may cut. The zero value says at none.
type boundaries struct {
	body       []byte
	most       int             // multiparts
	known      map[string]bool // by boundary
	delimiters int             // at most as many as there are in body
	dashes     bool            // one that may be cut at is all dashes
}

func newBoundaries(body []byte) *boundaries {
	most := min(max(maxNested/(len(body)+1), maxMultiparts/2), maxMultiparts)
	return &boundaries{body: body, most: most, known: map[string]bool{}}
}

// mediaType reads a media type for enmime. A multipart that is not to be cut has become a text.
func (b *boundaries) mediaType(value string) (kind string, params map[string]string, _ []string, _ error) {
	kind, params = mediaType(value)
	isMultipart := strings.HasPrefix(kind, "multipart/")
	if isMultipart && b.allow(params["boundary"]) {
		return kind, params, nil, nil
	}
	delete(params, "boundary") // enmime would cut at it whatever the type
	if isMultipart {
		kind = "text/plain"
	}
	return kind, params, nil, nil
}

// allow reports whether to cut at a boundary: one that shows, within the bounds. enmime asks more than once.
func (b *boundaries) allow(boundary string) bool {
	ok, known := b.known[boundary]
	if known || len(b.known) == b.most {
		return ok
	}
	n := bytes.Count(b.body, []byte("--"+boundary))
	ok = boundary != "" && n > 0 && b.delimiters+n <= maxDelimiters
	if ok {
		b.delimiters += n
		b.dashes = b.dashes || strings.Trim(boundary, "-") == ""
	}
	b.known[boundary] = ok
	return ok
}

// mask puts NULs, which no text keeps, between the dashes of Amazon's markers and of other lines of dashes that are no
// delimiters. Where a boundary is dashes enmime takes them for delimiters, at the end of a line too.
func (b *boundaries) mask() []byte {
	var out bytes.Buffer
	for line := range bytes.Lines(b.body) {
		dashes := bytes.TrimRight(line, " \t\r\n")
		words := bytes.Trim(dashes, "-")
		if len(words) > len(bytes.TrimSpace(words)) || len(words) == 0 && !b.delimits(string(dashes)) {
			line = bytes.ReplaceAll(line, []byte("--"), []byte("-\x00-"))
		}
		out.Write(line)
	}
	return out.Bytes()
}

// delimits reports whether a line is a delimiter or the end of a multipart.
func (b *boundaries) delimits(line string) bool {
	boundary, ok := strings.CutPrefix(line, "--")
	return ok && (b.known[boundary] || b.known[strings.TrimSuffix(boundary, "--")])
}
