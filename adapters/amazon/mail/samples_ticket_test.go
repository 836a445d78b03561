package mail_test

import (
	"slices"
	"testing"
	"time"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
	"github.com/keybuzzio/marketplaces/domain"
)

// start is when the seller of the corpus connected: the day before its mails begin.
var start = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// office is what a seller's tickets come to, mail by mail, without a store.
type office struct {
	connection domain.ConnectionState
	book       domain.Candidates
	known      map[string]bool            // external ids
	tickets    map[string]domain.TicketID // by conversation of the corpus
	taken      map[domain.TicketID]bool   // those in tickets
}

func newOffice(t *testing.T) *office {
	t.Helper()
	tenant, err := domain.ParseTenantID("acme")
	if err != nil {
		t.Fatal(err)
	}
	c, err := domain.NewConnection(tenant, domain.Amazon, start)
	if err != nil {
		t.Fatal(err)
	}
	return &office{
		connection: c.State(), known: map[string]bool{}, tickets: map[string]domain.TicketID{}, taken: map[domain.TicketID]bool{},
		book: domain.Candidates{Threads: map[string]domain.TicketID{}, Mails: map[string]domain.TicketID{}},
	}
}

// take threads one message and keeps what comes of it. It is false for a message that is known.
func (o *office) take(m domain.InboundMessage, now time.Time) (domain.PageWrite, bool) {
	if o.known[m.ExternalID] {
		return domain.PageWrite{}, false
	}
	o.known[m.ExternalID] = true
	in := domain.Thread(o.connection, []domain.InboundMessage{m}, o.book, now)
	o.book.Tickets = append(o.book.Tickets, in.Opened...)
	for _, e := range in.Messages {
		switch {
		case e.Ticket == domain.TicketID{}:
			e.Source = domain.StoredSource{}
			o.book.Waiting = append(o.book.Waiting, e)
		case e.ThreadID != "":
			o.book.Threads[e.ThreadID] = e.Ticket
		}
	}
	for _, j := range in.Joined {
		o.book.Waiting = slices.DeleteFunc(o.book.Waiting, func(e domain.ExternalMessage) bool { return e.ID == j.Message })
	}
	for _, m := range in.TicketMessages {
		if m.MailID != "" {
			o.book.Mails[m.MailID] = m.Ticket
		}
	}
	return in, true
}

// put makes the ticket of a conversation be in a status, whatever it was in.
func (o *office) put(t *testing.T, conversation string, status domain.TicketStatus) {
	t.Helper()
	for i, ticket := range o.book.Tickets {
		if state := ticket.State(); state.ID == o.tickets[conversation] {
			state.Status = status
			restored, err := domain.RestoreTicket(state)
			if err != nil {
				t.Fatal(err)
			}
			o.book.Tickets[i] = restored
		}
	}
}

// status is that of the ticket of a conversation.
func (o *office) status(conversation string) domain.TicketStatus {
	for _, ticket := range o.book.Tickets {
		if ticket.State().ID == o.tickets[conversation] {
			return ticket.State().Status
		}
	}
	return ""
}

// send puts an answer of the seller's on the ticket of a conversation, which then waits for the customer.
func (o *office) send(t *testing.T, conversation string, s mailtest.Sent) domain.TicketMessageID {
	t.Helper()
	o.put(t, conversation, domain.TicketWaitingCustomer)
	k := domain.TicketMessage{
		ID: domain.NewID[domain.TicketMessageID](), Tenant: o.connection.Tenant, Ticket: o.tickets[conversation], SenderType: domain.SenderAgent,
		Body: s.Text, Source: domain.FromKeyBuzzUI, MailID: s.MailID, Delivery: domain.DeliveryAccepted, SentAt: s.At,
	}
	o.book.Answers = append(o.book.Answers, k)
	slices.SortStableFunc(o.book.Answers, func(a, b domain.TicketMessage) int { return a.SentAt.Compare(b.SentAt) })
	o.book.Mails[s.MailID] = k.Ticket
	return k.ID
}

// arrives reports whether a mail comes to the seller at all.
func arrives(m mailtest.Mail) bool {
	return m.Route == mailtest.RouteLive || m.Route == mailtest.RouteSecond
}

// TestSamplesPages holds that the mails of a shape come to the same tickets when they are read at once, the newest first.
func TestSamplesPages(t *testing.T) {
	t.Parallel()
	for _, shape := range mailtest.Shapes() {
		if shape == "S17" {
			continue
		}
		t.Run(shape, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			var page []domain.InboundMessage
			mails := map[string]mailtest.Mail{} // by external id
			for _, m := range mailtest.Shape(shape, 4) {
				if arrives(m) && len(m.Sent) == 0 {
					got := interpret(m, m.Raw)
					page, mails[got.ExternalID] = append(page, got), m
				}
			}
			slices.Reverse(page)
			screened := domain.Screen(o.connection, page)
			in := domain.Thread(o.connection, screened.Accepted, domain.Candidates{}, start.AddDate(0, 6, 0))
			if len(screened.Rejected) > 0 || len(screened.Accepted)+screened.Duplicates != len(page) {
				t.Errorf("%d messages are rejected", len(screened.Rejected))
			}
			for _, e := range in.Messages {
				o.checkConversation(t, mails[e.ExternalID], e.Ticket)
			}
			if len(in.Opened) != len(o.tickets) {
				t.Errorf("%d tickets are opened, of %d conversations", len(in.Opened), len(o.tickets))
			}
		})
	}
}

// checkConversation holds that the mails of a conversation are on one ticket, and no others on that.
func (o *office) checkConversation(t *testing.T, m mailtest.Mail, ticket domain.TicketID) {
	t.Helper()
	none := domain.TicketID{}
	have, known := o.tickets[m.Conversation]
	switch {
	case m.Conversation == "" && ticket != none:
		t.Errorf("%s: it is on a ticket", m.Shape)
	case m.Conversation == "":
	case ticket == none:
		t.Errorf("%s: it is on no ticket", m.Shape)
	case known && have != ticket:
		t.Errorf("%s: it is not on the ticket of its conversation", m.Shape)
	case !known && o.taken[ticket]:
		t.Errorf("%s: it is on the ticket of another conversation", m.Shape)
	default:
		o.tickets[m.Conversation], o.taken[ticket] = ticket, true
	}
}

// TestSamplesTickets holds what becomes of tickets when the mails of a shape arrive one by one.
func TestSamplesTickets(t *testing.T) {
	t.Parallel()
	for _, shape := range mailtest.Shapes() {
		if shape == "S17" {
			continue // each of them is a message like any other
		}
		t.Run(shape, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			for _, m := range mailtest.Shape(shape, 3) {
				if !arrives(m) {
					continue
				}
				var answers []domain.TicketMessageID
				for _, s := range m.Sent {
					if m.Conversation != "" {
						answers = append(answers, o.send(t, m.Conversation, s))
					}
				}
				o.check(t, m, answers)
			}
		})
	}
}

// check takes a mail and reports what is not as m says.
func (o *office) check(t *testing.T, m mailtest.Mail, answers []domain.TicketMessageID) {
	t.Helper()
	comesBack := m.Want.Kind == domain.KindBuyerMessage && m.Ticket == mailtest.TicketAppend
	if comesBack {
		o.put(t, m.Conversation, domain.TicketClosed)
	}
	in, fresh := o.take(interpret(m, m.Raw), m.Arrived.Add(time.Minute))
	if !fresh {
		if o.tickets[m.Conversation] == (domain.TicketID{}) {
			t.Errorf("%s: it counts as known and is not", m.Shape)
		}
		return
	}
	if len(in.Messages) != 1 {
		t.Errorf("%s: %d messages are stored", m.Shape, len(in.Messages))
		return
	}
	e := in.Messages[0]
	did := mailtest.TicketNone
	switch {
	case len(in.Opened) > 0:
		did = mailtest.TicketNew
	case len(in.TicketMessages) > 0:
		did = mailtest.TicketAppend
	case len(in.Deliveries) > 0 && in.Deliveries[0].Delivery == domain.DeliveryConfirmed:
		did = mailtest.TicketConfirm
	case e.Ticket != domain.TicketID{}:
		did = mailtest.TicketEvent
	}
	if did != m.Ticket {
		t.Errorf("%s: what becomes of tickets is %q, not %q", m.Shape, did, m.Ticket)
	}
	o.checkConversation(t, m, e.Ticket)
	for _, ticket := range in.Opened {
		if closed := ticket.State().Status == domain.TicketClosed; closed != m.History {
			t.Errorf("%s: the ticket that it opens is %s", m.Shape, ticket.State().Status)
		}
	}
	if m.Quarantine != "" && e.Quarantine != m.Quarantine {
		t.Errorf("%s: it is in quarantine for %q, not %q", m.Shape, e.Quarantine, m.Quarantine)
	}
	if comesBack && o.status(m.Conversation) != domain.TicketOpen {
		t.Errorf("%s: its ticket, which was closed, is %s", m.Shape, o.status(m.Conversation))
	}
	o.checkAnswers(t, m, answers, in)
	gated := len(e.SafetyFlags) > 0
	for _, k := range in.TicketMessages {
		gated = gated || len(k.SafetyFlags) > 0
	}
	if m.Gate && !gated {
		t.Errorf("%s: nothing in it is flagged", m.Shape)
	}
}

// checkAnswers holds what a mail says of answers: which of them failed or arrived, and whose turn it is then.
func (o *office) checkAnswers(t *testing.T, m mailtest.Mail, answers []domain.TicketMessageID, in domain.PageWrite) {
	t.Helper()
	fate, turn := map[domain.MessageKind]domain.DeliveryStatus{
		domain.KindDeliveryFailure: domain.DeliveryFailed, domain.KindOptOut: domain.DeliveryOptedOut, domain.KindSellerCopy: domain.DeliveryConfirmed,
	}[m.Want.Kind], domain.TicketWaitingCustomer
	if fate == domain.DeliveryFailed || fate == domain.DeliveryOptedOut {
		turn = domain.TicketOpen
	}
	for _, d := range in.Deliveries {
		if !slices.Contains(answers, d.Message) || d.Delivery != fate {
			t.Errorf("%s: it is taken for the fate %s of an answer", m.Shape, d.Delivery)
		}
	}
	switch m.Want.Kind {
	case domain.KindDeliveryFailure, domain.KindOptOut, domain.KindDeliveryDelay, domain.KindSellerCopy:
		if len(answers) > 0 && (fate != "") != (len(in.Deliveries) == 1) {
			t.Errorf("%s: it tells of %d answers", m.Shape, len(in.Deliveries))
		}
		if m.Conversation != "" && o.status(m.Conversation) != turn {
			t.Errorf("%s: its ticket is %s, not %s", m.Shape, o.status(m.Conversation), turn)
		}
	}
	for _, k := range in.TicketMessages {
		if seller := m.Want.Kind == domain.KindSellerCopy; seller != (k.SenderType == domain.SenderAgent) || k.Source != domain.FromMarketplace {
			t.Errorf("%s: it is said by %s, by way of %s", m.Shape, k.SenderType, k.Source)
		}
	}
}
