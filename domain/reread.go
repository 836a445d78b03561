package domain

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/keybuzzio/marketplaces/domain/safety"
)

// Stored is a message that was stored, and its place in a conversation.
type Stored struct {
	Message  ExternalMessage
	OnTicket TicketMessage // zero when it is on no ticket
}

// Difference is a stored field that today's code reads differently. It holds no buyer's text, name or address.
type Difference struct {
	Field    string // the name of its column
	Old, New string // what people may see of it
	Kept     string // why it stays as it is; "" when it is replaced
}

// String is the one line for people: body: 120 → 98 characters.
func (d Difference) String() string {
	s := d.Field + ": " + d.Old + " → " + d.New
	if d.Kept != "" {
		s += " (kept: " + d.Kept + ")"
	}
	return s
}

// Reread is what today's code makes of a stored message.
type Reread struct {
	Was, Is     Stored       // Is is to be stored; the same as Was when everything stays
	Differences []Difference // what makes them differ, and what was kept all the same
	// Arrived is set when today's code takes the message for one that belongs to a ticket, and it is on none or was taken for
	// another kind: then it is to be threaded as a new one is. What waits for its ticket as it was read before has not arrived.
	Arrived *InboundMessage
}

// Changed reports whether something is to be stored.
func (r Reread) Changed() bool {
	return slices.ContainsFunc(r.Differences, func(d Difference) bool { return d.Kept == "" })
}

// Ticketed reports whether the message turned out to be a buyer's, which gets it a ticket whatever is there.
func (r Reread) Ticketed() bool { return r.Arrived != nil && r.Arrived.kind() == KindBuyerMessage }

// Why something stays that today's code reads differently.
const (
	keptIdentity     = "the identity of a message never changes"
	keptStored       = "what was stored of it stays"
	keptOnTicket     = "it is on a ticket, where people may have read and answered it"
	keptConversation = "it stays on its ticket"
)

// RereadMessage compares a stored message with m, which is what today's code reads in its raw. It is pure, and what was
// stored as it says it finds unchanged.
//
// What follows from the raw is rebuilt. Some things stay, and the differences say so: the external id is the message's
// identity; a message that today would be rejected is not taken away, nor is a message of a conversation when today's code
// takes it for another kind; a message stays on its ticket when its thread or order turns out to be another; and a text is not
// replaced by none. Quarantine follows the kind, so that what people took out of it stays out. That another version of the
// parser read the message is no difference: its number is stored with those that there are.
func RereadMessage(was Stored, m InboundMessage) Reread {
	r := Reread{Was: was, Is: was}
	derived := m.ExternalID
	m.ExternalID = was.Message.ExternalID
	if m.Unreadable == "" && derived != m.ExternalID {
		r.differ("external_id", m.ExternalID, orNone(showable(derived)), keptIdentity)
	}
	screened := Screen(was.Message.origin(), []InboundMessage{m})
	if len(screened.Rejected) > 0 {
		return r.kept("status", "stored", "rejected as "+string(screened.Rejected[0].Reason), keptStored)
	}
	m = screened.Accepted[0]
	old, kind := was.Message, m.kind()
	inConversation := was.OnTicket.ID != (TicketMessageID{})
	if inConversation && kind != old.Kind {
		return r.kept("kind", string(old.Kind), string(kind), keptOnTicket)
	}
	joins := kind == KindBuyerMessage || kind.aboutOrder() || kind.aboutAnswer()
	anew := kind != old.Kind || old.Ticket == (TicketID{}) && (old.ThreadID != m.ThreadID || old.OrderID != m.OrderID)
	r.message(m)
	switch {
	case inConversation:
		r.ticketMessage(m)
	case kind == KindBuyerMessage:
		r.Arrived = &m
		if old.Ticket == (TicketID{}) {
			r.differ("ticket_id", "none", "the ticket of its conversation", "")
		}
	case joins && (anew || old.Ticket == (TicketID{}) && r.Changed()): // what waits tries again when it is rewritten anyway
		r.Arrived = &m
	}
	if old.Ticket != (TicketID{}) && r.Arrived == nil {
		if a, b := conversationKey(old.ThreadID, old.OrderID), conversationKey(m.ThreadID, m.OrderID); a != b {
			r.differ("conversation", a, b, keptConversation)
		}
	}
	if r.Changed() {
		r.Is.Message.Parser = m.Parser
	}
	return r
}

func conversationKey(thread, order string) string { return firstOf(thread, order, "its own") }

func (r *Reread) differ(field, was, is, kept string) {
	r.Differences = append(r.Differences, Difference{field, was, is, kept})
}

// kept ends a comparison in which everything stays for one reason.
func (r Reread) kept(field, was, is, why string) Reread {
	return Reread{Was: r.Was, Is: r.Was, Differences: []Difference{{field, was, is, why}}}
}

// message rebuilds what follows from the raw alone.
func (r *Reread) message(m InboundMessage) {
	is := &r.Is.Message
	if k := m.kind(); is.Kind != k {
		r.differ("kind", string(is.Kind), string(k), "")
		is.Kind = k
		if is.Quarantine != k.quarantine() {
			r.differ("quarantine", orNone(string(is.Quarantine)), orNone(string(k.quarantine())), "")
			is.Quarantine = k.quarantine()
		}
	}
	r.text("evidence", &is.Evidence, m.Evidence, orNone)
	r.text("mail_id", &is.MailID, m.MailID, length)
	r.text("thread_id", &is.ThreadID, m.ThreadID, orNone)
	r.text("order_id", &is.OrderID, m.OrderID, orNone)
	r.text("buyer_name", &is.BuyerName, m.BuyerName, length)
	r.text("buyer_email", &is.BuyerEmail, m.BuyerEmail, length)
	r.text("language", &is.Language, m.Language, orNone)
	if r.Is.OnTicket.ID == (TicketMessageID{}) && m.kind() != KindBuyerMessage {
		r.text("subject", &is.Subject, m.Subject, length)
	}
	if !maps.Equal(is.Facts, m.Facts) {
		r.replace("facts", factNames(is.Facts), factNames(m.Facts))
		is.Facts = m.Facts
	}
	if !slices.Equal(is.Flags, m.Flags) {
		r.replace("flags", flagNames(is.Flags), flagNames(m.Flags))
		is.Flags = m.Flags
	}
	r.safety("safety_flags", &is.SafetyFlags, flagEvent(m))
	r.files(m.Files)
	r.time("received_at", &is.ReceivedAt, m.ReceivedAt)
}

// ticketMessage rebuilds the message as its ticket shows it.
func (r *Reread) ticketMessage(m InboundMessage) {
	is := &r.Is.OnTicket
	if is.SenderType == SenderCustomer {
		r.text("sender_name", &is.SenderName, m.BuyerName, length)
	}
	if m.Body != "" { // else a person may have put it on the ticket, whole
		r.text("body", &is.Body, m.Body, length)
	}
	if is.SenderType == SenderCustomer && is.Body == m.Body {
		r.safety("safety_flags", &is.SafetyFlags, flagMessage(m))
	}
	r.text("quoted", &is.Quoted, m.Quoted, length)
	r.text("mail_id", &is.MailID, m.MailID, length)
	r.time("sent_at", &is.SentAt, m.ReceivedAt)
}

// files rebuilds the list of files. The same file keeps its id.
func (r *Reread) files(now []File) {
	is := &r.Is.Message
	ids := make(map[int]FileID, len(is.Files))
	for _, f := range is.Files {
		ids[f.Number] = f.ID
	}
	files := slices.Clone(now)
	for i := range files {
		files[i].ID = ids[files[i].Number]
	}
	if !slices.EqualFunc(is.Files, files, sameFile) {
		r.replace("files", strconv.Itoa(len(is.Files)), strconv.Itoa(len(files)))
		is.Files = files
	}
}

func sameFile(a, b File) bool {
	flags := slices.Equal(a.Flags, b.Flags)
	a.Flags, b.Flags = nil, nil
	return flags && reflect.DeepEqual(a, b)
}

func (r *Reread) safety(field string, is *[]safety.Flag, now []safety.Flag) {
	if !slices.Equal(*is, now) {
		r.replace(field, ruleNames(*is), ruleNames(now))
		*is = now
	}
}

func (r *Reread) text(field string, is *string, now string, show func(string) string) {
	if *is == now {
		return
	}
	r.replace(field, show(*is), show(now))
	*is = now
}

// replace notes a difference of which the two sides may look the same.
func (r *Reread) replace(field, was, is string) {
	if was == is {
		is += ", others"
	}
	r.differ(field, was, is, "")
}

func (r *Reread) time(field string, is *time.Time, now time.Time) {
	now = now.UTC().Truncate(time.Microsecond) // what a store keeps
	if !is.Equal(now) {
		r.differ(field, is.UTC().Format(time.RFC3339), now.Format(time.RFC3339), "")
		*is = now
	}
}
