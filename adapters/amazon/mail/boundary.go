package mail

import (
	"bytes"
	"strings"
)

// Bounds on the structure of a mail. Real ones have a handful of parts in at most five multiparts.
const (
	maxParts = 1000 // what follows them is not read
	maxDepth = 50   // a multipart within so many is read as the text that it then is
)

// tree is a mail cut into its parts.
type tree struct {
	root   *part
	broken bool // its structure breaks the rules
	over   bool // there are more parts or levels than are read
}

// cutMail cuts a mail at the boundaries of its multiparts, in one pass and without a copy. A multipart whose boundary
// never comes is the text that it holds, so that no text is lost.
func cutMail(block, body []byte) tree {
	h, cut := readHeader(block)
	c := cutter{mail: body, levels: map[string]int{}}
	c.root, c.broken = newPart(h), cut
	c.enter(c.root, 0)
	c.run()
	return c.tree
}

// cutter is at one place of a mail.
type cutter struct {
	tree
	mail   []byte         // behind the header
	open   []*multipart   // those that the place is in, the outermost first
	levels map[string]int // of boundaries, where their multiparts are in open
	count  int            // of parts
	from   int            // where what is at hand began
	at     state
	leaf   *part // at hand in inBody
}

// state is what a cutter is in.
type state int

const (
	between  state = iota // a preamble or an epilogue
	inHeader              // of a part
	inBody                // of a leaf
)

// multipart is one that has begun.
type multipart struct {
	*part
	boundary string // "" for one that cannot be cut
	from     int
	closed   bool
}

// run goes over the mail. Within a body it jumps from one line that may be a delimiter to the next.
func (c *cutter) run() {
	pos := 0
	for pos < len(c.mail) && c.count <= maxParts {
		end := lineEnd(c.mail, pos)
		switch level, last, ok := c.delimiter(c.mail[pos:end]); {
		case ok:
			c.leave(level+1, pos)
			c.open[level].closed = last
			c.at, c.from = between, end
			if !last {
				c.at = inHeader
				c.count++
			}
		case c.at == inHeader:
			if isEmptyLine(c.mail[pos:end]) {
				c.begin(pos, end)
			}
		default:
			end = nextDashes(c.mail, end)
		}
		pos = end
	}
	if c.count > maxParts {
		c.over, c.at = true, between
	}
	c.leave(0, pos)
}

// nextDashes returns where the next line that begins with two dashes does, from the beginning of a line on.
func nextDashes(b []byte, pos int) int {
	if bytes.HasPrefix(b[pos:], []byte("--")) {
		return pos
	}
	if i := bytes.Index(b[pos:], []byte("\n--")); i >= 0 {
		return pos + i + 1
	}
	return len(b)
}

// delimiter reports whether a line parts one of the open multiparts, and whether it is the last of it that does.
func (c *cutter) delimiter(line []byte) (level int, last, ok bool) {
	name, ok := bytes.CutPrefix(line, []byte("--"))
	if !ok {
		return 0, false, false
	}
	name = bytes.TrimRight(name, " \t\r\n")
	if level, ok = c.levels[string(name)]; ok {
		return level, false, true
	}
	if name, ok = bytes.CutSuffix(name, []byte("--")); ok {
		level, ok = c.levels[string(name)]
	}
	return level, true, ok
}

// begin begins the body of a part, at end, behind the header that ends at pos. What holds no field is no header.
func (c *cutter) begin(pos, end int) {
	block := c.mail[c.from:pos]
	h, cut := readHeader(block)
	if len(h) == 0 && len(block) > 0 {
		cut, end = true, c.from
	}
	c.broken = c.broken || cut
	p := newPart(h)
	parent := c.open[len(c.open)-1]
	parent.parts = append(parent.parts, p)
	c.enter(p, end)
}

// enter begins the body of a part at pos.
func (c *cutter) enter(p *part, pos int) {
	c.from = pos
	if !p.isMultipart() {
		c.at, c.leaf = inBody, p
		return
	}
	m := &multipart{part: p, from: pos}
	boundary := strings.TrimRight(p.params["boundary"], " \t")
	_, taken := c.levels[boundary]
	switch {
	case len(c.open) >= maxDepth:
		c.over, m.closed = true, true
	case boundary == "" || taken:
		c.broken = true
	default:
		m.boundary, c.levels[boundary] = boundary, len(c.open)
	}
	if m.boundary == "" { // what follows is its text
		p.mediaType = "text/plain"
		c.at, c.leaf = inBody, p
		return
	}
	c.at, c.open = between, append(c.open, m)
}

// leave ends what is at hand, and the multiparts from this level on, before the delimiter at pos.
func (c *cutter) leave(level, pos int) {
	end := max(c.from, len(trimLineEnd(c.mail[:pos])))
	if c.at == inHeader && end > c.from { // a part without an empty line
		c.begin(end, end)
	}
	if c.at == inBody {
		c.leaf.body = c.mail[min(c.from, end):end]
		c.leaf.cut = pos == len(c.mail) && len(c.open) > 0
	}
	for _, m := range c.open[level:] {
		delete(c.levels, m.boundary)
		c.broken = c.broken || !m.closed && !c.over
		if m.parts == nil {
			m.mediaType, m.body = "text/plain", c.mail[min(m.from, end):end]
		}
	}
	c.open, c.at = c.open[:level], between
}

// trimLineEnd returns b without the line end that it ends with: before a delimiter, that is the delimiter's.
func trimLineEnd(b []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(b, []byte{'\n'}), []byte{'\r'})
}
