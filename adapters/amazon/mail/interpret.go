package mail

import (
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// partialMediaType is that of a raw that is only the beginning of a mail: see Options.MaxMail.
const partialMediaType = MediaType + "; partial=true"

// Interpreter is the ports.Interpreter of mails.
type Interpreter struct {
	// AuthServer is the name by which the receiver whom we trust signs its Authentication-Results (RFC 8601, authserv-id).
	// "" trusts none: then no mail is authentic.
	AuthServer string
}

// Interpret reads a stored raw of [MediaType] again, as [Client.Pages] gave it: what ports.Interpreter asks for. received
// stands in for the time at which the mail server took the mail. That comes to the same: where the Date was believed it is
// the Date, which is believed again, and else it is the server's.
func (i Interpreter) Interpret(raw domain.Source, received time.Time) domain.InboundMessage {
	m := i.Parse(raw.Bytes, received)
	m.Source = raw
	// Beginnings that were stored before they had a media type of their own have their length only.
	if raw.MediaType == partialMediaType || len(raw.Bytes) == keptOfLarge {
		m.Unreadable = "the mail was too large to be read: only its beginning is kept"
	}
	return m
}
