package mail

import (
	netmail "net/mail"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// MediaType is that of the raw mails that messages come with.
const MediaType = "message/rfc822"

// Parse turns a mail into a message. The same bytes give the same message: no clock, no network and no state plays a
// part. Time and memory are bounded by a small multiple of the mail's size, whatever it holds.
//
// The kind is decided first. A buyer's message has the relay address as BuyerEmail and the text between Amazon's
// markers as Body; its ids are taken from Amazon's words only, never from the buyer's. Mails that are not Amazon's are
// domain.KindNotice. ReceivedAt is the mail's Date, or arrived, the time at which the mail server took it, when the Date
// is missing, unreadable, from before there was an Amazon, or later than arrived. All fields fit domain.Screen, but for a
// text that is longer than anybody writes.
//
// Unreadable is set for bytes that are no mail.
func Parse(raw []byte, arrived time.Time) domain.InboundMessage {
	m := domain.InboundMessage{
		Kind: domain.KindNotice, ReceivedAt: arrived.UTC(), Raw: domain.Raw{MediaType: MediaType, Bytes: raw},
	}
	block, body := cutHeader(raw)
	h, p, err := readParts(block, body)
	if err != nil || !isMail(h) {
		m.Unreadable = "this is no mail: it has none of the fields that every mail has"
		return m
	}
	from, subject := readSender(h), decodeWords(h.get("subject"))
	text, foot := readText(p.leaves)
	m.Kind = kindOf(h, from, p, text, foot)
	m.ReceivedAt = receivedAt(h.get("date"), arrived)
	m.Subject = cleanLine(unmangle(subject))
	m.Body = text.body // however long: a text that is too long is rejected whole, and never cut in silence
	m.Language = languageOf(m.Body)
	if m.Kind != domain.KindSuspect { // what a pretender says joins no conversation
		m.ThreadID, m.OrderID = foot.thread, orderOf(subject, text.head)
	}
	if m.Kind == domain.KindBuyerMessage {
		m.BuyerName, m.BuyerEmail = buyer(from, h.get("reply-to"))
	}
	m.ExternalID = externalID(m, foot, h, body)
	return m
}

// readText picks the part that holds the text best, the first of equals, and reads Amazon's links behind the markers of
// all of them: the plain part does not always have them.
func readText(leaves []leaf) (layout, footer) {
	var best layout
	var foot footer
	for _, leaf := range leaves {
		if best.opened && best.closed && best.body != "" && foot.thread != "" && foot.message != "" {
			break
		}
		l := splitText(leaf.text())
		foot = foot.complete(readFooter(l.foot))
		if l.rank() > best.rank() || best.text == "" {
			best = l
		}
	}
	return best, foot
}

// buyer returns the name and the relay address of who wrote. When Amazon writes for him, answers go to his relay.
func buyer(from sender, replyTo string) (name, address string) {
	if address := relayAddress(from.address); address != "" {
		return buyerName(from.name), address
	}
	_, reply, _ := readAddress(replyTo)
	return "", relayAddress(reply)
}

// receivedAt returns the time in a Date field, or arrived when there is none to believe.
func receivedAt(date string, arrived time.Time) time.Time {
	t, err := netmail.ParseDate(cut(date, 500))
	if err != nil || t.Year() < 1995 || !arrived.IsZero() && t.After(arrived) {
		return arrived.UTC()
	}
	return t.UTC()
}

// isMail reports whether a header has a field that every mail has.
func isMail(h header) bool {
	for _, name := range []string{"from", "date", "message-id", "subject", "received", "return-path"} {
		if len(h.all(name)) > 0 {
			return true
		}
	}
	return false
}
