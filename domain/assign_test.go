package domain_test

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

// quarantined is a message as its quarantine shows it.
func quarantined(t testing.TB, m domain.InboundMessage, rejected bool) domain.Quarantined {
	c := connection(t)
	return domain.Quarantined{
		ID: domain.NewID[domain.QuarantineID](), Tenant: c.Tenant, Connection: c.ID, Type: c.Type, Rejected: rejected,
		Reason: string(domain.QuarantineUnknown), Kind: m.Kind, ExternalID: m.ExternalID, StoredAt: later,
	}
}

func TestWhatIsAssignedIsFitToBeStored(t *testing.T) {
	t.Parallel()
	bad := "\x00\xff" + strings.Repeat("é", domain.MaxField)
	for name, change := range map[string]func(*domain.InboundMessage){
		"nothing at all": func(m *domain.InboundMessage) { *m = domain.InboundMessage{Unreadable: "broken"} },
		"fields":         func(m *domain.InboundMessage) { m.ThreadID, m.OrderID, m.BuyerName, m.Subject = bad, bad, bad, bad },
		"a long body":    func(m *domain.InboundMessage) { m.Body = strings.Repeat("é", domain.MaxBody) },
		"white space":    func(m *domain.InboundMessage) { m.Body, m.FullText = " \n", "\t\x00" },
		"another kind":   func(m *domain.InboundMessage) { m.Kind = "\xff" },
		"no time":        func(m *domain.InboundMessage) { m.ReceivedAt = time.Time{} },
		"another age":    func(m *domain.InboundMessage) { m.ReceivedAt = time.Date(20_000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"facts":          func(m *domain.InboundMessage) { m.Facts = map[string]string{"a": "\x00", "b": "ok"} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			m := message(1)
			change(&m)
			ticket := newTicket(t, domain.TicketState{Status: domain.TicketClosed, Connection: connection(t).ID, ExternalID: "k"})
			in := domain.Assign(quarantined(t, m, true), m, ticket, nil, "ana", later)
			is.Equal(len(in.Messages), 1)
			is.Equal(len(in.TicketMessages), 1)
			ext, said := in.Messages[0], in.TicketMessages[0]
			is.Equal(ext.Kind, domain.KindBuyerMessage)
			is.Equal(ext.Ticket, ticket.State().ID)
			is.Equal(said.ExternalMessage, ext.ID)
			is.True(strings.HasPrefix(ext.ExternalID, "rejected:"))
			is.True(strings.TrimSpace(said.Body) != "")
			is.True(len(said.Body) <= domain.MaxBody)
			for _, s := range []string{ext.ThreadID, ext.OrderID, ext.BuyerName, said.Body, said.SenderName, ticket.State().Subject, ticket.State().OrderID} {
				is.True(utf8.ValidString(s) && !strings.Contains(s, "\x00"))
			}
			is.True(len(ext.ThreadID) <= domain.MaxField)
			is.True(ext.ReceivedAt.Year() == 2026)
			is.Equal(ticket.State().Status, domain.TicketOpen)
			is.Equal(domain.Screen(connection(t), []domain.InboundMessage{{
				ExternalID: ext.ExternalID, ThreadID: ext.ThreadID, OrderID: ext.OrderID, BuyerName: ext.BuyerName, Body: said.Body, ReceivedAt: ext.ReceivedAt,
			}}).Rejected, nil)
		})
	}
}

func TestWhatIsAssignedDoesWhatItDoesByItself(t *testing.T) {
	t.Parallel()
	answered := domain.TicketMessage{
		ID: domain.NewID[domain.TicketMessageID](), SenderType: domain.SenderAgent, Body: "It is  on its way.", Delivery: domain.DeliveryAccepted, SentAt: noon,
	}
	for name, c := range map[string]struct {
		kind     domain.MessageKind
		body     string
		messages int // on the ticket
		status   domain.TicketStatus
		events   []domain.EventType
		joined   bool
		settled  bool // the answer
	}{
		"of no known kind": {
			domain.KindUnknown, "Hello", 1, domain.TicketOpen,
			[]domain.EventType{domain.EventStatusChanged, domain.EventMessageReceived, domain.EventMessageAssigned}, false, false,
		},
		"suspect": {
			domain.KindSuspect, "Hello", 1, domain.TicketOpen,
			[]domain.EventType{domain.EventStatusChanged, domain.EventMessageReceived, domain.EventMessageAssigned}, false, false,
		},
		"a claim": {
			domain.KindClaimOpened, "", 0, domain.TicketOpen,
			[]domain.EventType{domain.EventClaimOpened, domain.EventStatusChanged, domain.EventMessageAssigned}, true, false,
		},
		"a copy of an answer of ours": {
			domain.KindSellerCopy, "It is on its way.", 0, domain.TicketWaitingCustomer,
			[]domain.EventType{domain.EventAnswerConfirmed, domain.EventMessageAssigned}, true, true,
		},
		"a copy of an answer given elsewhere": {
			domain.KindSellerCopy, "Other words.", 1, domain.TicketWaitingCustomer,
			[]domain.EventType{domain.EventAnswerSent, domain.EventMessageAssigned}, true, false,
		},
		"an answer that did not arrive": {
			domain.KindDeliveryFailure, "", 0, domain.TicketOpen,
			[]domain.EventType{domain.EventDeliveryFailed, domain.EventStatusChanged, domain.EventMessageAssigned}, true, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			m := message(30)
			m.Kind, m.Body = c.kind, c.body
			ticket := newTicket(t, domain.TicketState{Status: domain.TicketWaitingCustomer, Connection: connection(t).ID, ExternalID: "k"})
			a := answered
			a.Ticket = ticket.State().ID
			q := quarantined(t, m, false)
			in := domain.Assign(q, m, ticket, []domain.TicketMessage{a}, "ana", later)
			is.Equal(len(in.Messages), 0) // it is stored already
			is.Equal(len(in.TicketMessages), c.messages)
			is.Equal(ticket.State().Status, c.status)
			var types []domain.EventType
			for _, e := range in.Events {
				types = append(types, e.Type)
				is.True(e.Origin == domain.MessageID{} || e.Origin == domain.MessageID(q.ID))
			}
			slices.Sort(types)
			slices.Sort(c.events)
			is.Equal(types, c.events)
			is.Equal(in.Changed, []*domain.Ticket{ticket})
			is.Equal(in.Joined != nil, c.joined)
			is.Equal(len(in.Deliveries) > 0, c.settled)
		})
	}
}
