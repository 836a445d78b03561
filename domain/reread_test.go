package domain_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/domain/safety"
)

func TestFirstID(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	before := time.Now().Truncate(time.Millisecond)
	made := domain.NewID[domain.MessageID]()
	first, next := domain.FirstID[domain.MessageID](before), domain.FirstID[domain.MessageID](time.Now().Add(time.Second))
	is.True(bytes.Compare(first.UUID[:], made.UUID[:]) < 0)
	is.True(bytes.Compare(made.UUID[:], next.UUID[:]) < 0)
	is.Equal(domain.FirstID[domain.MessageID](time.Time{}), domain.MessageID{}) // before all ids
}

// received is a message as it came, and how it was stored.
func received(t *testing.T, changes ...func(*domain.InboundMessage)) (domain.InboundMessage, domain.Stored) {
	t.Helper()
	who, err := domain.ParseTenantID("t1")
	is.New(t).NoErr(err)
	at := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	c, err := domain.NewConnection(who, domain.Amazon, at)
	is.New(t).NoErr(err)
	m := domain.InboundMessage{
		ExternalID: "m1", ThreadID: "thread", OrderID: "order", BuyerName: "Zoë", BuyerEmail: "zoe@example.com", Language: "fr",
		Subject: "Question", Body: "Je veux un remboursement", ReceivedAt: at, Source: domain.Source{MediaType: "text/plain", Bytes: []byte("raw")},
	}
	for _, change := range changes {
		change(&m)
	}
	in := domain.Thread(c.State(), []domain.InboundMessage{m}, domain.Candidates{}, at)
	was := domain.Stored{Message: in.Messages[0]}
	if len(in.TicketMessages) > 0 {
		was.OnTicket = in.TicketMessages[0]
	}
	return m, was
}

func TestRereadMessageFindsEveryField(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*domain.InboundMessage){
		"thread_id: thread → none":                      func(m *domain.InboundMessage) { m.ThreadID = "" },
		"order_id: order → other":                       func(m *domain.InboundMessage) { m.OrderID = "other" },
		"buyer_name: 3 characters → 4 characters":       func(m *domain.InboundMessage) { m.BuyerName = "Zoé!" },
		"sender_name: 3 characters → 3 characters, oth": func(m *domain.InboundMessage) { m.BuyerName = "Eva" },
		"buyer_email: 15 characters → 0 characters":     func(m *domain.InboundMessage) { m.BuyerEmail = "" },
		"language: fr → none":                           func(m *domain.InboundMessage) { m.Language = "" },
		"received_at: 2026-11-02T12:00:00Z → 2026-11-0": func(m *domain.InboundMessage) { m.ReceivedAt = m.ReceivedAt.Add(-time.Second) },
		"sent_at: 2026-11-02T12:00:00Z → 2026-11-02T11": func(m *domain.InboundMessage) { m.ReceivedAt = m.ReceivedAt.Add(-time.Second) },
		"body: 24 characters → 25 characters":           func(m *domain.InboundMessage) { m.Body += "!" },
		"safety_flags: REF":                             func(m *domain.InboundMessage) { m.Body = "Merci" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			m, was := received(t)
			is.Equal(len(domain.RereadMessage(was, m).Differences), 0)
			change(&m)
			r := domain.RereadMessage(was, m)
			is.True(r.Changed())
			found := false
			for _, d := range r.Differences {
				found = found || strings.HasPrefix(d.String(), name)
				is.True(!strings.Contains(d.String(), "Zo") && !strings.Contains(d.String(), "Je veux"))
			}
			is.True(found)
			is.Equal(r.Was, was)
			is.True(!domain.RereadMessage(r.Is, m).Changed()) // once it is stored, nothing is left
		})
	}
}

func TestRereadMessageKnowsWhatIsNoBuyers(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	m, was := received(t, func(m *domain.InboundMessage) { m.Kind = domain.KindNotice })
	m.Kind = domain.KindFeedback
	r := domain.RereadMessage(was, m)
	is.Equal(len(r.Differences), 1)
	is.Equal(r.Is.Message.Kind, domain.KindFeedback)
	is.True(r.Arrived == nil)
	m.Kind = domain.KindBuyerMessage
	r = domain.RereadMessage(was, m)
	is.True(r.Arrived != nil)
	in := domain.Rethread(connection(t), []*domain.Reread{&r}, domain.Candidates{}, m.ReceivedAt)
	is.Equal(len(in.Messages), 0) // it is stored already
	is.Equal(len(in.Opened), 1)
	is.Equal(len(in.Events), 1)
	is.Equal(in.TicketMessages[0].ExternalMessage, was.Message.ID)
	is.Equal(r.Is.Message.Ticket, in.Opened[0].State().ID)
	is.True(!domain.RereadMessage(domain.Stored{Message: r.Is.Message, OnTicket: in.TicketMessages[0]}, m).Changed())
}

func TestTicketRereadIsTheUnionAgain(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	at := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	claim := safety.FlagText("I will open an A-to-Z claim")
	refund := safety.FlagText("I want a refund")
	who, err := domain.ParseTenantID("t1")
	is.NoErr(err)
	ticket, err := domain.RestoreTicket(domain.TicketState{
		ID: domain.NewID[domain.TicketID](), Tenant: who, Channel: domain.ChannelManual, Status: domain.TicketClosed, Priority: domain.PriorityLow,
		SafetyFlags: refund, AutoSendBlockedReason: domain.BlockedReason(refund), CreatedAt: at, UpdatedAt: at,
	})
	is.NoErr(err)
	is.Equal(len(ticket.Reread(nil, [][]safety.Flag{refund}, at.Add(time.Hour))), 0)
	is.Equal(ticket.State().UpdatedAt, at) // nothing changed

	is.True(len(ticket.Reread(nil, [][]safety.Flag{refund, nil, claim}, at.Add(time.Hour))) > 0)
	is.Equal(ticket.State().SafetyFlags, safety.Merge(refund, claim))
	is.Equal(ticket.State().AutoSendBlockedReason, domain.BlockedReason(ticket.State().SafetyFlags))
	is.Equal(ticket.State().Priority, domain.PriorityHigh)
	is.Equal(ticket.State().UpdatedAt, at.Add(time.Hour))

	is.True(len(ticket.Reread(nil, nil, at)) > 0)
	is.Equal(len(ticket.State().SafetyFlags), 0)
	is.Equal(ticket.State().AutoSendBlockedReason, "")
	is.Equal(ticket.State().Priority, domain.PriorityHigh) // never lowered
	is.Equal(ticket.State().Status, domain.TicketClosed)
}
