package porttest

import (
	"bytes"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/domain/safety"
)

// everyByte is what no text column can hold: NUL, invalid UTF-8 and all else.
func everyByte() []byte {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

// flags have every field set, to values that the safety lists need not know.
var flags = []safety.Flag{
	{Category: safety.Claim, Term: "a-to-z", Language: "es", Start: 7, End: 13, ListVersion: "2026-10-05", Action: safety.Block},
	{Category: awkward, Term: awkward, Language: awkward, Start: 1 << 30, End: 1<<30 + 1, ListVersion: awkward, Action: awkward},
}

// storeRules are about what PageWrite.Store keeps.
var storeRules = rules[RepositoryFixture]{
	"an empty intake is fine": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		f.store(t, c, domain.PageWrite{})
		is.Equal(f.holding(t, c.Tenant).count(), [3]int{})
	},
	"every field of a message comes back": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		ticket := newTicket(t, c, "k")
		made := func(id string, change func(*domain.ExternalMessage)) domain.ExternalMessage {
			m := domain.ExternalMessage{
				ID: domain.NewID[domain.MessageID](), Tenant: c.Tenant, Connection: c.ID, Type: c.Type,
				Kind: domain.KindBuyerMessage, ExternalID: id, ReceivedAt: start, Source: domain.Source{}.Plain(),
			}
			change(&m)
			return m
		}
		want := []domain.ExternalMessage{
			made("1", func(*domain.ExternalMessage) {}),
			made("2", func(m *domain.ExternalMessage) {
				m.Kind, m.ThreadID, m.OrderID, m.BuyerName, m.BuyerEmail = domain.KindNotice, "thread", "order", "Zoë", "zoe@example.com"
				m.Evidence, m.Parser, m.MailID, m.Subject = "header:X", 7, "id@mail.example.com", "Où ?"
				m.Facts = map[string]string{domain.FactAmountCents: "1999", domain.FactCurrency: "EUR"}
				m.Flags, m.SafetyFlags = []domain.ParseFlag{domain.FlagAbsence, domain.FlagNoOrder}, flags
				m.Quarantine = domain.QuarantineNoTicket
				m.Language, m.Ticket = "fr", ticket.State().ID
				m.Source = domain.Source{MediaType: "message/rfc822", Bytes: everyByte()}.Plain()
			}),
			made("3", func(m *domain.ExternalMessage) {
				m.Kind, m.ThreadID, m.OrderID, m.BuyerName, m.BuyerEmail, m.Language = awkward, awkward, awkward, awkward, awkward, awkward
				m.Evidence, m.Parser, m.MailID, m.Subject, m.Quarantine = awkward, 1<<31-1, awkward, awkward, awkward
				m.Facts, m.Flags = map[string]string{awkward: awkward, "": ""}, []domain.ParseFlag{awkward, "", "a,b", "{}", "NULL", `"`}
				m.Source = domain.Source{MediaType: awkward, Bytes: []byte(awkward)}.Plain()
				m.ReceivedAt = time.Date(9999, time.December, 31, 23, 59, 59, 999999000, time.UTC)
			}),
			made("4", func(m *domain.ExternalMessage) {
				m.Source = domain.Source{MediaType: "application/json", Bytes: bytes.Repeat([]byte("ab\x00\xff"), 1<<18)}.Plain()
				m.ReceivedAt = time.Date(1, time.January, 1, 0, 0, 0, 1000, time.UTC)
			}),
		}
		f.store(t, c, domain.PageWrite{Opened: []*domain.Ticket{ticket}, Messages: want})
		got := f.messages(t, c)
		is.Equal(len(got), len(want))
		for i := range want {
			is.Equal(got[i], want[i])
		}
	},
	"every field of a ticket comes back": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		want := []*domain.Ticket{
			newTicket(t, c, "full", func(s *domain.TicketState) {
				s.OrderID, s.Subject, s.Status, s.Priority = "order", "Où ?", domain.TicketEscalated, domain.PriorityUrgent
				s.CustomerName, s.CustomerEmail = "Zoë", "zoe@example.com"
				s.SafetyFlags, s.AutoSendBlockedReason = flags, domain.BlockedReason(flags)
				s.LastMessageAt, s.CreatedAt, s.UpdatedAt = minute(9), minute(7), minute(8)
			}),
			newTicket(t, c, awkward, func(s *domain.TicketState) {
				s.OrderID, s.Subject, s.CustomerName, s.CustomerEmail = awkward, awkward, awkward, awkward
				s.AutoSendBlockedReason, s.LastMessageAt = awkward, minute(5)
			}),
			newTicket(t, c, "bare", func(s *domain.TicketState) { s.LastMessageAt = minute(4) }),
			newTicket(t, c, "", func(s *domain.TicketState) {
				s.Connection, s.Channel, s.LastMessageAt = domain.ConnectionID{}, domain.ChannelManual, minute(3)
			}),
		}
		f.store(t, c, domain.PageWrite{Opened: want})
		got := f.holding(t, c.Tenant).Tickets
		is.Equal(len(got), len(want))
		for i := range want {
			is.Equal(got[i], want[i].State())
		}
	},
	"every field of a ticket message and an event comes back": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		in := domain.Thread(c, []domain.InboundMessage{inbound("m1", "thread", "order", start)}, domain.Candidates{}, minute(1))
		k := in.Opened[0].State().ID
		note := domain.TicketMessage{
			ID: domain.NewID[domain.TicketMessageID](), Tenant: c.Tenant, Ticket: k, SenderType: domain.SenderAgent,
			SenderName: awkward, Body: awkward, Quoted: awkward, Source: domain.FromKeyBuzzUI, Internal: true, MailID: awkward,
			Delivery: domain.DeliveryAccepted, SafetyFlags: flags[:1], SentAt: minute(2),
		}
		in.TicketMessages = append(in.TicketMessages, note)
		in.Events = append(in.Events, domain.TicketEvent{
			ID: domain.NewID[domain.EventID](), Tenant: c.Tenant, Ticket: k, Type: domain.EventStatusChanged,
			Actor: domain.ActorAgent, ActorID: awkward, Payload: map[string]string{"from": awkward, awkward: "to", "": ""}, At: minute(2),
		}, domain.TicketEvent{
			ID: domain.NewID[domain.EventID](), Tenant: c.Tenant, Ticket: k, Message: note.ID, Type: awkward, Actor: domain.ActorSystem,
			Origin: in.Messages[0].ID, At: minute(3),
		})
		f.store(t, c, in)
		got := f.holding(t, c.Tenant)
		is.Equal(len(got.Messages), 2)
		is.Equal(got.Messages[0], plainTicketMessage(in.TicketMessages[0]))
		is.Equal(got.Messages[1], note)
		is.Equal(len(got.Events), 3)
		for i := range in.Events {
			is.Equal(got.Events[i], in.Events[i])
		}
	},
	"a rejected message is kept byte for byte": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		want := []domain.RejectedMessage{
			rejected(c, "1", domain.RejectNUL, everyByte()),
			rejected(c, "2", domain.RejectTooLarge, bytes.Repeat([]byte("0123456789abcde\x00"), 1<<16)),
			rejected(c, awkward, domain.RejectUTF8, []byte(awkward+"\xff\xfe")),
		}
		want[0].ReceivedAt = start
		f.store(t, c, domain.PageWrite{Rejected: want})
		got := f.rejected(t, c)
		is.Equal(len(got), len(want))
		for i := range want {
			is.Equal(got[i], want[i])
		}
	},
	"a message rejected again is left as it was": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		first := rejected(c, "1", domain.RejectNUL, everyByte())
		f.store(t, c, domain.PageWrite{Rejected: []domain.RejectedMessage{first}})
		again, other := rejected(c, "2", domain.RejectNUL, everyByte()), rejected(c, "3", domain.RejectUTF8, everyByte())
		f.store(t, c, domain.PageWrite{Rejected: []domain.RejectedMessage{again, other, rejected(c, "4", domain.RejectUTF8, everyByte())}})
		got := f.rejected(t, c)
		is.Equal(len(got), 2) // raw and reason make the difference, within one intake too
		is.Equal(got[0], first)
		is.Equal(got[1].Reason, domain.RejectUTF8)
	},
	"a changed ticket is saved": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		closed := newTicket(t, c, "thread", func(s *domain.TicketState) { s.Status = domain.TicketClosed })
		other := newTicket(t, c, "other")
		f.store(t, c, domain.PageWrite{Opened: []*domain.Ticket{closed, other}})
		in := f.ingest(t, c, inbound("m1", "thread", "order", minute(5)))
		is.Equal(len(in.Changed), 1)
		got := f.holding(t, c.Tenant).Tickets
		is.Equal(got[0], in.Changed[0].State())
		is.Equal(got[0].Status, domain.TicketOpen)
		is.Equal(got[0].OrderID, "order")
		is.Equal(got[0].LastMessageAt, minute(5))
		is.Equal(got[1], other.State()) // and no other
	},
	"what was stored is no longer the caller's": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		raw := everyByte()
		in := domain.Thread(c, []domain.InboundMessage{inbound("m1", "", "", start)}, domain.Candidates{}, start)
		in.Messages[0].Source.Bytes = raw
		f.store(t, c, in)
		clear(raw)
		is.Equal(f.messages(t, c)[0].Source.Bytes, everyByte())
	},
}

// rejected is a message of c that could not be mapped.
func rejected(c domain.ConnectionState, id string, reason domain.RejectReason, raw []byte) domain.RejectedMessage {
	return domain.RejectedMessage{
		ID: domain.NewID[domain.RejectedID](), Tenant: c.Tenant, Connection: c.ID, Type: c.Type, ExternalID: id, Reason: reason,
		Detail: "broken", Source: domain.Source{MediaType: "message/rfc822", Bytes: raw}.Plain(),
	}
}
