package mail

import (
	"maps"
	netmail "net/mail"
	"slices"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/domain/language"
)

// MediaType is that of the raw mails that messages come with.
const MediaType = "message/rfc822"

// ParserVersion is that of this package's reading of mails. It rises when the same mail gives another message.
const ParserVersion = 2

// Parse turns a mail into a message. The same bytes give the same message: no clock, no network and no state plays a
// part. Time and memory are bounded by a small multiple of the mail's size, whatever it holds; files cost none.
//
// The kind is decided first. A buyer's message has the relay address as BuyerEmail, the text between Amazon's markers as
// Body and Quoted, and ids that are taken from Amazon's words only, never from the buyer's. What a return's buyer said is
// its Body; of other mails it is what they say. ReceivedAt is the mail's Date, or arrived, the time at which the mail
// server took it, when the Date is missing, unreadable, from before there was an Amazon, or later than arrived. All
// fields fit domain.Screen, but for a text that is longer than anybody writes.
//
// Unreadable is set for bytes that are no mail.
func (i Interpreter) Parse(raw []byte, arrived time.Time) domain.InboundMessage {
	m := domain.InboundMessage{
		Kind: domain.KindUnknown, Parser: ParserVersion, ReceivedAt: arrived.UTC(),
		Source: domain.Source{MediaType: MediaType, Bytes: raw},
	}
	l := readLetter(raw, i.AuthServer)
	if !isMail(l.header) {
		m.Unreadable = "this is no mail: it has none of the fields that every mail has"
		return m
	}
	m.Kind, m.Evidence = l.kindOf()
	m.Authentic, m.Code = l.verdict.authentic, l.code
	m.Subject = cleanLine(l.subject)
	l.flag(domain.FlagSubjectCut, len(m.Subject) < len(cleanAll(l.subject)))
	var believed bool
	m.ReceivedAt, believed = receivedAt(l.header.get("date"), arrived)
	l.flag(domain.FlagDateReplaced, !believed)
	l.fillText(&m)
	l.fillConversation(&m)
	l.fillFiles(&m)
	m.Flags = slices.Sorted(maps.Keys(l.flags))
	m.ExternalID = l.externalID(m)
	return m
}

// fillText sets what was written, by the kind of the mail.
func (l *letter) fillText(m *domain.InboundMessage) {
	m.FullText = l.text.full
	m.Body = l.text.body // however long: a text that is too long is rejected whole, and never cut in silence
	values := map[string]string{}
	switch {
	case m.Evidence == onBehalf:
		l.flag(domain.FlagOnBehalf, true)
	case m.Kind == domain.KindBuyerMessage:
		l.flag(domain.FlagMarkersMissing, !l.text.opened || !l.text.closed)
		m.Body, m.Quoted = splitQuoted(m.Body)
		l.flag(domain.FlagAbsence, isAbsence(m.Subject, m.Body))
	case isNoticeOfOrder(m.Kind):
		values = readLabels(l.text.text)
		if comment, ok := values[labelComment]; ok && m.Kind == domain.KindReturnEvent {
			m.Body = comment
		}
	}
	m.Language, _ = language.Of(m.Body)
	m.Facts = l.factsOf(m.Kind, values)
}

// fillConversation sets what the message belongs to. What a pretender says joins no conversation.
func (l *letter) fillConversation(m *domain.InboundMessage) {
	m.MailID = messageID(l.header.get("message-id"))
	if m.Kind == domain.KindSuspect {
		return
	}
	m.References = l.references()
	m.ThreadID = l.foot.thread
	m.OrderID = orderOf(l.subject, l.text.head)
	switch m.Kind {
	case domain.KindBuyerMessage:
		m.BuyerName, m.BuyerEmail = l.buyer()
		if m.OrderID == "" && m.Evidence == onBehalf {
			m.OrderID = findOrder(l.text.text) // which is Amazon's
		}
		l.flag(domain.FlagNoOrder, m.OrderID == "")
	case domain.KindSellerCopy:
		m.BuyerName = buyerName(copiedTo(l.subject))
	case domain.KindOptOut, domain.KindDeliveryFailure, domain.KindDeliveryDelay:
		m.BuyerEmail = l.undelivered()
	}
	if m.OrderID == "" && (isNoticeOfOrder(m.Kind) || m.Kind == domain.KindOptOut || m.Kind == domain.KindDeliveryFailure) {
		m.OrderID = l.orderOfNotice(m.Body)
	}
}

// fillFiles sets the files that came along. A text may speak of one that did not: Amazon kept it.
func (l *letter) fillFiles(m *domain.InboundMessage) {
	files, odd := readFiles(l.root)
	m.Files = files
	for _, f := range odd {
		l.flag(f, true)
	}
	if m.Kind == domain.KindBuyerMessage && len(files) == 0 {
		l.flag(domain.FlagFileNotTransmitted, speaksOfFile(l.text.head+"\n"+cut(m.Body, maxReport)))
	}
}

// receivedAt returns the time in a Date field, or arrived when there is none to believe. What is longer than a date with a
// zone's name behind it is none that a program writes.
func receivedAt(date string, arrived time.Time) (at time.Time, believed bool) {
	t, err := netmail.ParseDate(date)
	if err != nil || len(date) > 100 || t.Year() < 1995 || !arrived.IsZero() && t.After(arrived) {
		return arrived.UTC(), false
	}
	return t.UTC(), true
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
