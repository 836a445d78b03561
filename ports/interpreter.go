package ports

import (
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// Interpreter reads a marketplace's raw messages. There is one per marketplace, for all its sources.
type Interpreter interface {
	// Interpret returns the message that the marketplace's client would yield for this raw: the same field for field, raw
	// included. received is the time that was stored with the raw, zero when none was; it stands in for the time at which
	// the source took the message, which is stored nowhere else.
	//
	// What cannot be read has Unreadable set: a media type that nothing here reads, bytes that are none of it, and the
	// beginning of a message of which the rest was never stored. It is pure: no clock, no network, no state. Time and memory
	// are bounded by a small multiple of the raw's size, whatever it holds. Safe for concurrent use.
	Interpret(raw domain.Source, received time.Time) domain.InboundMessage

	// File returns the content of a file of this raw, decoded: that with the Number that Interpret gives it.
	// domain.ErrNotFound if there is none, or if it is too large to be given out. Pure and bounded as Interpret is.
	File(raw domain.Source, number int) ([]byte, error)
}
