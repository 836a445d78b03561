package httpapi

import (
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/keybuzzio/marketplaces/ports"
)

// list names what a cursor goes through, so that a cursor of one list is refused by another.
type list byte

const (
	ticketList     list = 't'
	messageList    list = 'm'
	eventList      list = 'e'
	connectionList list = 'c'
	rejectedList   list = 'r'
	quarantineList list = 'q'
	replyList      list = 'a'
)

// cursorVersion is the first byte of every cursor. A new layout takes the next number.
const cursorVersion = 1

// cursorSize is version, list, seconds, nanoseconds and id, in bytes.
const cursorSize = 1 + 1 + 8 + 4 + 16

var cursorText = base64.RawURLEncoding.Strict()

// writeCursor returns the text that [readCursor] makes p of; null in JSON at the end of a list. It holds a time and an
// id and nothing else: neither a tenant nor anybody's words.
func writeCursor(l list, p ports.Position) *string {
	id, err := uuid.Parse(p.ID)
	if err != nil {
		return nil
	}
	b := make([]byte, 0, cursorSize)
	b = append(b, cursorVersion, byte(l))
	b = binary.BigEndian.AppendUint64(b, uint64(p.At.Unix()))
	b = binary.BigEndian.AppendUint32(b, uint32(p.At.Nanosecond()))
	b = append(b, id[:]...)
	text := cursorText.EncodeToString(b)
	return &text
}

// readCursor returns the position that a cursor of list l stands for. The empty one is the beginning. Anything that
// writeCursor did not make of a time in the years 1 to 9999 is refused.
func readCursor(l list, text string) (ports.Position, error) {
	if text == "" {
		return ports.Position{}, nil
	}
	if len(text) != cursorText.EncodedLen(cursorSize) { // line ends within it would be skipped
		return ports.Position{}, errCursor
	}
	b, err := cursorText.DecodeString(text)
	if err != nil || len(b) != cursorSize || b[0] != cursorVersion || list(b[1]) != l {
		return ports.Position{}, errCursor
	}
	seconds, nanos := int64(binary.BigEndian.Uint64(b[2:])), binary.BigEndian.Uint32(b[10:])
	id := uuid.UUID(b[14:])
	if seconds < minSeconds || seconds > maxSeconds || nanos >= uint32(time.Second) || id == uuid.Nil {
		return ports.Position{}, errCursor
	}
	return ports.Position{At: time.Unix(seconds, int64(nanos)).UTC(), ID: id.String()}, nil
}

// The first second of year 1 and the last of year 9999, counted from 1970.
const (
	minSeconds = -62135596800
	maxSeconds = 253402300799
)

const cursorDetail = "not a cursor of this list: drop it and begin again"

var errCursor = wrongField(http.StatusBadRequest, "cursor", cursorDetail)
