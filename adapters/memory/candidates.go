package memory

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// A Candidates looks back so far for buyers who name no conversation, and for answers.
const bookDays = 30 * 24 * time.Hour

// maxWaiting is how many messages of a thread, and of an order, wait in a Candidates.
const maxWaiting = 100

func (x intake) Candidates(ctx context.Context, c domain.ConnectionID, keys domain.ConversationKeys, now time.Time) (domain.Candidates, error) {
	if err := x.change(ctx); err != nil { // it locks
		return domain.Candidates{}, err
	}
	b := booking{
		rows: x.rows, connection: c, since: now.Add(-bookDays), wanted: map[domain.TicketID]bool{},
		threads: setOf(keys.Threads), orders: setOf(keys.Orders), mails: setOf(keys.Mails),
		relays: mailboxes(keys.Relays), names: setOf(keys.Names),
	}
	b.tickets()
	book := domain.Candidates{Threads: b.byThread(), Mails: b.byMail(), Waiting: b.waiting()}
	if keys.Answers {
		book.Answers = b.answers()
	}
	for id := range b.wanted {
		t, err := domain.RestoreTicket(copyTicket(x.rows.tickets[id]))
		if err != nil {
			return domain.Candidates{}, err
		}
		x.locked[ticketLock(id)] = true
		book.Tickets = append(book.Tickets, t)
	}
	for _, m := range book.Waiting {
		x.locked[waitingLock(m.ID)] = true
	}
	return book, nil
}

// booking is a Candidates in the making.
type booking struct {
	rows                                  *rows
	connection                            domain.ConnectionID
	since                                 time.Time
	threads, orders, mails, relays, names map[string]bool
	wanted                                map[domain.TicketID]bool
}

// may reports whether a ticket may be in the book at all.
func (b booking) may(id domain.TicketID) bool {
	s, there := b.rows.tickets[id]
	return there && s.Connection == b.connection && s.Channel != domain.ChannelManual
}

// tickets finds those that say themselves that they are wanted.
func (b booking) tickets() {
	for id, s := range b.rows.tickets {
		recent := !s.LastMessageAt.Before(b.since)
		if b.may(id) && (b.threads[s.ExternalID] || b.orders[s.OrderID] || recent && (b.relays[domain.RelayMailbox(s.CustomerEmail)] || b.names[s.CustomerName])) {
			b.wanted[id] = true
		}
	}
}

// byThread finds the ticket that each thread led to: that of its newest message.
func (b booking) byThread() map[string]domain.TicketID {
	newest := map[string]domain.ExternalMessage{}
	for _, m := range b.rows.messages {
		if m.Connection != b.connection || !b.threads[m.ThreadID] || !b.may(m.Ticket) {
			continue
		}
		n, there := newest[m.ThreadID]
		if !there || cmp.Or(m.ReceivedAt.Compare(n.ReceivedAt), bytes.Compare(m.ID.UUID[:], n.ID.UUID[:])) > 0 {
			newest[m.ThreadID] = m
		}
	}
	led := map[string]domain.TicketID{}
	for thread, m := range newest {
		led[thread], b.wanted[m.Ticket] = m.Ticket, true
	}
	return led
}

// byMail finds the ticket that each Message-ID led to.
func (b booking) byMail() map[string]domain.TicketID {
	newest := map[string]domain.TicketMessage{}
	for _, m := range b.rows.ticketMessages {
		if !b.mails[m.MailID] || !b.may(m.Ticket) {
			continue
		}
		if n, there := newest[m.MailID]; !there || bySentAt(m, n) > 0 {
			newest[m.MailID] = m
		}
	}
	led := map[string]domain.TicketID{}
	for mail, m := range newest {
		led[mail], b.wanted[m.Ticket] = m.Ticket, true
	}
	return led
}

// answers finds what was sent on the tickets of late.
func (b booking) answers() (sent []domain.TicketMessage) {
	for _, m := range b.rows.ticketMessages {
		ours := m.SenderType == domain.SenderAgent || m.SenderType == domain.SenderAI
		if b.wanted[m.Ticket] && ours && !m.Internal && !m.SentAt.Before(b.since) {
			sent = append(sent, copyTicketMessage(m))
		}
	}
	slices.SortFunc(sent, bySentAt)
	return sent
}

func bySentAt(a, b domain.TicketMessage) int {
	return cmp.Or(a.SentAt.Compare(b.SentAt), bytes.Compare(a.ID.UUID[:], b.ID.UUID[:]))
}

// waiting finds events and copies that are without a ticket: the newest of each thread and of each order.
func (b booking) waiting() []domain.ExternalMessage {
	var all []domain.ExternalMessage
	for id, m := range b.rows.messages {
		if m.Connection == b.connection && m.Ticket == (domain.TicketID{}) && waits(m.Kind) && (b.threads[m.ThreadID] || b.orders[m.OrderID]) {
			all = append(all, copyMessage(b.rows.messages[id]))
		}
	}
	slices.SortFunc(all, func(a, b domain.ExternalMessage) int {
		return cmp.Or(b.ReceivedAt.Compare(a.ReceivedAt), bytes.Compare(b.ID.UUID[:], a.ID.UUID[:]))
	})
	threads, orders := map[string]int{}, map[string]int{}
	all = slices.DeleteFunc(all, func(m domain.ExternalMessage) bool {
		threads[m.ThreadID]++
		orders[m.OrderID]++
		ofThread := b.threads[m.ThreadID] && threads[m.ThreadID] <= maxWaiting
		return !ofThread && (!b.orders[m.OrderID] || orders[m.OrderID] > maxWaiting)
	})
	slices.Reverse(all)
	for i := range all {
		all[i].Source.Bytes = nil
	}
	return all
}

// waits reports whether messages of a kind join a ticket that comes later.
func waits(k domain.MessageKind) bool {
	switch k {
	case domain.KindCancelRequest, domain.KindReturnEvent, domain.KindRefundEvent, domain.KindClaimOpened, domain.KindClaimClosed,
		domain.KindChargeback, domain.KindSellerCopy:
		return true
	}
	return false
}

// setOf is the texts that are there: "" is none.
func setOf(texts []string) map[string]bool {
	set := make(map[string]bool, len(texts))
	for _, t := range texts {
		set[t] = t != ""
	}
	return set
}

// mailboxes is the set of the mailboxes that addresses lead to.
func mailboxes(addresses []string) map[string]bool {
	set := make(map[string]bool, len(addresses))
	for _, a := range addresses {
		set[domain.RelayMailbox(a)] = a != ""
	}
	return set
}
