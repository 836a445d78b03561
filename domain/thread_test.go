package domain_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

// noon is when buyers begin to write, later when their messages are read.
var (
	noon  = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	later = noon.Add(24 * time.Hour)
)

func connection(t testing.TB) domain.ConnectionState {
	t.Helper()
	tenant, err := domain.ParseTenantID("t1")
	if err != nil {
		t.Fatal(err)
	}
	c, err := domain.NewConnection(tenant, domain.Amazon, noon)
	if err != nil {
		t.Fatal(err)
	}
	return c.State()
}

// message is a sound message that was sent n minutes after noon.
func message(n int) domain.InboundMessage {
	return domain.InboundMessage{
		ExternalID: fmt.Sprintf("m-%d", n), BuyerName: "Ana", BuyerEmail: "ana@marketplace.example", Language: "en",
		Subject: "A question", Body: fmt.Sprintf("Question %d", n), ReceivedAt: noon.Add(time.Duration(n) * time.Minute),
		Source: domain.Source{MediaType: "text/plain", Bytes: fmt.Appendf(nil, "raw %d", n)},
	}
}

// by is a message of another buyer.
func by(name string, m domain.InboundMessage) domain.InboundMessage {
	m.BuyerName, m.BuyerEmail = name, name+"@marketplace.example"
	return m
}

func in(m domain.InboundMessage, thread, order string) domain.InboundMessage {
	m.ThreadID, m.OrderID = thread, order
	return m
}

func newTicket(t testing.TB, s domain.TicketState) *domain.Ticket {
	t.Helper()
	s.Tenant, s.Priority, s.CreatedAt = connection(t).Tenant, domain.PriorityNormal, noon
	if s.ID == (domain.TicketID{}) {
		s.ID = domain.NewID[domain.TicketID]()
	}
	if s.Channel == "" {
		s.Channel, s.Connection = domain.Amazon.Channel(), domain.NewID[domain.ConnectionID]()
	}
	ticket, err := domain.RestoreTicket(s)
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

func TestThreadFindsTheTicket(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		page    []domain.InboundMessage
		tickets int // opened
		keys    []string
	}{
		"one thread is one ticket":                {[]domain.InboundMessage{in(message(1), "th", "o"), in(message(2), "th", "")}, 1, []string{"th"}},
		"another thread of an order joins it":     {[]domain.InboundMessage{in(message(1), "a", "o"), in(message(2), "b", "o")}, 1, []string{"a"}},
		"and that thread is remembered":           {[]domain.InboundMessage{in(message(1), "a", "o"), in(message(2), "b", "o"), in(message(3), "b", "")}, 1, []string{"a"}},
		"the thread wins over the order":          {[]domain.InboundMessage{in(message(1), "a", "o1"), in(message(2), "b", "o2"), in(message(3), "a", "o2")}, 2, []string{"a", "b"}},
		"without a thread the order is the key":   {[]domain.InboundMessage{in(message(1), "", "o"), in(message(2), "", "o")}, 1, []string{"o"}},
		"a thread later joins the order's ticket": {[]domain.InboundMessage{in(message(1), "", "o"), in(message(2), "a", "o"), in(message(3), "a", "")}, 1, []string{"o"}},
		"an order learnt later is found":          {[]domain.InboundMessage{in(message(1), "a", ""), in(message(2), "a", "o"), in(message(3), "b", "o")}, 1, []string{"a"}},
		"with neither each buyer opens one":       {[]domain.InboundMessage{message(1), by("bo", message(2)), message(3)}, 2, []string{"m-1", "m-2"}},
		"newest first gives the same":             {[]domain.InboundMessage{in(message(3), "b", ""), in(message(2), "b", "o"), in(message(1), "a", "o")}, 1, []string{"a"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			got := domain.Thread(connection(t), test.page, domain.Candidates{}, later)
			is.Equal(len(got.Opened), test.tickets)           // tickets
			is.Equal(len(got.Changed), 0)                     // what was opened here is not changed as well
			is.Equal(len(got.TicketMessages), len(test.page)) // each message is on a ticket
			is.Equal(len(got.Events), len(test.page))         // each was received
			is.Equal(len(got.Messages), len(test.page))       // and kept
			for i, ticket := range got.Opened {
				is.Equal(ticket.State().ExternalID, test.keys[i]) // key
			}
			for i, m := range got.Messages {
				is.Equal(m.Ticket, got.TicketMessages[i].Ticket) // one story
			}
		})
	}
}

func TestThreadJoinsWhatIsThere(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	byThread := newTicket(t, domain.TicketState{ExternalID: "th", Status: domain.TicketOpen})
	older := newTicket(t, domain.TicketState{ExternalID: "x", OrderID: "o", Status: domain.TicketOpen, LastMessageAt: noon.Add(-2 * time.Hour)})
	newer := newTicket(t, domain.TicketState{ExternalID: "y", OrderID: "o", Status: domain.TicketOpen, LastMessageAt: noon.Add(-time.Hour)})
	book := domain.Candidates{
		Tickets: []*domain.Ticket{newer, byThread, older},
		Threads: map[string]domain.TicketID{"other": older.State().ID, "th": newer.State().ID},
	}
	got := domain.Thread(connection(t), []domain.InboundMessage{
		in(message(1), "th", ""), in(message(2), "unknown", "o"), in(message(3), "other", ""), in(message(4), "fresh", ""),
	}, book, later)
	is.Equal(got.TicketMessages[0].Ticket, byThread.State().ID) // its own key wins over an earlier message's ticket
	is.Equal(got.TicketMessages[1].Ticket, newer.State().ID)    // of two tickets of an order the more recent
	is.Equal(got.TicketMessages[2].Ticket, older.State().ID)    // a thread whose messages are on another ticket
	is.Equal(len(got.Opened), 1)                                // the fourth
	is.Equal(len(got.Changed), 3)                               // each changed ticket once
}

func TestBuyersWordBringsTheTicketBack(t *testing.T) {
	t.Parallel()
	tests := map[domain.TicketStatus]domain.TicketStatus{
		domain.TicketOpen:            domain.TicketOpen,
		domain.TicketPending:         domain.TicketPending,
		domain.TicketEscalated:       domain.TicketEscalated,
		domain.TicketResolved:        domain.TicketOpen,
		domain.TicketClosed:          domain.TicketOpen,
		domain.TicketWaitingCustomer: domain.TicketOpen,
	}
	for before, after := range tests {
		t.Run(string(before), func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			ticket := newTicket(t, domain.TicketState{ExternalID: "th", Status: before})
			got := domain.Thread(connection(t), []domain.InboundMessage{in(message(1), "th", ""), in(message(2), "th", "")},
				domain.Candidates{Tickets: []*domain.Ticket{ticket}}, later)
			is.Equal(ticket.State().Status, after)
			changes := slices.DeleteFunc(got.Events, func(e domain.TicketEvent) bool { return e.Type != domain.EventStatusChanged })
			if before == after {
				is.Equal(len(changes), 0) // nothing to tell
				return
			}
			is.Equal(len(changes), 1) // once, not for the second message
			is.Equal(changes[0].Payload["from"], string(before))
			is.Equal(changes[0].Payload["to"], string(after))
		})
	}
}

func TestThreadKeepsOtherKindsOffTickets(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	notice := in(message(1), "th", "o")
	notice.Kind = domain.KindNotice
	got := domain.Thread(connection(t), []domain.InboundMessage{notice, in(message(2), "th", "o")}, domain.Candidates{}, later)
	is.Equal(len(got.Messages), 2)                                                    // both are kept
	is.Equal(len(got.TicketMessages), 1)                                              // one is a buyer's
	is.Equal(got.Messages[0].Ticket, domain.TicketID{})                               // the notice belongs to no ticket
	is.Equal(got.Opened[0].State().LastMessageAt, noon.Add(2*time.Minute))            // nor does it count as activity
	is.Equal(domain.Keys([]domain.InboundMessage{notice}), domain.ConversationKeys{}) // nothing is looked up for it
}

func TestTicketTellsOfItsMessages(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	first, angry, calm := in(message(1), "th", ""), in(message(2), "th", "o"), in(message(3), "th", "")
	first.BuyerName, first.Subject = "", ""
	angry.Body = "If you do not answer I will contact my lawyer"
	got := domain.Thread(connection(t), []domain.InboundMessage{calm, angry, first}, domain.Candidates{}, later)
	s := got.Opened[0].State()
	is.Equal(s.OrderID, "o")                                                // learnt from the second message
	is.Equal(s.CustomerName, "Ana")                                         // likewise
	is.Equal(s.Subject, "A question")                                       // likewise
	is.Equal(s.LastMessageAt, noon.Add(3*time.Minute))                      // the newest message
	is.Equal(s.AutoSendBlockedReason, "sensitive_keyword_detected: lawyer") // the calm message after it takes nothing back
	is.Equal(len(s.SafetyFlags), len(got.TicketMessages[1].SafetyFlags))
	is.Equal(got.TicketMessages[0].SentAt, noon.Add(time.Minute)) // the buyer's time
	is.Equal(len(got.TicketMessages[0].SafetyFlags), 0)
}

func TestActivityIsNeverInTheFuture(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	ahead := in(message(1), "th", "")
	ahead.ReceivedAt = later.AddDate(73, 0, 0)
	got := domain.Thread(connection(t), []domain.InboundMessage{ahead}, domain.Candidates{}, later)
	is.Equal(got.Opened[0].State().LastMessageAt, later)     // the list is not led for decades
	is.Equal(got.TicketMessages[0].SentAt, ahead.ReceivedAt) // the buyer's time stays what it was said to be
}

// Within a page, too, the most recently active of an order's tickets is taken.
func TestOrderOfTwoTickets(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	a := newTicket(t, domain.TicketState{ExternalID: "a", OrderID: "o", Status: domain.TicketOpen, LastMessageAt: noon.Add(-2 * time.Hour)})
	b := newTicket(t, domain.TicketState{ExternalID: "b", OrderID: "o", Status: domain.TicketOpen, LastMessageAt: noon.Add(2 * time.Hour)})
	got := domain.Thread(connection(t), []domain.InboundMessage{in(message(1), "a", ""), in(message(2), "", "o")},
		domain.Candidates{Tickets: []*domain.Ticket{a, b}}, later)
	is.Equal(got.TicketMessages[0].Ticket, a.State().ID)
	is.Equal(got.TicketMessages[1].Ticket, b.State().ID)
}

// Whatever the order of a page, and however it is cut into pages, the conversations are the same.
func TestThreadDoesNotDependOnTheOrderOfThePage(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		var page []domain.InboundMessage
		for n := range 40 {
			m := message(n)
			if random.IntN(4) > 0 {
				m.ThreadID = fmt.Sprintf("th-%d", random.IntN(6))
			}
			if random.IntN(2) > 0 {
				m.OrderID = fmt.Sprintf("o-%d", random.IntN(4))
			}
			page = append(page, m)
		}
		want := conversations(domain.Thread(connection(t), page, domain.Candidates{}, later))
		random.Shuffle(len(page), func(i, j int) { page[i], page[j] = page[j], page[i] })
		got := conversations(domain.Thread(connection(t), page, domain.Candidates{}, later))
		is.New(t).Equal(got, want)
	}
}

// conversations groups external ids by the key of their ticket.
func conversations(in domain.PageWrite) map[string][]string {
	keys := map[domain.TicketID]string{}
	for _, ticket := range in.Opened {
		keys[ticket.State().ID] = ticket.State().ExternalID
	}
	out := map[string][]string{}
	for _, m := range in.Messages {
		out[keys[m.Ticket]] = append(out[keys[m.Ticket]], m.ExternalID)
	}
	return out
}
