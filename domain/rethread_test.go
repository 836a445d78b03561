package domain_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/domain/safety"
)

// stored returns a message of the shelf as it is stored.
func (s *shelf) stored(t testing.TB, externalID string) domain.Stored {
	t.Helper()
	for _, m := range s.messages {
		if m.ExternalID == externalID {
			was := domain.Stored{Message: m}
			for _, on := range s.sent {
				if on.ExternalMessage == m.ID {
					was.OnTicket = on
				}
			}
			return was
		}
	}
	t.Fatalf("%s is not stored", externalID)
	return domain.Stored{}
}

// rethread reads messages again and puts on tickets what arrives.
func (s *shelf) rethread(t testing.TB, read ...domain.InboundMessage) ([]*domain.Reread, domain.PageWrite) {
	t.Helper()
	var arrived []*domain.Reread
	var page []domain.InboundMessage
	for _, m := range read {
		if r := domain.RereadMessage(s.stored(t, m.ExternalID), m); r.Arrived != nil {
			arrived, page = append(arrived, &r), append(page, *r.Arrived)
		}
	}
	return arrived, domain.Rethread(s.connection, arrived, s.book(domain.Keys(page), domain.Earliest(page, s.now)), s.now)
}

func TestRereadFindsEveryFieldOfAnEvent(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*domain.InboundMessage){
		"evidence: header:A → header:B":                         func(m *domain.InboundMessage) { m.Evidence = "header:B" },
		"mail_id: 6 characters → 7 characters":                  func(m *domain.InboundMessage) { m.MailID += "2" },
		"subject: 10 characters → 11 characters":                func(m *domain.InboundMessage) { m.Subject += "!" },
		"facts: amountCents → amountCents, others":              func(m *domain.InboundMessage) { m.Facts = map[string]string{"amountCents": "1"} },
		"facts: amountCents → none":                             func(m *domain.InboundMessage) { m.Facts = nil },
		"flags: none → no_order":                                func(m *domain.InboundMessage) { m.Flags = []domain.ParseFlag{domain.FlagNoOrder} },
		"files: 1 → 2":                                          func(m *domain.InboundMessage) { m.Files = files("a.png", "b.png") },
		"files: 1 → 1, others":                                  func(m *domain.InboundMessage) { m.Files = files("b.png") },
		"safety_flags: none → LEG lawyer at 3-9":                func(m *domain.InboundMessage) { m.Body = "my lawyer" },
		"order_id: o → p":                                       func(m *domain.InboundMessage) { m.OrderID = "p" },
		"conversation: o → p (kept: it stays on its ticket)":    func(m *domain.InboundMessage) { m.OrderID = "p" },
		"external_id: m-2 → none (kept: the identity of a mess": func(m *domain.InboundMessage) { m.ExternalID = "" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, s := is.New(t), newShelf(t)
			m := of(in(message(2), "", "o"), domain.KindReturnEvent)
			m.Evidence, m.MailID, m.Facts, m.Files, m.Parser = "header:A", "x@mail", map[string]string{"amountCents": "2"}, files("a.png"), 1
			m.Body = "broken"
			s.take(in(message(1), "a", "o"), m)
			was := s.stored(t, m.ExternalID)
			m.Parser = 2
			is.Equal(len(domain.RereadMessage(was, m).Differences), 0) // another version alone is no difference
			change(&m)
			r := domain.RereadMessage(was, m)
			is.True(slices.ContainsFunc(r.Differences, func(d domain.Difference) bool { return strings.HasPrefix(d.String(), name) }))
			is.True(r.Arrived == nil) // it is where it belongs
			is.Equal(r.Is.Message.Ticket, was.Message.Ticket)
			is.Equal(r.Changed(), r.Is.Message.Parser == 2) // whose number is stored with what it changed
			is.Equal(r.Was, was)
			is.True(!domain.RereadMessage(r.Is, m).Changed()) // once it is stored, nothing is left
			is.Equal(r.Is.Message.Quarantine, domain.QuarantineReason(""))
		})
	}
}

func TestRereadKeepsTheIDsOfFiles(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	m, was := received(t, func(m *domain.InboundMessage) { m.Files = files("a.png", "b.png") })
	was.Message.Files = slices.Clone(was.Message.Files)
	for i := range was.Message.Files {
		was.Message.Files[i].ID = domain.NewID[domain.FileID]()
	}
	is.Equal(len(domain.RereadMessage(was, m).Differences), 0)
	m.Files = files("a.png", "c.png", "d.png")
	got := domain.RereadMessage(was, m).Is.Message.Files
	is.Equal(got[0], was.Message.Files[0])
	is.Equal([]any{got[1].ID, got[1].Name}, []any{was.Message.Files[1].ID, "c.png"})
	is.Equal(got[2].ID, domain.FileID{}) // a store gives it one
	is.Equal(was.Message.Files[1].Name, "b.png")
}

func TestRereadOfATicketMessage(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	m, was := received(t)
	m.Quoted, m.MailID = "> you said: call a lawyer", "x@mail"
	r := domain.RereadMessage(was, m)
	is.Equal([]string{r.Is.OnTicket.Quoted, r.Is.OnTicket.MailID, r.Is.Message.MailID}, []string{m.Quoted, m.MailID, m.MailID})
	is.True(len(r.Is.OnTicket.SafetyFlags) > len(was.OnTicket.SafetyFlags))
	for _, d := range r.Differences {
		is.True(!strings.Contains(d.String(), "you said") && !strings.Contains(d.String(), "x@mail"))
	}

	m, was = received(t)
	m.Body = "" // what a person put on the ticket, whole, has no marked text
	r = domain.RereadMessage(was, m)
	is.Equal(r.Is.OnTicket, was.OnTicket)

	m, was = received(t)
	m.Kind = domain.KindReturnEvent
	r = domain.RereadMessage(was, m)
	is.Equal(r.Is, was) // people may have answered it
	is.True(r.Arrived == nil)
}

func TestRereadOfAnAnswerGivenElsewhere(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newShelf(t)
	m := copyOf(2, "I refund you", thread("a"))
	s.take(in(message(1), "a", ""), m)
	was := s.stored(t, m.ExternalID)
	is.Equal(len(domain.RereadMessage(was, m).Differences), 0)
	m.Body, m.BuyerName = "I refund you at once", "Bea"
	r := domain.RereadMessage(was, m)
	is.Equal(r.Is.OnTicket.Body, m.Body)
	is.Equal(r.Is.OnTicket.SenderName, "") // the name is the buyer's
	is.Equal(len(r.Is.OnTicket.SafetyFlags), 0)
	ticket := s.tickets[was.Message.Ticket]
	is.Equal(len(ticket.Reread([]*domain.Reread{&r}, nil, later)), 0)
	is.Equal(ticket.State().CustomerName, "Ana") // who wrote himself
}

// Quarantine follows the kind. What a person took out of it comes back only when it is something else.
func TestRereadAndQuarantine(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	m, was := received(t, func(m *domain.InboundMessage) { m.Kind = domain.KindUnknown })
	is.Equal(was.Message.Quarantine, domain.QuarantineUnknown)
	m.Kind = domain.KindNotice
	is.Equal(domain.RereadMessage(was, m).Is.Message.Quarantine, domain.QuarantineReason(""))
	m.Kind, was.Message.Quarantine = domain.KindUnknown, "" // dismissed
	is.Equal(len(domain.RereadMessage(was, m).Differences), 0)
	m.Kind = domain.KindSuspect
	is.Equal(domain.RereadMessage(was, m).Is.Message.Quarantine, domain.QuarantineSuspect)
}

func TestWhatTurnsOutToBelongToATicketJoinsIt(t *testing.T) {
	t.Parallel()
	notice := of(in(message(2), "", "o"), domain.KindNotice)
	tests := map[string]struct {
		today      func(*domain.InboundMessage)
		arrives    bool
		joins      bool
		quarantine domain.QuarantineReason
		event      domain.EventType
	}{
		"a claim":                      {func(m *domain.InboundMessage) { m.Kind = domain.KindClaimOpened }, true, true, "", domain.EventClaimOpened},
		"a claim of an unknown order":  {func(m *domain.InboundMessage) { m.Kind, m.OrderID = domain.KindClaimOpened, "p" }, true, false, domain.QuarantineNoTicket, ""},
		"a return of an unknown order": {func(m *domain.InboundMessage) { m.Kind, m.OrderID = domain.KindReturnEvent, "p" }, true, false, "", ""},
		"a failure":                    {func(m *domain.InboundMessage) { m.Kind = domain.KindDeliveryFailure }, true, true, "", domain.EventDeliveryFailed},
		"a copy":                       {func(m *domain.InboundMessage) { m.Kind = domain.KindSellerCopy }, true, true, "", domain.EventAnswerSent},
		"a buyer's message":            {func(m *domain.InboundMessage) { m.Kind = "" }, true, true, "", domain.EventMessageReceived},
		"another notice":               {func(m *domain.InboundMessage) { m.Kind = domain.KindFeedback }, false, false, "", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, s := is.New(t), newShelf(t)
			s.take(in(message(1), "a", "o"), notice)
			was, m := s.stored(t, notice.ExternalID), notice
			test.today(&m)
			arrived, in := s.rethread(t, m)
			is.Equal(len(arrived) == 1, test.arrives)
			is.Equal(len(in.Messages)+len(in.Opened), 0)
			if !test.arrives {
				is.Equal(len(in.Events)+len(in.Changed), 0)
				return
			}
			got := arrived[0].Is.Message
			is.Equal(got.ID, was.Message.ID)
			is.Equal(got.Ticket != domain.TicketID{}, test.joins)
			is.Equal(got.Quarantine, test.quarantine)
			is.Equal(arrived[0].Ticketed(), test.event == domain.EventMessageReceived)
			if test.event == "" {
				is.Equal(len(in.Events), 0)
				return
			}
			is.Equal(in.Events[0].Type, test.event)
			if len(in.TicketMessages) == 0 {
				is.Equal(in.Events[0].Origin, was.Message.ID) // the message that is stored
				return
			}
			is.Equal(in.TicketMessages[0].ExternalMessage, was.Message.ID)
			is.True(!domain.RereadMessage(domain.Stored{Message: got, OnTicket: in.TicketMessages[0]}, m).Changed()) // nothing is left
		})
	}
}

// An order that is read today brings an event to its ticket, and what waited for that order with it; a message is not put on
// its ticket twice.
func TestWaitingMessageFindsItsOrderToday(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newShelf(t)
	lost := of(in(message(2), "t", ""), domain.KindReturnEvent)
	s.take(in(message(1), "a", "o"), lost)
	lost.OrderID = "o"
	arrived, out := s.rethread(t, lost)
	is.Equal(len(out.Joined), 0) // it is no other that waited
	is.Equal(len(out.Events), 1)
	is.True(arrived[0].Is.Message.Ticket != domain.TicketID{})
	is.True(domain.RereadMessage(arrived[0].Is, lost).Arrived == nil)

	lone := of(in(message(3), "u", ""), domain.KindReturnEvent)
	s.take(lone)
	lone.OrderID = "another"
	arrived, out = s.rethread(t, lone)
	is.Equal(len(out.Events), 0)
	is.True(domain.RereadMessage(arrived[0].Is, lone).Arrived == nil) // it waits for that now
}

// An event that is another today stays on its ticket, which hears of what it is.
func TestEventThatIsAnotherToday(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newShelf(t)
	m := of(in(message(2), "", "o"), domain.KindRefundEvent)
	s.take(in(message(1), "a", "o"), m)
	was := s.stored(t, m.ExternalID)
	m.Kind = domain.KindClaimOpened
	arrived, in := s.rethread(t, m)
	is.Equal(in.Events[0].Type, domain.EventClaimOpened)
	is.Equal(arrived[0].Is.Message.Ticket, was.Message.Ticket)
	is.Equal(in.Changed[0].State().Priority, domain.PriorityUrgent)
	is.True(len(arrived[0].Is.Message.SafetyFlags) == 1)

	m.OrderID = "unknown" // and when nothing leads there any more
	arrived, in = s.rethread(t, m)
	is.Equal(arrived[0].Is.Message.Ticket, was.Message.Ticket)
	is.Equal(len(in.Events), 0)
}

// A message may be taken for one thing, for another, and for the first again: no event is told twice of one origin, as stores
// ask.
func TestEventThatIsAnotherAgain(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newShelf(t)
	m := of(in(message(2), "", "o"), domain.KindReturnEvent)
	s.take(in(message(1), "a", "o"), m)
	for _, kind := range []domain.MessageKind{domain.KindClaimOpened, domain.KindReturnEvent, domain.KindClaimOpened} {
		m.Kind = kind
		arrived, out := s.rethread(t, m)
		is.Equal(len(out.Events), 1)
		is.Equal(out.Events[0].Origin, domain.MessageID{})
		s.messages[arrived[0].Is.Message.ID] = arrived[0].Is.Message
	}
}

// An event that waits although its order has a ticket, as those of an earlier version do, joins it when it is read again and
// something of it is another. What a person took out of quarantine stays out.
func TestWhatWaitsTriesAgainWhenItIsRewritten(t *testing.T) {
	t.Parallel()
	for _, order := range []string{"o", "unknown"} {
		is, s := is.New(t), newShelf(t)
		claim := of(in(message(2), "", order), domain.KindClaimOpened)
		s.take(claim)
		was := s.stored(t, claim.ExternalID).Message
		was.Quarantine = "" // dismissed
		s.messages[was.ID] = was
		ticket := s.take(in(message(1), "a", "")).Opened[0]
		state := ticket.State()
		state.OrderID = "o"
		s.tickets[state.ID] = newTicket(t, state)
		is.True(domain.RereadMessage(s.stored(t, claim.ExternalID), claim).Arrived == nil) // nothing is another
		claim.Evidence = "header:A_Z_CLAIM_RESPONDENT_NOTIFY"
		arrived, out := s.rethread(t, claim)
		is.Equal(len(out.Events) == 1, order == "o")
		is.Equal(arrived[0].Is.Message.Ticket != domain.TicketID{}, order == "o")
		is.Equal(arrived[0].Is.Message.Quarantine, domain.QuarantineReason(""))
		is.True(domain.RereadMessage(arrived[0].Is, claim).Arrived == nil)
	}
}

// A message that is history opens a CLOSED ticket when it is read again, too.
func TestRethreadKnowsHistory(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newShelf(t)
	m := of(in(after(-5*day), "a", ""), domain.KindNotice)
	s.take(m)
	m.Kind = ""
	_, in := s.rethread(t, m)
	is.Equal(in.Opened[0].State().Status, domain.TicketClosed)
}

// The flags of events are part of the union, and the order in which they were merged is no difference.
func TestTicketRereadCountsEvents(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newShelf(t)
	claim := of(in(message(1), "", "o"), domain.KindClaimOpened)
	s.take(claim)
	m := in(message(2), "a", "o")
	m.Body = "I want a refund"
	s.take(m) // the claim was first, and merged last
	ticket := s.tickets[s.stored(t, m.ExternalID).Message.Ticket]
	was := ticket.State()
	is.Equal(len(was.SafetyFlags), 2)
	flags := [][]safety.Flag{s.stored(t, claim.ExternalID).Message.SafetyFlags, s.stored(t, m.ExternalID).OnTicket.SafetyFlags}
	is.Equal(len(ticket.Reread(nil, flags, later)), 0)
	is.Equal(ticket.State(), was)
	is.True(len(ticket.Reread(nil, flags[1:], later)) > 0) // without it
	is.Equal(ticket.State().AutoSendBlockedReason, domain.BlockedReason(flags[1]))
}
