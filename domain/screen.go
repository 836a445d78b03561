package domain

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// What a source may deliver at once.
const (
	// MaxPage is the most messages that one page, and so one transaction, holds.
	MaxPage = 500
	// MaxBody is the longest text of a message, in bytes. Marketplaces cut buyers off at a few thousand characters.
	MaxBody = 1 << 20
	// MaxField is the longest of the other fields, in bytes. It keeps keys well below what an index entry can hold.
	MaxField = 1000
	// MaxReferences is the most mails that a message refers to, as far as anybody looks: the nearest ones.
	MaxReferences = 50
	// MaxFacts is the most facts, and the most parse flags, that are kept of a message.
	MaxFacts = 50
)

// RejectReason says why a message could not be mapped.
type RejectReason string

// The reasons to reject a message.
const (
	RejectUnreadable  RejectReason = "unreadable"   // the source could not make sense of the raw
	RejectNoID        RejectReason = "missing_id"   // no external id
	RejectDuplicateID RejectReason = "duplicate_id" // another text under an id that the same page already has
	RejectNUL         RejectReason = "nul_byte"     // a NUL in one of the fields
	RejectUTF8        RejectReason = "invalid_utf8" // a field is not UTF-8
	RejectTooLarge    RejectReason = "too_large"    // a field beyond MaxBody or MaxField
	RejectNoDate      RejectReason = "missing_date" // no time, or one outside the years 1 to 9999
	RejectKind        RejectReason = "unknown_kind" // a kind that is none, which must not hide a buyer's message
)

// RejectedMessage is a message that could not be mapped, kept with its raw bytes so that it can be replayed. The same
// bytes rejected again for the same reason are the same RejectedMessage.
type RejectedMessage struct {
	ID         RejectedID
	Tenant     TenantID
	Connection ConnectionID
	Type       MarketplaceType
	ExternalID string // as far as it can be shown: valid UTF-8, no NUL, at most MaxField bytes
	Reason     RejectReason
	Detail     string       // what the source said of a raw that it could not understand; fit for people
	Source     StoredSource // its MediaType is "" when the source gave no raw
	ReceivedAt time.Time    // zero when the message has no usable time
}

// Screened is a page after [Screen].
type Screened struct {
	Accepted   []InboundMessage  // fit to be stored, each external id once, in the page's order
	Rejected   []RejectedMessage // the others
	RejectedAt []int             // where in the page each of Rejected stood
	Duplicates int               // messages that stood in the page more than once
}

// Screen parts the messages of a page that can be stored from those that cannot. Every message ends up in exactly one
// place: accepted, rejected, or counted as a duplicate. The same message twice in one page is one message; another text
// under the same id is rejected, so that it is not lost. That holds within a page; of what is stored already, the first
// delivery stands.
//
// A message is rejected for what it is known and shown by: its ids, buyer, subject, body, kind and time. What else cannot be
// stored of it is put right or left out, for it is in the raw: nobody's message is held up for the name of a file.
func Screen(c ConnectionState, page []InboundMessage) Screened {
	out := Screened{Accepted: make([]InboundMessage, 0, len(page))}
	seen := make(map[string]int, len(page)) // external id → index in Accepted
	for i, m := range page {
		reason := defect(m)
		if reason == "" {
			m = tidy(m)
			first, twice := seen[m.ExternalID]
			switch {
			case !twice:
				seen[m.ExternalID] = len(out.Accepted)
				out.Accepted = append(out.Accepted, m)
				continue
			case sameText(out.Accepted[first], m):
				out.Duplicates++
				continue
			}
			reason = RejectDuplicateID
		}
		out.Rejected = append(out.Rejected, reject(c, m, reason))
		out.RejectedAt = append(out.RejectedAt, i)
	}
	return out
}

// sameText reports whether two deliveries carry the same words. Their raw bytes may differ: each copy of a mail has its
// own boundary and delivery id.
func sameText(a, b InboundMessage) bool {
	return a.Subject == b.Subject && a.Body == b.Body && a.BuyerEmail == b.BuyerEmail
}

// defect returns why m cannot be stored, "" when it can.
func defect(m InboundMessage) RejectReason {
	if m.Unreadable != "" {
		return RejectUnreadable
	}
	for _, f := range []struct {
		text string
		max  int
	}{
		{m.Body, MaxBody}, {m.ExternalID, MaxField}, {m.ThreadID, MaxField}, {m.OrderID, MaxField}, {m.Subject, MaxField},
		{m.BuyerName, MaxField}, {m.BuyerEmail, MaxField}, {m.Language, MaxField}, {string(m.Kind), MaxField},
		{m.Source.MediaType, MaxField},
	} {
		switch {
		case len(f.text) > f.max:
			return RejectTooLarge
		case strings.IndexByte(f.text, 0) >= 0:
			return RejectNUL
		case !utf8.ValidString(f.text):
			return RejectUTF8
		}
	}
	if m.ExternalID == "" {
		return RejectNoID
	}
	if !storable(m.ReceivedAt) {
		return RejectNoDate
	}
	if !m.kind().known() {
		return RejectKind
	}
	return ""
}

func storable(t time.Time) bool { return !t.IsZero() && t.UTC().Year() >= 1 && t.UTC().Year() <= 9999 }

func reject(c ConnectionState, m InboundMessage, reason RejectReason) RejectedMessage {
	r := RejectedMessage{
		ID: NewID[RejectedID](), Tenant: c.Tenant, Connection: c.ID, Type: c.Type,
		ExternalID: showable(m.ExternalID), Reason: reason, Detail: showable(m.Unreadable),
		Source: Source{showable(m.Source.MediaType), m.Source.Bytes}.Plain(),
	}
	if storable(m.ReceivedAt) {
		r.ReceivedAt = m.ReceivedAt.UTC()
	}
	if len(m.Source.Bytes) == 0 {
		// A source that keeps no raw must not cost us the message: the quoted form holds every byte of every field.
		r.Source = Source{Bytes: fmt.Appendf(nil, "%+q", []string{m.ExternalID, m.ThreadID, m.OrderID, m.BuyerName, m.BuyerEmail,
			m.Language, m.Subject, m.Body, m.Quoted, m.MailID, m.ReceivedAt.String(), m.Unreadable})}.Plain()
	}
	return r
}

// showable makes a field that may hold anything fit for a text column.
func showable(s string) string {
	if len(s) > MaxField {
		s = s[:MaxField]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
