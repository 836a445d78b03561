package domain

import (
	"slices"
	"time"
)

// ConversationKeys say by what a page's messages may find their tickets, each once.
type ConversationKeys struct {
	Threads []string // keys of tickets and threads of messages
	Orders  []string
	Mails   []string // Message-IDs that messages refer to
	Relays  []string // relay addresses of buyers' messages that name neither thread nor order, and of reports on deliveries
	Names   []string // buyers of sellers' copies that name neither
	Answers bool     // what was sent on the tickets is needed
}

// Candidates is what is already known of the conversations that a page may join. [Keys] says what to look up for it.
type Candidates struct {
	Tickets []*Ticket           // tickets of the connection, never a MANUAL one or another connection's
	Threads map[string]TicketID // threads whose messages are on one of Tickets, beside the ticket's own key
	Mails   map[string]TicketID // Message-IDs of messages on one of Tickets
	Answers []TicketMessage     // what was sent on Tickets in the last 30 days, by rising SentAt
	Waiting []ExternalMessage   // events and copies of these orders and threads that have no ticket yet, by rising ReceivedAt; without raws
}

// Keys returns by what a page's messages may find their tickets. Of kinds that join no ticket nothing is looked up.
func Keys(page []InboundMessage) ConversationKeys {
	var threads, orders, mails, relays, names distinct
	answers := false
	for _, m := range page {
		kind := m.kind()
		unnamed := m.ThreadID == "" && m.OrderID == ""
		switch {
		case kind == KindBuyerMessage:
			// The key of a ticket is a thread, an order or a message id, so all three are looked up as keys.
			threads.add(firstOf(m.ThreadID, m.OrderID, m.ExternalID))
			if unnamed {
				relays.add(m.BuyerEmail)
			}
		case kind.aboutOrder():
			threads.add(m.ThreadID)
			orders.add(m.OrderID)
			continue // an order and nothing else says whose events these are
		case kind == KindSellerCopy:
			answers = true
			threads.add(m.ThreadID)
			if unnamed {
				names.add(m.BuyerName)
			}
		case kind.aboutAnswer():
			answers = true
			threads.add(m.ThreadID)
			relays.add(m.BuyerEmail)
		default:
			continue
		}
		orders.add(m.OrderID)
		for _, mail := range m.References {
			mails.add(mail)
		}
	}
	return ConversationKeys{threads.list, orders.list, mails.list, relays.list, names.list, answers}
}

// Earliest returns the time around which the conversations were active that a page may join for their buyer alone, and the
// answers sent that it tells of: that of the oldest message that is looked for so, at most now.
func Earliest(page []InboundMessage, now time.Time) time.Time {
	for _, m := range page {
		if m.kind().aboutAnswer() || m.kind() == KindBuyerMessage && m.ThreadID == "" && m.OrderID == "" {
			now = earlier(m.ReceivedAt, now)
		}
	}
	return now
}

// distinct is a list of texts, each once. "" is none.
type distinct struct {
	seen map[string]bool
	list []string
}

func (d *distinct) add(s string) {
	if s == "" || d.seen[s] {
		return
	}
	if d.seen == nil {
		d.seen = map[string]bool{}
	}
	d.seen[s], d.list = true, append(d.list, s)
}

// PageWrite is what one page becomes: everything that is stored in one transaction, or not at all.
type PageWrite struct {
	Messages       []ExternalMessage // with their Files
	Opened         []*Ticket         // tickets that did not exist before
	Changed        []*Ticket         // tickets that did
	TicketMessages []TicketMessage
	Events         []TicketEvent
	Joined         []Joined         // messages stored before that now belong to a ticket
	Deliveries     []DeliveryChange // what became known of answers stored before
	Rejected       []RejectedMessage
	Sync           *SyncState // how far the connection is read then; nil to leave it as it is
}

// Joined puts a message that waited on the ticket that it is about, and ends its quarantine.
type Joined struct {
	Message MessageID
	Ticket  TicketID
}

// DeliveryChange is what became known of an answer.
type DeliveryChange struct {
	Message  TicketMessageID
	Delivery DeliveryStatus
}

// Thread maps a page of screened messages, none of them stored before, on to tickets.
//
// A buyer's message joins the ticket of its thread; else of its order, unless that is another buyer's by its relay address;
// else of a mail that it answers; else, if it names neither thread nor order, the most recently active ticket of the same
// relay address, in whole, whose activity lies within 30 days of the message. Else it opens one, keyed by thread, order or
// its own id, in that order. The ticket's status plays no part: the buyer's word brings it back. A thread that is known to be
// of a ticket always wins over the order.
//
// Events of an order join the ticket of their thread, else of their order, as ticket events, and open none. Without a ticket
// they wait, and join when one learns of their thread or order. Copies of what the seller sent and reports on it join
// besides by the mails that they refer to; a copy that names neither thread nor order by the buyer's name, if that fits one
// ticket alone, and a report by the newest answer to its relay address. Copies wait as events do. Quarantine is set where a
// person should look. Messages of other kinds are kept and belong to no ticket.
//
// What is more than a day older than the connection is history: a ticket that it opens is CLOSED, it brings no ticket back, and
// nobody need look at it for want of a ticket.
//
// Messages are taken in the order of their time, whatever the order of the page, so that a newest-first source gives
// the same tickets. Pages are taken in the order in which they come: a message that names neither thread nor order, or one
// of them alone, may open a ticket where it would have joined one had its page come later; tickets are never merged.
// book's tickets and waiting messages are changed in place.
func Thread(c ConnectionState, page []InboundMessage, book Candidates, now time.Time) PageWrite {
	t := newThreader(c, book, now)
	page = slices.Clone(page)
	slices.SortStableFunc(page, func(a, b InboundMessage) int { return a.ReceivedAt.Compare(b.ReceivedAt) })
	t.out.Messages = make([]ExternalMessage, 0, len(page)) // never grown: placings point into it
	for _, m := range page {
		t.take(m)
	}
	return t.out
}
