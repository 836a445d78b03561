package mail

import (
	"bytes"
	"encoding/binary"
	"slices"

	"golang.org/x/text/encoding/unicode"

	"github.com/keybuzzio/marketplaces/domain"
)

// isWinmail reports whether a file is a container of Outlook's (winmail.dat, MS-OXTNEF).
func (a attachment) isWinmail() bool {
	return a.declared == "application/ms-tnef" || a.declared == "application/vnd.ms-tnef"
}

// within returns the files in a container. What cannot be read of it holds none.
func (a attachment) within() []attachment {
	var content bytes.Buffer
	content.Grow(len(a.body))
	writeDecoded(&content, a.body, a.encoding)
	return readWinmail(content.Bytes())
}

var winmailSignature = []byte{0x78, 0x9f, 0x3e, 0x22}

// The attributes of a container that are read.
const (
	winmailRendering = 0x00069002 // begins a file
	winmailTitle     = 0x00018010 // its short name
	winmailData      = 0x0006800F
	winmailProps     = 0x00069005
)

// readWinmail reads the files in a container. It is a list of attributes: level, id, length, value, checksum.
func readWinmail(b []byte) []attachment {
	if !bytes.HasPrefix(b, winmailSignature) {
		return nil
	}
	r := winmailReader{b: b[len(winmailSignature):]}
	r.next(2) // a key
	var files []attachment
	for len(files) <= domain.MaxFiles {
		level, id := r.next(1), r.uint32()
		value := r.next(int(r.uint32()))
		r.next(2) // a checksum that few get right
		if r.failed {
			break
		}
		if level[0] != 2 { // of the message, not of a file
			continue
		}
		if id == winmailRendering || len(files) == 0 {
			files = append(files, attachment{})
		}
		f := &files[len(files)-1]
		switch id {
		case winmailTitle:
			if f.name == "" {
				f.name = winmailText(value)
			}
		case winmailData:
			f.body = value
		case winmailProps:
			f.readProps(value)
		}
	}
	return slices.DeleteFunc(files, func(f attachment) bool { return f.body == nil }) // such as links and objects
}

// The MAPI properties of a file that are read, and what is known of types.
const (
	propLongName  = 0x3707
	propMediaType = 0x370E
	propContentID = 0x3712

	typeUnicode = 0x001F // UTF-16; the other texts are in the sender's charset
	multiValued = 0x1000
)

// readProps takes what a list of properties says of the file.
func (a *attachment) readProps(b []byte) {
	r := winmailReader{b: b}
	for range r.uint32() {
		kind, id := r.uint16(), r.uint16()
		if id >= 0x8000 {
			r.skipName()
		}
		value := r.value(kind)
		if r.failed {
			return
		}
		if kind == typeUnicode {
			value, _ = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder().Bytes(value)
		}
		text := winmailText(value)
		switch id {
		case propLongName:
			a.name = text
		case propMediaType:
			a.declared = declaredType(header{"content-type": {text}})
		case propContentID:
			a.contentID = cleanLine(text)
		}
	}
}

// winmailText reads a text that ends with NUL.
func winmailText(b []byte) string {
	b, _, _ = bytes.Cut(b, []byte{0})
	return repair(b)
}

// winmailReader reads numbers and bytes, and fails where there are not enough.
type winmailReader struct {
	b      []byte
	failed bool
}

// next returns the next n bytes; without as many it fails and returns a zero that is good for every number.
func (r *winmailReader) next(n int) []byte {
	if r.failed || n < 0 || n > len(r.b) {
		r.failed = true
		return make([]byte, 4)
	}
	next := r.b[:n]
	r.b = r.b[n:]
	return next
}

func (r *winmailReader) uint16() uint16 { return binary.LittleEndian.Uint16(r.next(2)) }
func (r *winmailReader) uint32() uint32 { return binary.LittleEndian.Uint32(r.next(4)) }

// padded returns the next n bytes and passes over what fills them up to a multiple of four.
func (r *winmailReader) padded(n int) []byte {
	value := r.next(n)
	r.next(-n & 3)
	return value
}

// skipName passes over the name that some properties have: a set, and a number or a text.
func (r *winmailReader) skipName() {
	r.next(16)
	if r.uint32() == 0 {
		r.next(4)
	} else {
		r.padded(int(r.uint32()))
	}
}

// value returns the value of a property, the last where there are several.
func (r *winmailReader) value(kind uint16) (value []byte) {
	size, fixed := winmailSizes[kind&^multiValued]
	count := uint32(1)
	if !fixed || kind&multiValued != 0 {
		count = r.uint32()
	}
	for ; count > 0 && !r.failed; count-- {
		n := size
		if !fixed {
			n = int(r.uint32())
		}
		value = r.padded(n)
	}
	return value
}

// winmailSizes are those of properties that have one, in bytes. The others say theirs.
var winmailSizes = map[uint16]int{
	0x0002: 2, 0x0003: 4, 0x0004: 4, 0x0005: 8, 0x0006: 8, 0x0007: 8, 0x000A: 4, 0x000B: 2, 0x0014: 8, 0x0040: 8, 0x0048: 16,
}
