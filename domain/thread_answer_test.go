package domain_test

import (
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

// copyOf is the marketplace's copy of an answer, n minutes after noon.
func copyOf(n int, body string, changes ...func(*domain.InboundMessage)) domain.InboundMessage {
	m := of(message(n), domain.KindSellerCopy)
	m.ExternalID, m.Body, m.BuyerEmail, m.Subject = m.ExternalID+"-copy", body, "", "Your message to Ana"
	for _, change := range changes {
		change(&m)
	}
	return m
}

func thread(id string) func(*domain.InboundMessage) {
	return func(m *domain.InboundMessage) { m.ThreadID = id }
}

func order(id string) func(*domain.InboundMessage) {
	return func(m *domain.InboundMessage) { m.OrderID = id }
}

func refers(mails ...string) func(*domain.InboundMessage) {
	return func(m *domain.InboundMessage) { m.References = mails }
}

func TestCopyConfirmsOurAnswer(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*domain.InboundMessage)
		answer func(*domain.TicketMessage)
		words  string
		want   bool
	}{
		"by thread":                          {thread("a"), nil, "It is on its way.", true},
		"by order":                           {order("o"), nil, "It is on its way.", true},
		"by the mail that it refers to":      {refers("x", "ours@keybuzz"), nil, "It is on its way.", true},
		"by the buyer's name":                {func(*domain.InboundMessage) {}, nil, "It is on its way.", true},
		"other white space":                  {thread("a"), nil, " It is\u00a0on\r\n\tits way.\n", true},
		"before our call returned":           {thread("a"), func(m *domain.TicketMessage) { m.Delivery = "" }, "It is on its way.", true},
		"other words":                        {thread("a"), nil, "It is on its way!", false},
		"no words":                           {thread("a"), func(m *domain.TicketMessage) { m.Body = "" }, "", false},
		"a note among agents":                {thread("a"), func(m *domain.TicketMessage) { m.Internal = true }, "It is on its way.", false},
		"one that is confirmed already":      {thread("a"), func(m *domain.TicketMessage) { m.Delivery = domain.DeliveryConfirmed }, "It is on its way.", false},
		"one that a report says is not sent": {thread("a"), func(m *domain.TicketMessage) { m.Delivery = domain.DeliveryFailed }, "It is on its way.", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, s := is.New(t), newShelf(t)
			ticket := s.take(in(message(1), "a", "o")).Opened[0]
			id := s.answer(ticket, 2, "It is on its way.", "ours@keybuzz")
			if test.answer != nil {
				m := s.sent[id]
				test.answer(&m)
				s.sent[id] = m
			}
			got := s.take(copyOf(3, test.words, test.change))
			is.Equal(len(got.Opened), 0)
			is.Equal(got.Messages[0].Ticket, ticket.State().ID)
			is.Equal(len(got.TicketMessages), map[bool]int{true: 0, false: 1}[test.want])
			if !test.want {
				is.Equal(len(got.Deliveries), 0)
				return
			}
			is.Equal(got.Deliveries, []domain.DeliveryChange{{Message: id, Delivery: domain.DeliveryConfirmed}})
			is.Equal(len(got.Events), 1)
			is.Equal(got.Events[0].Type, domain.EventAnswerConfirmed)
			is.Equal([]any{got.Events[0].Message, got.Events[0].Origin}, []any{id, got.Messages[0].ID})
			is.Equal(ticket.State().Status, domain.TicketOpen) // whoever sent it has said what the ticket is
		})
	}
}

// Each copy confirms one answer, the oldest first.
func TestCopiesOfAnswersThatAreAlike(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newShelf(t)
	ticket := s.take(in(message(1), "a", "")).Opened[0]
	first, second := s.answer(ticket, 2, "Thanks", ""), s.answer(ticket, 3, "Thanks", "")
	got := s.take(copyOf(4, "Thanks", thread("a")), copyOf(5, "Thanks", thread("a")), copyOf(6, "Thanks", thread("a")))
	is.Equal(got.Deliveries, []domain.DeliveryChange{{Message: first, Delivery: domain.DeliveryConfirmed}, {Message: second, Delivery: domain.DeliveryConfirmed}})
	is.Equal(len(got.TicketMessages), 1) // the third was written elsewhere
}

func TestCopyOfAnAnswerGivenElsewhere(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newShelf(t)
	ticket := s.take(in(message(1), "a", "")).Opened[0]
	m := copyOf(2, "I do refund you at once", thread("a"), order("o"))
	m.MailID, m.Quoted, m.Facts = "copy@mail", "> Question 1", map[string]string{domain.FactASIN: "B0TEST1234"}
	got := s.take(m)
	is.Equal(len(got.Opened), 0)
	on := got.TicketMessages[0]
	is.Equal([]any{on.SenderType, on.SenderName, on.Source, on.Delivery}, []any{domain.SenderAgent, "", domain.FromMarketplace, domain.DeliveryConfirmed})
	is.Equal([]string{on.Body, on.Quoted, on.MailID}, []string{m.Body, m.Quoted, m.MailID})
	is.Equal(on.SentAt, m.ReceivedAt)
	is.Equal(on.ExternalMessage, got.Messages[0].ID)
	is.Equal(got.Messages[0].Subject, "")
	is.Equal(len(on.SafetyFlags)+len(ticket.State().SafetyFlags), 0) // the seller may say what he likes
	is.Equal(s.happened(ticket), []domain.EventType{domain.EventMessageReceived, domain.EventAnswerSent, domain.EventStatusChanged})
	is.Equal(got.Events[0].Message, on.ID)
	is.Equal(got.Events[0].Actor, domain.ActorAgent)
	is.Equal(got.Events[0].Payload, m.Facts)
	is.Equal(got.Events[1].Payload, map[string]string{"from": "OPEN", "to": "WAITING_CUSTOMER", "cause": "ANSWER_SENT"})
	is.Equal(ticket.State().LastMessageAt, m.ReceivedAt)
	is.Equal(ticket.State().OrderID, "o") // learnt from it
	is.Equal(ticket.State().CustomerName, "Ana")
	s.take(in(message(3), "a", ""))
	is.Equal(ticket.State().Status, domain.TicketOpen) // the buyer has the last word
}

func TestCopyMovesOnlyAnOpenTicketThatHasNothingNewer(t *testing.T) {
	t.Parallel()
	for status, want := range map[domain.TicketStatus]domain.TicketStatus{
		domain.TicketOpen: domain.TicketWaitingCustomer, domain.TicketPending: domain.TicketPending, domain.TicketResolved: domain.TicketResolved,
		domain.TicketClosed: domain.TicketClosed, domain.TicketEscalated: domain.TicketEscalated, domain.TicketWaitingCustomer: domain.TicketWaitingCustomer,
	} {
		is := is.New(t)
		ticket := newTicket(t, domain.TicketState{ExternalID: "a", Status: status, LastMessageAt: noon})
		newShelf(t, ticket).take(copyOf(1, "x", thread("a")))
		is.Equal(ticket.State().Status, want)
		ticket = newTicket(t, domain.TicketState{ExternalID: "a", Status: status, LastMessageAt: noon.Add(time.Hour)})
		newShelf(t, ticket).take(copyOf(1, "x", thread("a")))
		is.Equal(ticket.State().Status, status) // the buyer has written since
		ticket = newTicket(t, domain.TicketState{ExternalID: "a", OrderID: "o", Status: status, LastMessageAt: noon})
		newShelf(t, ticket).take(of(in(message(0), "", "o"), domain.KindClaimOpened), copyOf(1, "x", thread("a")))
		is.True(ticket.State().Status != domain.TicketWaitingCustomer) // the claim is not settled by it
	}
}

func TestCopyWithNothingButAName(t *testing.T) {
	t.Parallel()
	named := func(key, name string, at time.Time) domain.TicketState {
		return domain.TicketState{ExternalID: key, CustomerName: name, Status: domain.TicketOpen, LastMessageAt: at}
	}
	tests := map[string]struct {
		there      []domain.TicketState
		answered   []int // tickets on which an answer with the copy's words waits
		change     func(*domain.InboundMessage)
		joined     int
		quarantine domain.QuarantineReason
	}{
		"one ticket has it":                            {there: []domain.TicketState{named("a", "Bo", noon), named("b", "Ana", noon)}, joined: 1},
		"two have it, and nobody guesses":              {there: []domain.TicketState{named("a", "Ana", noon), named("b", "Ana", noon)}, joined: -1, quarantine: domain.QuarantineAmbiguous},
		"two have it, one waits for these words":       {there: []domain.TicketState{named("a", "Ana", noon), named("b", "Ana", noon)}, answered: []int{1}, joined: 1},
		"two have it, both wait for these words":       {there: []domain.TicketState{named("a", "Ana", noon), named("b", "Ana", noon)}, answered: []int{0, 1}, joined: -1, quarantine: domain.QuarantineAmbiguous},
		"none has it":                                  {there: []domain.TicketState{named("a", "Bo", noon)}, joined: -1},
		"one had it long ago":                          {there: []domain.TicketState{named("a", "Ana", noon.Add(-31*day))}, joined: -1},
		"one has it, and the copy is of another order": {there: []domain.TicketState{named("a", "Ana", noon)}, change: order("o"), joined: -1},
		"no name": {there: []domain.TicketState{named("a", "", noon)}, joined: -1, change: func(m *domain.InboundMessage) { m.BuyerName = "" }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, s := is.New(t), newShelf(t)
			there := make([]*domain.Ticket, len(test.there))
			for i, state := range test.there {
				there[i] = newTicket(t, state)
				s.tickets[there[i].State().ID] = there[i]
			}
			for _, i := range test.answered {
				s.answer(there[i], 0, "Hello", "")
			}
			m := copyOf(1, "Hello")
			if test.change != nil {
				test.change(&m)
			}
			got := s.take(m)
			is.Equal(len(got.Opened), 0) // a copy opens none
			is.Equal(got.Messages[0].Quarantine, test.quarantine)
			if test.joined < 0 {
				is.Equal(got.Messages[0].Ticket, domain.TicketID{})
				is.Equal(len(got.Events)+len(got.TicketMessages)+len(got.Deliveries)+len(got.Changed), 0)
				is.Equal(got.Messages[0].Subject, m.Subject)
				return
			}
			is.Equal(got.Messages[0].Ticket, there[test.joined].State().ID)
		})
	}
}

// A copy that comes before the buyer's first word waits. In one page its text is at hand and joins the conversation.
func TestCopyWaitsForItsTicket(t *testing.T) {
	t.Parallel()
	t.Run("in one page", func(t *testing.T) {
		t.Parallel()
		is, s := is.New(t), newShelf(t)
		got := s.take(copyOf(1, "Your order is late", order("o")), in(message(2), "a", "o"))
		is.Equal(len(got.TicketMessages), 2)
		is.Equal(got.Opened[0].State().Status, domain.TicketOpen) // the buyer wrote after it
	})
	t.Run("in two", func(t *testing.T) {
		t.Parallel()
		is, s := is.New(t), newShelf(t)
		stored := s.take(copyOf(1, "Your order is late", order("o"))).Messages[0]
		is.Equal(stored.Quarantine, domain.QuarantineReason(""))
		got := s.take(in(message(2), "a", "o"))
		is.Equal(got.Joined, []domain.Joined{{Message: stored.ID, Ticket: got.Opened[0].State().ID}})
		last := got.Events[len(got.Events)-1]
		is.Equal([]any{last.Type, last.Origin, last.Message}, []any{domain.EventAnswerSent, stored.ID, domain.TicketMessageID{}})
		is.Equal(got.Opened[0].State().Status, domain.TicketOpen)
	})
}

// report is what a mail server or Amazon says of an answer, n minutes after noon.
func report(kind domain.MessageKind, n int, changes ...func(*domain.InboundMessage)) domain.InboundMessage {
	m := of(message(n), kind)
	m.BuyerEmail, m.BuyerName, m.Facts = "", "", map[string]string{domain.FactReason: "5.1.1"}
	for _, change := range changes {
		change(&m)
	}
	return m
}

func to(relay string) func(*domain.InboundMessage) {
	return func(m *domain.InboundMessage) { m.BuyerEmail = relay }
}

func TestReportsFindTheAnswer(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*domain.InboundMessage)
		want   int // 1: the first answer on the ticket, 2: the second; 0: none, and no ticket
	}{
		"by our Message-ID":                     {refers("nobody@x", "first@keybuzz"), 1},
		"by thread, the newest":                 {thread("a"), 2},
		"by order, the newest":                  {order("o"), 2},
		"by thread, and our Message-ID says it": {func(m *domain.InboundMessage) { m.ThreadID, m.References = "a", []string{"first@keybuzz"} }, 1},
		"by the relay address, the newest":      {to("ana+case@marketplace.example"), 2},
		"by the relay without its case":         {to("ana@marketplace.example"), 2},
		"another buyer's relay":                 {to("bea@marketplace.example"), 0},
		"by nothing":                            {to(""), 0},
		"by a mail that nobody knows":           {refers("nobody@x"), 0},
	}
	for kind, status := range map[domain.MessageKind]domain.DeliveryStatus{
		domain.KindDeliveryFailure: domain.DeliveryFailed, domain.KindOptOut: domain.DeliveryOptedOut, domain.KindDeliveryDelay: domain.DeliveryAccepted,
	} {
		for name, test := range tests {
			t.Run(string(kind)+" "+name, func(t *testing.T) {
				t.Parallel()
				is := is.New(t)
				ticket := newTicket(t, domain.TicketState{ExternalID: "a", OrderID: "o", CustomerEmail: "ana+case@marketplace.example", Status: domain.TicketWaitingCustomer, LastMessageAt: noon})
				other := newTicket(t, domain.TicketState{ExternalID: "b", CustomerEmail: "bo+case@marketplace.example", Status: domain.TicketWaitingCustomer, LastMessageAt: noon})
				s := newShelf(t, ticket, other)
				answers := []domain.TicketMessageID{{}, s.answer(ticket, 1, "One", "first@keybuzz"), s.answer(ticket, 2, "Two", "second@keybuzz")}
				s.answer(other, 3, "Three", "third@keybuzz")
				s.answer(ticket, 9, "After the report", "fourth@keybuzz")
				m := report(kind, 5, test.change)
				// A relay without its case is no key of a ticket: the book is given whole.
				book := s.book(domain.ConversationKeys{Threads: []string{"a", "b"}, Answers: true}, later)
				book.Mails = map[string]domain.TicketID{"first@keybuzz": ticket.State().ID}
				got := domain.Thread(s.connection, []domain.InboundMessage{m}, book, later)
				is.Equal(len(got.Opened)+len(got.TicketMessages), 0)
				if test.want == 0 {
					is.Equal(got.Messages[0].Ticket, domain.TicketID{})
					is.Equal(len(got.Events)+len(got.Deliveries)+len(got.Changed), 0)
					want := domain.QuarantineNoTicket
					if kind == domain.KindDeliveryDelay {
						want = ""
					}
					is.Equal(got.Messages[0].Quarantine, want)
					return
				}
				is.Equal(got.Messages[0].Ticket, ticket.State().ID)
				is.Equal(got.Messages[0].Quarantine, domain.QuarantineReason(""))
				e := got.Events[0]
				is.Equal([]any{e.Message, e.Origin}, []any{answers[test.want], got.Messages[0].ID})
				is.Equal(e.Payload, m.Facts)
				if status == domain.DeliveryAccepted {
					is.Equal(e.Type, domain.EventDeliveryDelayed)
					is.Equal(len(got.Deliveries), 0) // it may still arrive
					is.Equal(len(got.Events), 1)
					is.Equal(ticket.State().Status, domain.TicketWaitingCustomer)
					return
				}
				is.Equal(e.Type, domain.EventDeliveryFailed)
				is.Equal(got.Deliveries, []domain.DeliveryChange{{Message: answers[test.want], Delivery: status}})
				is.Equal(ticket.State().Status, domain.TicketOpen) // to be answered again
				is.Equal(got.Events[1].Payload, map[string]string{"from": "WAITING_CUSTOMER", "to": "OPEN", "cause": "DELIVERY_FAILED"})
				is.Equal(other.State().Status, domain.TicketWaitingCustomer)
			})
		}
	}
}

func TestFailureBringsBackWhatWaits(t *testing.T) {
	t.Parallel()
	for status, want := range map[domain.TicketStatus]domain.TicketStatus{
		domain.TicketOpen: domain.TicketOpen, domain.TicketPending: domain.TicketOpen, domain.TicketWaitingCustomer: domain.TicketOpen,
		domain.TicketEscalated: domain.TicketEscalated, domain.TicketResolved: domain.TicketResolved, domain.TicketClosed: domain.TicketClosed,
	} {
		is := is.New(t)
		ticket := newTicket(t, domain.TicketState{ExternalID: "a", Status: status, LastMessageAt: noon})
		s := newShelf(t, ticket)
		s.take(report(domain.KindOptOut, 1, thread("a"))) // of an answer that nobody here knows
		is.Equal(ticket.State().Status, want)
		is.Equal(s.happened(ticket)[0], domain.EventDeliveryFailed)
		is.Equal(len(s.happened(ticket)) == 2, status != want)
	}
}

// Two reports on one answer are told both, and it fails once.
func TestReportsOnOneAnswer(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newShelf(t)
	ticket := s.take(in(message(1), "a", "")).Opened[0]
	s.answer(ticket, 2, "Hello", "ours@keybuzz")
	got := s.take(report(domain.KindDeliveryFailure, 3, refers("ours@keybuzz")), report(domain.KindOptOut, 4, refers("ours@keybuzz")))
	is.Equal(len(got.Deliveries), 1)
	is.Equal(len(got.Events), 2)
}

// An answer that was confirmed is not what an unnamed failure is about, but may be what a named one is.
func TestFailureOfAConfirmedAnswer(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newShelf(t)
	ticket := s.take(in(message(1), "a", "")).Opened[0]
	s.answer(ticket, 2, "Hello", "ours@keybuzz")
	s.take(copyOf(3, "Hello", thread("a")))
	got := s.take(report(domain.KindDeliveryFailure, 4, thread("a")))
	is.Equal(len(got.Deliveries), 0)
	is.Equal(got.Events[0].Message, domain.TicketMessageID{})
	is.Equal(len(s.take(report(domain.KindDeliveryFailure, 5, refers("ours@keybuzz"))).Deliveries), 1)
}

func TestKeysNameWhatIsLookedUp(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	withRefs := in(message(1), "a", "o")
	withRefs.References = []string{"x", "x", "y"}
	keys := domain.Keys([]domain.InboundMessage{withRefs, message(2), message(3)})
	is.Equal(keys, domain.ConversationKeys{
		Threads: []string{"a", "m-2", "m-3"}, Orders: []string{"o"}, Mails: []string{"x", "y"}, Relays: []string{message(1).BuyerEmail},
	})
	is.Equal(domain.Keys([]domain.InboundMessage{of(in(withRefs, "a", "o"), domain.KindClaimOpened)}), // nothing else says whose it is
		domain.ConversationKeys{Threads: []string{"a"}, Orders: []string{"o"}})
	is.Equal(domain.Keys([]domain.InboundMessage{copyOf(1, "x"), copyOf(2, "x", thread("a"), func(m *domain.InboundMessage) { m.BuyerName = "Bo" })}),
		domain.ConversationKeys{Threads: []string{"a"}, Names: []string{"Ana"}, Answers: true})
	is.Equal(domain.Keys([]domain.InboundMessage{report(domain.KindOptOut, 1, to("r"), refers("x"))}),
		domain.ConversationKeys{Relays: []string{"r"}, Mails: []string{"x"}, Answers: true})
	is.Equal(domain.Earliest(nil, later), later)
	is.Equal(domain.Earliest([]domain.InboundMessage{in(after(-90*day), "a", ""), of(after(-80*day), domain.KindNotice)}, later), later) // they are found by their keys
	is.Equal(domain.Earliest([]domain.InboundMessage{after(2 * day), after(-day), copyOf(1, "x")}, later), noon.Add(-day))
}
