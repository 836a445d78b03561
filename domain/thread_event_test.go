package domain_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/domain/safety"
)

// orderEvents are what the events of an order do.
var orderEvents = map[domain.MessageKind]struct {
	event      domain.EventType
	priority   domain.Priority
	reopens    bool
	blocked    string
	quarantine domain.QuarantineReason // without a ticket
}{
	domain.KindCancelRequest: {domain.EventCancelRequested, domain.PriorityUrgent, true, "", domain.QuarantineNoTicket},
	domain.KindReturnEvent:   {domain.EventReturnRequested, domain.PriorityHigh, true, "", ""},
	domain.KindRefundEvent:   {domain.EventRefundIssued, domain.PriorityNormal, false, "", ""},
	domain.KindClaimOpened:   {domain.EventClaimOpened, domain.PriorityUrgent, true, "sensitive_keyword_detected: a-to-z claim", domain.QuarantineNoTicket},
	domain.KindClaimClosed:   {domain.EventClaimClosed, domain.PriorityNormal, false, "", ""},
	domain.KindChargeback:    {domain.EventChargebackOpened, domain.PriorityUrgent, true, "sensitive_keyword_detected: chargeback notice", domain.QuarantineNoTicket},
}

func TestOrderEventsJoinTheirTicket(t *testing.T) {
	t.Parallel()
	for kind, want := range orderEvents {
		for name, m := range map[string]domain.InboundMessage{
			"by order":                  in(message(2), "", "o"),
			"by thread":                 in(message(2), "a", ""),
			"by thread before by order": in(message(2), "a", "another"),
			"by order when its thread is new": func() domain.InboundMessage {
				return in(message(2), "new", "o")
			}(),
		} {
			t.Run(string(kind)+" "+name, func(t *testing.T) {
				t.Parallel()
				is, s := is.New(t), newShelf(t)
				s.take(in(message(1), "a", "o"), in(by("bo", message(0)), "b", "another"))
				m := of(m, kind)
				m.Subject, m.Body, m.Facts = "A-to-Z Guarantee claim", "", map[string]string{domain.FactAmountCents: "3990", domain.FactCurrency: "EUR"}
				got := s.take(m)
				is.Equal(len(got.Opened)+len(got.TicketMessages), 0) // none is a message of the conversation
				is.Equal(len(got.Changed), 1)
				k := got.Changed[0].State()
				is.Equal(k.ExternalID, "a")
				is.Equal(k.Priority, want.priority)
				is.Equal(k.AutoSendBlockedReason, want.blocked)    // the marketplace's subject blocks nothing
				is.Equal(k.LastMessageAt, message(1).ReceivedAt)   // no message
				is.Equal(k.CustomerName, "Ana")                    // the buyer's word alone says who he is
				is.Equal(got.Messages[0].Ticket, k.ID)             // it has found its ticket
				is.Equal(got.Messages[0].Subject, m.Subject)       // which does not show it
				is.Equal(len(got.Events), 1)                       // it is told once
				is.Equal(got.Events[0].Type, want.event)           // as what it is
				is.Equal(got.Events[0].Origin, got.Messages[0].ID) // and what by
				is.Equal(got.Events[0].Message, domain.TicketMessageID{})
				is.Equal(got.Events[0].Payload, m.Facts) // with its facts
				for _, f := range got.Messages[0].SafetyFlags {
					is.Equal([]int{f.Start, f.End}, []int{0, 0}) // it stands in no text
				}
			})
		}
	}
}

func TestOrderEventsBringATicketBack(t *testing.T) {
	t.Parallel()
	for kind, want := range orderEvents {
		for _, status := range []domain.TicketStatus{
			domain.TicketOpen, domain.TicketPending, domain.TicketEscalated, domain.TicketResolved, domain.TicketClosed, domain.TicketWaitingCustomer,
		} {
			t.Run(string(kind)+" "+string(status), func(t *testing.T) {
				t.Parallel()
				is := is.New(t)
				ticket := newTicket(t, domain.TicketState{ExternalID: "a", OrderID: "o", Status: status})
				ended := status == domain.TicketResolved || status == domain.TicketClosed || status == domain.TicketWaitingCustomer
				s := newShelf(t, ticket)
				s.take(of(in(message(1), "", "o"), kind), of(in(message(2), "", "o"), kind))
				if !want.reopens || !ended {
					is.Equal(ticket.State().Status, status)
					is.Equal(s.happened(ticket), []domain.EventType{want.event, want.event})
					return
				}
				is.Equal(ticket.State().Status, domain.TicketOpen)
				is.Equal(s.happened(ticket), []domain.EventType{want.event, domain.EventStatusChanged, want.event}) // back once
				is.Equal(s.events[1].Payload, map[string]string{"from": string(status), "to": "OPEN", "cause": string(want.event)})
			})
		}
	}
}

func TestOrderEventsWaitForTheirTicket(t *testing.T) {
	t.Parallel()
	for kind, want := range orderEvents {
		for name, split := range map[string]bool{"in one page": false, "in two pages": true} {
			t.Run(string(kind)+" "+name, func(t *testing.T) {
				t.Parallel()
				is, s := is.New(t), newShelf(t)
				event, others := of(in(message(1), "", "o"), kind), of(in(message(2), "", "other"), kind)
				event.Body = "I was hurt and will call my lawyer"
				buyers := in(message(3), "a", "o")
				if split {
					got := s.take(event, others)
					is.Equal(len(got.Opened)+len(got.Events), 0) // an event opens none
					is.Equal(got.Messages[0].Quarantine, want.quarantine)
					is.Equal(got.Messages[0].Subject, event.Subject)
					got = s.take(buyers)
					is.Equal(got.Joined, []domain.Joined{{Message: got.Events[1].Origin, Ticket: got.Opened[0].State().ID}})
					is.Equal(len(got.Changed), 0) // it was opened here
				} else {
					is.Equal(len(s.take(event, others, buyers).Joined), 0) // none was stored before
				}
				is.Equal(len(s.tickets), 1)
				for _, ticket := range s.tickets {
					is.Equal(s.happened(ticket), []domain.EventType{domain.EventMessageReceived, want.event})
					is.Equal(ticket.State().Priority, domain.PriorityUrgent) // an injury
					is.True(slices.ContainsFunc(ticket.State().SafetyFlags, func(f safety.Flag) bool { return f.Category == safety.Legal }))
				}
				for _, m := range s.messages {
					switch m.ExternalID {
					case others.ExternalID:
						is.Equal(m.Ticket, domain.TicketID{})
						is.Equal(m.Quarantine, want.quarantine) // it waits on
					default:
						is.True(m.Ticket != domain.TicketID{})
						is.Equal(m.Quarantine, domain.QuarantineReason(""))
					}
				}
			})
		}
	}
}

// A message that joins a ticket may say which order it is of, and so bring what waits for that order.
func TestOrderLearntLaterBringsWhatWaits(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newShelf(t)
	s.take(in(message(1), "a", ""))
	s.take(of(in(message(2), "", "o"), domain.KindReturnEvent))
	is.Equal(len(s.take(in(message(3), "a", "o")).Joined), 1)
}

// What joins by its order teaches its thread, and that brings what waits for the thread.
func TestWhatJoinsBringsOthers(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newShelf(t)
	got := s.take(of(in(message(1), "t", ""), domain.KindReturnEvent), of(in(message(2), "t", "o"), domain.KindRefundEvent), in(message(3), "a", "o"))
	is.Equal(len(got.Opened), 1)
	for _, m := range got.Messages {
		is.Equal(m.Ticket, got.Opened[0].State().ID)
	}
	is.Equal(got.Opened[0].State().OrderID, "o")
}

// The comment of a return is the buyer's word: the gate sees it, and the message keeps what it saw.
func TestCommentOfAReturnIsFlagged(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newShelf(t)
	s.take(in(message(1), "a", "o"))
	m := of(in(message(2), "", "o"), domain.KindReturnEvent)
	m.Body = "Broken. My lawyer will hear of it"
	got := s.take(m)
	flags := safety.FlagText(m.Body)
	is.True(len(flags) > 0)
	is.Equal(got.Messages[0].SafetyFlags, flags)
	is.Equal(got.Changed[0].State().SafetyFlags, flags)
	is.Equal(got.Changed[0].State().AutoSendBlockedReason, domain.BlockedReason(flags))
	for _, e := range got.Events {
		for _, v := range e.Payload {
			is.True(v != m.Body) // never the buyer's text
		}
	}
}

// Two refunds of an order are two.
func TestRefundsOfAnOrderAreToldEach(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newShelf(t)
	s.take(in(message(1), "a", "o"))
	var amounts []string
	for n, amount := range []string{"3990", "500"} {
		m := of(in(message(n+2), "", "o"), domain.KindRefundEvent)
		m.Facts = map[string]string{domain.FactAmountCents: amount, domain.FactCurrency: "EUR"}
		for _, e := range s.take(m).Events {
			amounts = append(amounts, e.Payload[domain.FactAmountCents])
		}
	}
	is.Equal(amounts, []string{"3990", "500"})
}

func TestEventsShareNoMemoryWithTheirMessages(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newShelf(t)
	s.take(in(message(1), "a", "o"))
	m := of(in(message(2), "", "o"), domain.KindRefundEvent)
	m.Facts = map[string]string{domain.FactASIN: "B0TEST1234"}
	want := maps.Clone(m.Facts)
	got := s.take(m)
	got.Events[0].Payload["more"] = "x"
	is.Equal(got.Messages[0].Facts, want)
	m.Facts, m.ExternalID = nil, "none"
	is.True(s.take(m).Events[0].Payload != nil) // a store may count on it
}

// What is long past when a seller comes is history: it waits for nobody, and nobody need act on it.
func TestHistoryEntersClosed(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newShelf(t)
	old := func(n int, m domain.InboundMessage) domain.InboundMessage {
		m.ReceivedAt = s.connection.CreatedAt.Add(-25*time.Hour + time.Duration(n)*time.Minute)
		return m
	}
	s.take(old(1, in(message(1), "a", "o")), old(2, in(message(2), "a", "o")), old(3, of(in(message(3), "", "o"), domain.KindClaimOpened)))
	ticket := slices.Collect(maps.Values(s.tickets))[0]
	is.Equal(ticket.State().Status, domain.TicketClosed)
	is.Equal(s.happened(ticket), []domain.EventType{domain.EventMessageReceived, domain.EventMessageReceived, domain.EventClaimOpened}) // never reopened
	is.Equal(ticket.State().LastMessageAt, old(2, message(2)).ReceivedAt)

	lone := s.take(old(4, of(in(message(4), "", "lone"), domain.KindClaimOpened)), old(5, of(message(5), domain.KindDeliveryFailure)))
	for _, m := range lone.Messages {
		is.Equal(m.Quarantine, domain.QuarantineReason("")) // nobody can act on it
	}
	is.Equal(s.take(old(6, of(message(6), domain.KindUnknown))).Messages[0].Quarantine, domain.QuarantineUnknown) // that is never lost

	fresh := s.take(in(message(7), "a", ""))
	is.Equal(ticket.State().Status, domain.TicketOpen) // the buyer's word today brings it back
	is.Equal(fresh.Events[0].Payload["from"], "CLOSED")
	s.take(old(8, in(message(8), "a", "")))
	is.Equal(ticket.State().Status, domain.TicketOpen) // and an old one changes nothing
}

func TestHistoryBeginsADayBeforeTheConnection(t *testing.T) {
	t.Parallel()
	created := connection(t).CreatedAt
	for name, test := range map[string]struct {
		created, at time.Time
		status      domain.TicketStatus
	}{
		"a day before":            {created, created.Add(-day), domain.TicketOpen},
		"a moment more":           {created, created.Add(-day - time.Nanosecond), domain.TicketClosed},
		"after it":                {created, created.Add(time.Hour), domain.TicketOpen},
		"nobody knows since when": {time.Time{}, created.Add(-100 * day), domain.TicketOpen},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, s := is.New(t), newShelf(t)
			s.connection.CreatedAt = test.created
			m := message(1)
			m.ReceivedAt = test.at
			is.Equal(s.take(m).Opened[0].State().Status, test.status)
		})
	}
}

// A seller who comes with 500 old mails finds them filed, whichever end of the mailbox is read first.
func TestImportOfOldMails(t *testing.T) {
	t.Parallel()
	for name, newestFirst := range map[string]bool{"oldest first": false, "newest first": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, s := is.New(t), newShelf(t)
			var all []domain.InboundMessage
			for n := range 500 {
				m := by(string(rune('a'+n%26)), in(message(n), "", ""))
				m.ReceivedAt = noon.Add(-time.Duration(2+n) * day)
				if n%3 > 0 {
					m.OrderID = m.BuyerName
				}
				all = append(all, m)
			}
			if !newestFirst {
				slices.Reverse(all)
			}
			for page := range slices.Chunk(all, 100) {
				s.take(page...)
			}
			is.Equal(len(s.sent), 500)
			for _, ticket := range s.tickets {
				is.Equal(ticket.State().Status, domain.TicketClosed)
			}
			for _, e := range s.events {
				is.Equal(e.Type, domain.EventMessageReceived)
			}
		})
	}
}
