package domain

import (
	"cmp"
	"slices"
	"time"
)

// Book is what is already known of the conversations that a page may join. [Keys] says what to look up for it.
type Book struct {
	Tickets []*Ticket           // tickets of the connection, never a MANUAL one or another connection's
	Threads map[string]TicketID // threads whose messages are on one of Tickets, beside the ticket's own key
}

// Keys returns the threads and the orders by which a page's messages may find their tickets, each once.
func Keys(page []InboundMessage) (threads, orders []string) {
	seenThread, seenOrder := map[string]bool{"": true}, map[string]bool{"": true}
	for _, m := range page {
		if m.kind() != KindBuyerMessage {
			continue
		}
		// The key of a ticket is a thread, an order or a message id, so all three are looked up as keys.
		if key := firstOf(m.ThreadID, m.OrderID, m.ExternalID); !seenThread[key] {
			seenThread[key] = true
			threads = append(threads, key)
		}
		if !seenOrder[m.OrderID] {
			seenOrder[m.OrderID] = true
			orders = append(orders, m.OrderID)
		}
	}
	return threads, orders
}

// Intake is what one page becomes: everything that is stored in one transaction, or not at all.
type Intake struct {
	Messages       []ExternalMessage
	Opened         []*Ticket // tickets that did not exist before
	Changed        []*Ticket // tickets that did
	TicketMessages []TicketMessage
	Events         []TicketEvent
	Rejected       []RejectedMessage
}

// Thread maps a page of screened messages, none of them stored before, on to tickets. A buyer message joins the ticket
// of its thread; else the ticket of its order; else it opens one keyed by thread, order or its own id, in that order.
// The ticket's status plays no part. Of several tickets with one order the most recently active is taken. Messages of
// other kinds are kept and belong to no ticket.
//
// Messages are taken in the order of their time, whatever the order of the page, so that a newest-first source gives
// the same tickets. book's tickets are changed in place.
func Thread(c ConnectionState, page []InboundMessage, book Book, now time.Time) Intake {
	t := threader{connection: c, now: now, byKey: map[string]*Ticket{}, byOrder: map[string]*Ticket{}, touched: map[*Ticket]bool{}}
	t.read(book)
	page = slices.Clone(page)
	slices.SortStableFunc(page, func(a, b InboundMessage) int { return a.ReceivedAt.Compare(b.ReceivedAt) })
	t.out.Messages = make([]ExternalMessage, 0, len(page))
	for _, m := range page {
		t.take(m)
	}
	return t.out
}

type threader struct {
	connection     ConnectionState
	now            time.Time
	byKey, byOrder map[string]*Ticket
	touched        map[*Ticket]bool // tickets that are in out already
	out            Intake
}

func (t *threader) read(b Book) {
	byID := make(map[TicketID]*Ticket, len(b.Tickets))
	tickets := slices.SortedFunc(slices.Values(b.Tickets), func(x, y *Ticket) int {
		return cmp.Or(x.s.LastMessageAt.Compare(y.s.LastMessageAt), cmp.Compare(x.s.ID.String(), y.s.ID.String()))
	})
	for _, k := range tickets {
		byID[k.s.ID] = k
		t.index(k)
	}
	for thread, id := range b.Threads {
		// A ticket keyed by the thread itself wins over one that holds some of the thread's messages.
		if k := byID[id]; k != nil && t.byKey[thread] == nil {
			t.byKey[thread] = k
		}
	}
}

// index makes a ticket findable. Of several with one order the most recently active is found.
func (t *threader) index(k *Ticket) {
	if k.s.ExternalID != "" {
		t.byKey[k.s.ExternalID] = k
	}
	if k.s.OrderID == "" {
		return
	}
	if other := t.byOrder[k.s.OrderID]; other == nil || !k.s.LastMessageAt.Before(other.s.LastMessageAt) {
		t.byOrder[k.s.OrderID] = k
	}
}

func (t *threader) take(m InboundMessage) {
	c := t.connection
	ext := ExternalMessage{
		ID: NewID[MessageID](), Tenant: c.Tenant, Connection: c.ID, Type: c.Type, Kind: m.kind(),
		ExternalID: m.ExternalID, ThreadID: m.ThreadID, OrderID: m.OrderID, BuyerName: m.BuyerName,
		BuyerEmail: m.BuyerEmail, Language: m.Language, ReceivedAt: m.ReceivedAt.UTC(), Raw: m.Raw,
	}
	if ext.Kind == KindBuyerMessage {
		ext.Ticket = t.receive(m, ext.ID)
	}
	t.out.Messages = append(t.out.Messages, ext)
}

// receive puts a buyer message on its ticket and returns which that is.
func (t *threader) receive(m InboundMessage, ext MessageID) TicketID {
	flags := FlagText(m.Subject + "\n" + m.Body)
	k := t.ticketFor(m)
	ended := k.receive(m, flags, t.now)
	t.index(k)
	if m.ThreadID != "" {
		t.byKey[m.ThreadID] = k
	}
	msg := TicketMessage{
		ID: NewID[TicketMessageID](), Tenant: k.s.Tenant, Ticket: k.s.ID, ExternalMessage: ext,
		SenderType: SenderCustomer, SenderName: m.BuyerName, Body: m.Body, Source: FromMarketplace,
		SafetyFlags: flags, SentAt: m.ReceivedAt.UTC(),
	}
	t.out.TicketMessages = append(t.out.TicketMessages, msg)
	if ended != "" {
		t.event(k, msg, EventStatusChanged, ActorSystem, map[string]string{
			"from": string(ended), "to": string(k.s.Status), "cause": string(EventMessageReceived),
		})
	}
	t.event(k, msg, EventMessageReceived, ActorCustomer, map[string]string{"externalId": m.ExternalID})
	return k.s.ID
}

func (t *threader) ticketFor(m InboundMessage) *Ticket {
	k := t.byKey[firstOf(m.ThreadID, m.OrderID, m.ExternalID)]
	if k == nil && m.OrderID != "" {
		k = t.byOrder[m.OrderID]
	}
	if k == nil {
		k = openTicket(t.connection, m, t.now)
		t.touched[k] = true
		t.out.Opened = append(t.out.Opened, k)
	}
	if !t.touched[k] {
		t.touched[k] = true
		t.out.Changed = append(t.out.Changed, k)
	}
	return k
}

func (t *threader) event(k *Ticket, m TicketMessage, typ EventType, actor ActorType, payload map[string]string) {
	t.out.Events = append(t.out.Events, TicketEvent{
		ID: NewID[EventID](), Tenant: k.s.Tenant, Ticket: k.s.ID, Message: m.ID, Type: typ, Actor: actor,
		Payload: payload, At: t.now.UTC(),
	})
}
