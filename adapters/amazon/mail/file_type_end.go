package mail

import (
	"bytes"
	"encoding/binary"
)

// ending follows the content of a file to tell whether its end is there.
type ending interface {
	follow(b []byte) // is called with the content in pieces, from the beginning
	seen() bool
}

// endingOf returns what tells the end of a type of file; nil for types that do not show it.
func endingOf(t fileType) ending {
	switch {
	case within(t.MIME, "image/jpeg"):
		return &jpegEnding{skip: 2}
	case within(t.MIME, "image/png"):
		return &tailEnding{ends: func(tail []byte) bool { return bytes.Contains(tail, []byte("IEND")) }}
	case within(t.MIME, "image/gif"):
		return &tailEnding{ends: func(tail []byte) bool { return bytes.HasSuffix(bytes.TrimRight(tail, "\x00\r\n"), []byte{';'}) }}
	case within(t.MIME, "application/pdf"):
		return &tailEnding{ends: func(tail []byte) bool { return bytes.Contains(tail, []byte("%%EOF")) }}
	}
	return nil
}

// jpegEnding looks for FFD9 behind the beginning of the picture: a preview in the segments before it has one of its own, and
// behind the end telephones put films.
type jpegEnding struct {
	skip  int    // bytes to pass over
	head  []byte // of the segment at hand: its mark, and its length
	scan  bool   // the picture has begun
	marks bool   // the last byte was FF
	ended bool
	last  [2]byte // of the file
}

func (e *jpegEnding) follow(b []byte) {
	for _, c := range b[max(0, len(b)-len(e.last)):] {
		e.last = [2]byte{e.last[1], c}
	}
	for len(b) > 0 && !e.ended {
		switch {
		case e.skip > 0:
			n := min(e.skip, len(b))
			e.skip -= n
			b = b[n:]
		case e.scan:
			b = e.picture(b)
		default:
			e.segment(b[0])
			b = b[1:]
		}
	}
}

// segment takes the next byte of a segment's head.
func (e *jpegEnding) segment(c byte) {
	if len(e.head) == 1 && c == 0xFF { // padding
		return
	}
	e.head = append(e.head, c)
	switch {
	case e.head[0] != 0xFF:
		e.scan = true // it breaks the rules; an end may show all the same
	case len(e.head) == 2 && (c == 0x01 || 0xD0 <= c && c <= 0xD8): // these have no length
		e.head = e.head[:0]
	case len(e.head) == 2:
		e.ended = c == 0xD9
	case len(e.head) == 4:
		e.scan = e.head[1] == 0xDA
		e.skip = max(int(binary.BigEndian.Uint16(e.head[2:]))-2, 0)
		e.head = e.head[:0]
	}
}

// picture takes what follows the first scan, and returns what it has not looked at.
func (e *jpegEnding) picture(b []byte) []byte {
	if e.marks {
		e.ended, e.marks = b[0] == 0xD9, b[0] == 0xFF
		return b[1:]
	}
	i := bytes.IndexByte(b, 0xFF)
	if i < 0 {
		return nil
	}
	e.marks = true
	return b[i+1:]
}

func (e *jpegEnding) seen() bool { return e.ended || e.last == [2]byte{0xFF, 0xD9} }

// tailBytes is how much of the end is kept for types that show it there.
const tailBytes = 2 << 10

// tailEnding looks at the last bytes.
type tailEnding struct {
	tail []byte
	ends func(tail []byte) bool
}

func (e *tailEnding) follow(b []byte) {
	b = b[max(0, len(b)-tailBytes):]
	e.tail = append(e.tail[max(0, len(e.tail)+len(b)-tailBytes):], b...)
}

func (e *tailEnding) seen() bool { return e.ends(e.tail) }
