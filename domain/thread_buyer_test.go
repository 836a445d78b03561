package domain_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

// after is a message of the buyer's that names neither thread nor order, sent so long after noon.
func after(d time.Duration, changes ...func(*domain.InboundMessage)) domain.InboundMessage {
	m := message(1)
	m.ReceivedAt = noon.Add(d)
	for _, change := range changes {
		change(&m)
	}
	return m
}

const day = 24 * time.Hour

func TestBuyersMessageWithoutThreadAndOrder(t *testing.T) {
	t.Parallel()
	relay := message(0).BuyerEmail
	tests := map[string]struct {
		there  []domain.TicketState
		m      domain.InboundMessage
		joined int // index of the ticket, -1 for none
	}{
		"same relay, three days later": {[]domain.TicketState{{ExternalID: "a", CustomerEmail: relay, LastMessageAt: noon}}, after(3 * day), 0},
		"same relay, 45 days later":    {[]domain.TicketState{{ExternalID: "a", CustomerEmail: relay, LastMessageAt: noon}}, after(45 * day), -1},
		"30 days are within":           {[]domain.TicketState{{ExternalID: "a", CustomerEmail: relay, LastMessageAt: noon}}, after(30 * day), 0},
		"a second more is not":         {[]domain.TicketState{{ExternalID: "a", CustomerEmail: relay, LastMessageAt: noon}}, after(30*day + time.Second), -1},
		"an older one that comes late": {[]domain.TicketState{{ExternalID: "a", CustomerEmail: relay, LastMessageAt: noon}}, after(-3 * day), 0},
		"the most recently active": {[]domain.TicketState{
			{ExternalID: "a", CustomerEmail: relay, LastMessageAt: noon.Add(-day)}, {ExternalID: "b", CustomerEmail: relay, LastMessageAt: noon},
			{ExternalID: "c", CustomerEmail: relay, LastMessageAt: noon.Add(-2 * day)},
		}, after(day), 1},
		"status plays no part": {[]domain.TicketState{{ExternalID: "a", CustomerEmail: relay, LastMessageAt: noon, Status: domain.TicketClosed}}, after(day), 0},
		"another case of the buyer": {
			[]domain.TicketState{{ExternalID: "a", CustomerEmail: "x+1@marketplace.example", LastMessageAt: noon}},
			after(day, func(m *domain.InboundMessage) { m.BuyerEmail = "x+2@marketplace.example" }), -1,
		},
		"one that names a thread": {
			[]domain.TicketState{{ExternalID: "a", CustomerEmail: relay, LastMessageAt: noon}},
			after(day, func(m *domain.InboundMessage) { m.ThreadID = "b" }), -1,
		},
		"one that names an order": {
			[]domain.TicketState{{ExternalID: "a", CustomerEmail: relay, LastMessageAt: noon}},
			after(day, func(m *domain.InboundMessage) { m.OrderID = "b" }), -1,
		},
		"no relay is nobody's": {
			[]domain.TicketState{{ExternalID: "a", LastMessageAt: noon}},
			after(day, func(m *domain.InboundMessage) { m.BuyerEmail = "" }), -1,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, s := is.New(t), newShelf(t)
			s.now = noon.Add(60 * day)
			there := make([]*domain.Ticket, len(test.there))
			for i, state := range test.there {
				state.Status = domain.TicketStatus(firstOf(string(state.Status), string(domain.TicketOpen)))
				there[i] = newTicket(t, state)
				s.tickets[there[i].State().ID] = there[i]
			}
			in := s.take(test.m)
			if test.joined < 0 {
				is.Equal(len(in.Opened), 1)
				return
			}
			is.Equal(len(in.Opened), 0)
			is.Equal(in.TicketMessages[0].Ticket, there[test.joined].State().ID)
			is.Equal(there[test.joined].State().Status, domain.TicketOpen)
		})
	}
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func TestBuyersMessageJoinsTheMailThatItAnswers(t *testing.T) {
	t.Parallel()
	refers := func(m domain.InboundMessage, mails ...string) domain.InboundMessage {
		m.References, m.BuyerEmail = mails, "ana+of.another.case@marketplace.example" // the same buyer
		return m
	}
	mailed := func(m domain.InboundMessage, id string) domain.InboundMessage {
		m.MailID = id
		return m
	}
	tests := map[string]struct {
		before, page []domain.InboundMessage
		tickets      int
	}{
		"of an earlier page":                  {[]domain.InboundMessage{mailed(in(message(1), "a", ""), "x")}, []domain.InboundMessage{refers(message(2), "y", "x")}, 1},
		"of the same page":                    {nil, []domain.InboundMessage{refers(message(2), "x"), mailed(in(message(1), "a", ""), "x")}, 1},
		"though its thread is new":            {nil, []domain.InboundMessage{mailed(in(message(1), "a", "o"), "x"), refers(in(message(2), "b", ""), "x")}, 1},
		"and the thread is remembered":        {nil, []domain.InboundMessage{mailed(in(message(1), "a", ""), "x"), refers(in(message(2), "b", ""), "x"), in(message(3), "b", "")}, 1},
		"but not of another buyer":            {nil, []domain.InboundMessage{mailed(by("bea", in(message(1), "a", "o")), "x"), refers(in(message(2), "b", "o"), "x")}, 2},
		"but not of another order":            {nil, []domain.InboundMessage{mailed(in(message(1), "a", "o1"), "x"), refers(in(message(2), "b", "o2"), "x")}, 2},
		"its own thread wins":                 {nil, []domain.InboundMessage{mailed(in(message(1), "a", ""), "x"), in(message(2), "b", ""), refers(in(message(3), "b", ""), "x")}, 2},
		"its own order wins":                  {nil, []domain.InboundMessage{mailed(in(message(1), "a", ""), "x"), in(message(2), "b", "o"), refers(in(message(3), "", "o"), "x")}, 2},
		"a mail that nobody knows is nothing": {nil, []domain.InboundMessage{mailed(in(message(1), "a", ""), "x"), refers(message(2), "z")}, 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, s := is.New(t), newShelf(t)
			s.take(test.before...)
			s.take(test.page...)
			is.Equal(len(s.tickets), test.tickets)
		})
	}
}

// An order that another buyer names is his, whatever he says, but for the thread: nobody reads what was said to somebody else.
func TestOrderOfAnotherBuyer(t *testing.T) {
	t.Parallel()
	case1, case2 := func(m domain.InboundMessage) domain.InboundMessage {
		m.BuyerEmail = "ana+1@marketplace.example"
		return m
	},
		func(m domain.InboundMessage) domain.InboundMessage {
			m.BuyerEmail = "ana+2@marketplace.example"
			return m
		}
	nobody := func(m domain.InboundMessage) domain.InboundMessage { m.BuyerEmail = ""; return m }
	tests := map[string]struct {
		messages []domain.InboundMessage
		keys     []string // of tickets, by their opening
		ticket   []int    // of each message
	}{
		"another case of the buyer joins":      {[]domain.InboundMessage{case1(in(message(1), "a", "o")), case2(in(message(2), "b", "o"))}, []string{"a"}, []int{0, 0}},
		"another buyer does not":               {[]domain.InboundMessage{in(message(1), "a", "o"), by("bo", in(message(2), "b", "o"))}, []string{"a", "b"}, []int{0, 1}},
		"nor without a thread":                 {[]domain.InboundMessage{in(message(1), "", "o"), by("bo", in(message(2), "", "o"))}, []string{"o", "m-2"}, []int{0, 1}},
		"each finds his own again":             {[]domain.InboundMessage{in(message(1), "", "o"), by("bo", in(message(2), "", "o")), in(message(3), "", "o"), by("bo", in(message(4), "", "o"))}, []string{"o", "m-2"}, []int{0, 1, 0, 1}},
		"by thread and by order":               {[]domain.InboundMessage{in(message(1), "a", "o"), by("bo", in(message(2), "b", "o")), in(message(3), "c", "o"), by("bo", in(message(4), "", "o"))}, []string{"a", "b"}, []int{0, 1, 0, 1}},
		"the thread wins over the buyer":       {[]domain.InboundMessage{in(message(1), "a", "o"), by("bo", in(message(2), "a", "o"))}, []string{"a"}, []int{0, 0}},
		"who has no address goes by the order": {[]domain.InboundMessage{in(message(1), "a", "o"), nobody(in(message(2), "b", "o"))}, []string{"a"}, []int{0, 0}},
		"a ticket without one takes him":       {[]domain.InboundMessage{nobody(in(message(1), "a", "o")), by("bo", in(message(2), "b", "o"))}, []string{"a"}, []int{0, 0}},
		"and is his from then on":              {[]domain.InboundMessage{nobody(in(message(1), "a", "o")), by("bo", in(message(2), "b", "o")), in(message(3), "c", "o")}, []string{"a", "c"}, []int{0, 0, 1}},
	}
	for name, test := range tests {
		for _, pages := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, each in a page: %t", name, pages), func(t *testing.T) {
				t.Parallel()
				is, s := is.New(t), newShelf(t)
				var opened []domain.TicketID
				var keys []string
				on := map[string]domain.TicketID{}
				take := func(page ...domain.InboundMessage) {
					got := s.take(page...)
					for _, ticket := range got.Opened {
						opened, keys = append(opened, ticket.State().ID), append(keys, ticket.State().ExternalID)
					}
					for _, m := range got.Messages {
						on[m.ExternalID] = m.Ticket
					}
				}
				if pages {
					for _, m := range test.messages {
						take(m)
					}
				} else {
					take(test.messages...)
				}
				is.Equal(keys, test.keys)
				for i, m := range test.messages {
					is.Equal(on[m.ExternalID], opened[test.ticket[i]]) // of each message
				}
			})
		}
	}
}

// The thread says more than the order: an order's ticket is not joined when the thread is of another.
func TestThreadOfAnotherTicketWinsOverTheOrder(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newShelf(t)
	s.take(in(message(1), "a", "o1"))
	s.take(in(message(2), "b", "o2"), in(message(3), "c", "o2")) // c is on b's ticket
	got := s.take(in(message(4), "c", "o1"))
	is.Equal(len(got.Changed), 1)
	is.Equal(got.Changed[0].State().ExternalID, "b")
}

func TestTicketMessageHoldsWhatItsMailSays(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	m := in(message(1), "a", "")
	m.MailID, m.Quoted, m.Evidence, m.Parser = "x@mail", "> Thank you", "header:TYPE", 7
	m.Facts, m.Flags = map[string]string{domain.FactASIN: "B0TEST1234"}, []domain.ParseFlag{domain.FlagNoOrder}
	m.Files = []domain.File{{Number: 0, Name: "a.png", Type: "image/png", Size: 3}}
	got := newShelf(t).take(m)
	on, ext := got.TicketMessages[0], got.Messages[0]
	is.Equal([]string{on.MailID, on.Quoted}, []string{"x@mail", "> Thank you"})
	is.Equal(on.Delivery, domain.DeliveryStatus(""))
	is.Equal([]string{ext.Evidence, ext.MailID, ext.Subject}, []string{"header:TYPE", "x@mail", ""}) // the ticket has the subject
	is.Equal(ext.Parser, 7)
	is.Equal(ext.Facts, m.Facts)
	is.Equal(ext.Flags, m.Flags)
	is.Equal(ext.Files, m.Files)
	is.Equal(ext.Quarantine, domain.QuarantineReason(""))
}

func TestOtherKindsAreKept(t *testing.T) {
	t.Parallel()
	tests := map[domain.MessageKind]domain.QuarantineReason{
		domain.KindUnknown: domain.QuarantineUnknown, domain.KindSuspect: domain.QuarantineSuspect, domain.KindAutoReply: "",
		domain.KindFeedback: "", domain.KindValidation: "", domain.KindNotice: "",
	}
	for kind, quarantine := range tests {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			is, s := is.New(t), newShelf(t)
			s.take(in(message(1), "a", "o"))
			m := of(in(message(2), "a", "o"), kind)
			m.References, m.Body = []string{"x"}, "I will call my lawyer"
			got := s.take(m)
			is.Equal(len(got.Opened)+len(got.Changed)+len(got.Events)+len(got.TicketMessages), 0) // no ticket hears of it
			is.Equal(got.Messages[0].Ticket, domain.TicketID{})
			is.Equal(got.Messages[0].Quarantine, quarantine)
			is.Equal(got.Messages[0].Subject, m.Subject) // people can tell them apart
			is.Equal(len(got.Messages[0].SafetyFlags), 0)
		})
	}
}

// Seven notices with one subject are seven.
func TestNoticesAreNotMerged(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var page []domain.InboundMessage
	for n := range 9 {
		m := of(message(n), domain.KindNotice)
		m.Subject, m.Body = "Seller Central", "A notice"
		page = append(page, m)
	}
	screened := domain.Screen(connection(t), page)
	is.Equal(len(newShelf(t).take(screened.Accepted...).Messages), 9)
}
