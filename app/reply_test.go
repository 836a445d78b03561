package app_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/domain/content"
	"github.com/keybuzzio/marketplaces/ports"
)

// onBothStores runs a test on memory and on Postgres.
func onBothStores(t *testing.T, test func(t *testing.T, s store)) {
	t.Parallel()
	t.Run("memory", func(t *testing.T) { t.Parallel(); test(t, memory.NewStore()) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); test(t, pgtest.Repository(t)) })
}

// replyStage is a stage with a seller whose one ticket waits for an answer.
type replyStage struct {
	*stage
	sender *memory.Sender
	who    domain.TenantID
	c      domain.ConnectionState
	ticket domain.TicketState
	seen   domain.TicketMessageID
}

func newReplyStage(t *testing.T, st store, wrap ...func(ports.Sender) ports.Sender) *replyStage {
	t.Helper()
	s := &replyStage{stage: newStage(t, st), sender: memory.NewSender(), who: tenant(t, "t1")}
	var sender ports.Sender = s.sender
	for _, w := range wrap {
		sender = w(sender)
	}
	s.deps.Senders = map[domain.MarketplaceType]ports.Sender{domain.Amazon: sender}
	s.deps.ReplyRules = map[domain.MarketplaceType]content.RuleSet{domain.Amazon: {Name: "Amazon", Source: "rules", MaxBytes: 10 << 20}}
	a, err := app.New(s.deps)
	must(t, err)
	s.App = a
	s.c = s.connect(t, s.who)
	m := message(0)
	m.OrderID, m.BuyerEmail, m.MailID = "404-1234567-1234567", "ana+1@marketplace.amazon.fr", "buyer-1@amazon.fr"
	s.source.add(m)
	s.sync(t, s.c)
	s.ticket = s.tickets(t, s.who)[0]
	s.seen = s.conversation(t, s.ticket)[0].ID
	s.clock.Set(noon.Add(time.Hour))
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *replyStage) command(key, text string) app.ReplyCommand {
	return app.ReplyCommand{
		TicketQuery: app.TicketQuery{Tenant: s.who, Ticket: s.ticket.ID}, Author: "agent-7", Key: key, Asked: []byte(text), Text: text, Seen: s.seen,
	}
}

func (s *replyStage) write(t testing.TB, key, text string) app.WrittenReply {
	t.Helper()
	done, err := s.WriteReply.Run(t.Context(), s.command(key, text))
	must(t, err)
	return done.WrittenReply
}

func (s *replyStage) send(t testing.TB) app.SendResult {
	t.Helper()
	done, err := s.SendReplies.Run(t.Context(), app.SendCommand{Tenant: s.who, Connection: s.c.ID})
	must(t, err)
	return done
}

func (s *replyStage) reply(t testing.TB, id domain.ReplyID) app.WrittenReply {
	t.Helper()
	w, err := s.GetReply.Run(t.Context(), app.ReplyQuery{Tenant: s.who, Ticket: s.ticket.ID, Reply: id})
	must(t, err)
	return w
}

// delivery is what the ticket shows of a reply.
func (s *replyStage) delivery(t testing.TB, id domain.TicketMessageID) domain.DeliveryStatus {
	t.Helper()
	for _, m := range s.conversation(t, s.ticket) {
		if m.ID == id {
			return m.Delivery
		}
	}
	t.Fatal("the reply is not on its ticket")
	return ""
}

func TestAReplyLeavesAndItsCopyConfirmsIt(t *testing.T) {
	onBothStores(t, func(t *testing.T, st store) {
		is, s := is.New(t), newReplyStage(t, st)
		cmd := s.command("k1", "Votre colis est en route.")
		cmd.Delay = 10 * time.Second
		done, err := s.WriteReply.Run(t.Context(), cmd)
		is.NoErr(err)
		is.Equal(done.Delivery, domain.DeliveryQueued)
		is.Equal(s.delivery(t, done.Message), domain.DeliveryQueued)

		is.Equal(s.send(t).Again, done.DueAt) // not yet
		is.Equal(len(s.sender.Taken()), 0)

		s.clock.Set(noon.Add(time.Hour + 10*time.Second))
		is.Equal(s.send(t), app.SendResult{Accepted: 1})
		is.Equal(s.send(t), app.SendResult{}) // once
		taken := s.sender.Taken()
		is.Equal(len(taken), 1)
		m := taken[0]
		is.Equal(m.Text, "Votre colis est en route.")
		is.Equal(m.To, "ana+1@marketplace.amazon.fr")
		is.Equal(m.Subject, "Re: A question (404-1234567-1234567)")
		is.Equal(m.InReplyTo, "buyer-1@amazon.fr")
		is.Equal(m.ThreadID, "th-0000")
		is.Equal(m.OrderID, "404-1234567-1234567")
		is.Equal(m.MessageID, done.MessageID)
		is.Equal(s.reply(t, done.ID).Delivery, domain.DeliveryAccepted)
		is.Equal(s.tickets(t, s.who)[0].Status, domain.TicketWaitingCustomer)

		copied := in(message(90), "th-0000", "404-1234567-1234567")
		copied.Kind, copied.Body = domain.KindSellerCopy, "Votre colis est en route."
		s.source.add(copied)
		s.sync(t, s.c)
		is.Equal(s.reply(t, done.ID).Delivery, domain.DeliveryConfirmed)
		is.Equal(s.delivery(t, done.Message), domain.DeliveryConfirmed)
		is.Equal(len(s.conversation(t, s.ticket)), 2) // the copy is no second message
	})
}

// What each outcome of an attempt makes of a reply, and of the next turn.
func TestOutcomesOfAttempts(t *testing.T) {
	onBothStores(t, func(t *testing.T, st store) {
		is, s := is.New(t), newReplyStage(t, st)
		for _, c := range []struct {
			fault  memory.SenderFault
			want   domain.DeliveryStatus
			taken  int                   // by the other side
			next   domain.DeliveryStatus // once the fault is over, hours later
			taken2 int
		}{
			{memory.SenderFine, domain.DeliveryAccepted, 1, domain.DeliveryAccepted, 1},
			{memory.SenderDown, domain.DeliveryQueued, 0, domain.DeliveryAccepted, 1},
			{memory.SenderRefuses, domain.DeliveryFailed, 0, domain.DeliveryFailed, 0},
			{memory.SenderBusyAfter, domain.DeliveryQueued, 0, domain.DeliveryAccepted, 1},
			{memory.SenderRefusesText, domain.DeliveryFailed, 0, domain.DeliveryFailed, 0},
			{memory.SenderCutAfter, domain.DeliveryUnknown, 1, domain.DeliveryUnknown, 1}, // never a second time
		} {
			s.sender.Play(c.fault)
			before := len(s.sender.Taken())
			w := s.write(t, fmt.Sprint("k", c.fault), fmt.Sprintf("Answer %d", c.fault))
			s.send(t)
			is.Equal(s.reply(t, w.ID).Delivery, c.want)
			is.Equal(s.delivery(t, w.Message), c.want)
			is.Equal(len(s.sender.Taken())-before, c.taken)
			s.sender.Play(memory.SenderFine)
			s.clock.Set(s.clock.Now().Add(2 * time.Hour))
			s.send(t)
			is.Equal(s.reply(t, w.ID).Delivery, c.next)
			is.Equal(len(s.sender.Taken())-before, c.taken2)
			s.seen = w.Message
		}
	})
}

func TestAReplyThatIsNotTakenInTimeFails(t *testing.T) {
	onBothStores(t, func(t *testing.T, st store) {
		is, s := is.New(t), newReplyStage(t, st)
		s.sender.Play(memory.SenderDown)
		w := s.write(t, "k1", "Answer")
		for range 400 {
			if s.send(t).Again.IsZero() {
				break
			}
			s.clock.Set(s.reply(t, w.ID).DueAt)
		}
		got := s.reply(t, w.ID)
		is.Equal(got.Delivery, domain.DeliveryFailed)
		is.True(!got.ChangedAt.After(noon.Add(24 * time.Hour))) // the buyer's deadline
		is.Equal(len(s.sender.Taken()), 0)
	})
}

// dying panics once, before or after the mark of handing over: what a killed worker leaves.
type dying struct {
	ports.Sender
	once  sync.Once
	after bool
}

func (d *dying) Send(ctx context.Context, m domain.OutgoingMessage, handOver func(context.Context) error) (r domain.Receipt, err error) {
	died := false
	d.once.Do(func() {
		if died = true; d.after {
			err = handOver(ctx)
		}
	})
	if died {
		panic("killed")
	}
	return d.Sender.Send(ctx, m, handOver)
}

func TestAWorkerKilledBetweenTheMarks(t *testing.T) {
	for name, c := range map[string]struct {
		after bool
		want  domain.DeliveryStatus
		taken int
	}{
		"before the text is handed over": {false, domain.DeliveryAccepted, 1},
		"after it was":                   {true, domain.DeliveryUnknown, 0},
	} {
		t.Run(name, func(t *testing.T) {
			onBothStores(t, func(t *testing.T, st store) {
				is := is.New(t)
				s := newReplyStage(t, st, func(inner ports.Sender) ports.Sender { return &dying{Sender: inner, after: c.after} })
				w := s.write(t, "k1", "Answer")
				_, err := s.SendReplies.Run(t.Context(), app.SendCommand{Tenant: s.who, Connection: s.c.ID})
				is.True(err != nil) // the job is tried again
				is.Equal(s.reply(t, w.ID).Delivery, domain.DeliverySending)
				for range 3 {
					s.send(t)
				}
				is.Equal(s.reply(t, w.ID).Delivery, c.want)
				is.Equal(len(s.sender.Taken()), c.taken)
			})
		})
	}
}

// A worker that stops while the other side is silent leaves an UNKNOWN reply, which a person settles.
func TestAStopWhileTheOtherSideIsSilent(t *testing.T) {
	onBothStores(t, func(t *testing.T, st store) {
		is, s := is.New(t), newReplyStage(t, st)
		took := s.sender.Play(memory.SenderSilent)
		w := s.write(t, "k1", "Answer")
		ctx, stop := context.WithCancel(t.Context())
		go func() {
			<-took
			stop()
		}()
		_, _ = s.SendReplies.Run(ctx, app.SendCommand{Tenant: s.who, Connection: s.c.ID})
		is.Equal(s.reply(t, w.ID).Delivery, domain.DeliveryUnknown)
		is.Equal(len(s.sender.Taken()), 1)

		act := app.ReplyAct{ReplyQuery: app.ReplyQuery{Tenant: s.who, Ticket: s.ticket.ID, Reply: w.ID}, By: "agent-7"}
		other := act
		other.Tenant = tenant(t, "t2")
		_, err := s.ResolveReply.Run(t.Context(), app.ResolveCommand{ReplyAct: other, Sent: true})
		is.True(errors.Is(err, domain.ErrNotFound)) // it does not exist for another tenant
		got, err := s.ResolveReply.Run(t.Context(), app.ResolveCommand{ReplyAct: act, Sent: true})
		is.NoErr(err)
		is.Equal(got.Delivery, domain.DeliveryConfirmed)
		_, err = s.ResolveReply.Run(t.Context(), app.ResolveCommand{ReplyAct: act})
		is.True(errors.Is(err, domain.ErrConflict)) // once
	})
}

func TestOneKeyIsOneReply(t *testing.T) {
	onBothStores(t, func(t *testing.T, st store) {
		is, s := is.New(t), newReplyStage(t, st)
		const requests = 64
		ids := make([]domain.ReplyID, requests)
		var all sync.WaitGroup
		for i := range requests {
			all.Go(func() {
				done, err := s.WriteReply.Run(t.Context(), s.command("k1", "Answer"))
				if err != nil {
					t.Error(err)
				}
				ids[i] = done.ID
			})
		}
		all.Wait()
		for _, id := range ids {
			is.Equal(id, ids[0])
		}
		is.Equal(len(s.conversation(t, s.ticket)), 2)
		_, err := s.WriteReply.Run(t.Context(), s.command("k1", "Another answer"))
		is.True(errors.Is(err, app.ErrKeyReused))
		s.send(t)
		is.Equal(len(s.sender.Taken()), 1)
	})
}

func TestNobodyAnswersWhatHeHasNotSeen(t *testing.T) {
	onBothStores(t, func(t *testing.T, st store) {
		is, s := is.New(t), newReplyStage(t, st)
		first := s.write(t, "k1", "Answer of a colleague")
		_, err := s.WriteReply.Run(t.Context(), s.command("k2", "Answer of another"))
		var moved *app.ConversationMoved
		is.True(errors.As(err, &moved))
		is.Equal(len(moved.News), 1)
		is.Equal(moved.News[0].Body, "Answer of a colleague")

		// What was taken back, and a note, are nothing that the buyer knows of.
		_, err = s.CancelReply.Run(t.Context(), app.ReplyAct{ReplyQuery: app.ReplyQuery{Tenant: s.who, Ticket: s.ticket.ID, Reply: first.ID}, By: "agent-7"})
		is.NoErr(err)
		_, err = s.AddNote.Run(t.Context(), app.NoteCommand{TicketQuery: app.TicketQuery{Tenant: s.who, Ticket: s.ticket.ID}, Author: "agent-8", Text: "I am at it."})
		is.NoErr(err)
		s.write(t, "k3", "Answer")
		is.Equal(s.send(t), app.SendResult{Accepted: 1})
		is.Equal(s.sender.Taken()[0].Text, "Answer")
	})
}

func TestRulesOfContentHoldAReplyBack(t *testing.T) {
	onBothStores(t, func(t *testing.T, st store) {
		is, s := is.New(t), newReplyStage(t, st)
		cmd := s.command("k1", "Call +33 6 12 34 56 78")
		_, err := s.WriteReply.Run(t.Context(), cmd)
		var broken *app.BrokenRules
		is.True(errors.As(err, &broken))
		is.Equal(broken.Violations[0].Rule, content.RulePhone)
		cmd.Overrides = []domain.Override{{Rule: "phone_number", Reason: "the carrier's hotline"}}
		done, err := s.WriteReply.Run(t.Context(), cmd)
		is.NoErr(err)
		is.Equal(s.reply(t, done.ID).Overrides, cmd.Overrides) // kept with the reply
		found, err := s.CheckReply.Run(t.Context(), app.CheckCommand{TicketQuery: cmd.TicketQuery, Text: "a@b.fr"})
		is.NoErr(err)
		is.Equal(len(found), 1)
	})
}

func TestAnAccountThatIsDisconnectedAnswersNobody(t *testing.T) {
	onBothStores(t, func(t *testing.T, st store) {
		is, s := is.New(t), newReplyStage(t, st)
		w := s.write(t, "k1", "Answer")
		_, err := s.Disconnect.Run(t.Context(), app.DisconnectCommand{Tenant: s.who, Marketplace: domain.Amazon})
		is.NoErr(err)
		s.send(t)
		is.Equal(s.reply(t, w.ID).Delivery, domain.DeliveryFailed) // says what to do
		s.seen = w.Message
		_, err = s.WriteReply.Run(t.Context(), s.command("k2", "Answer"))
		is.True(errors.Is(err, domain.ErrConflict))
		is.Equal(len(s.sender.Taken()), 0)
	})
}

// Of a cancel and a sending that meet, one wins: never both, never neither.
func TestCancelMeetsSend(t *testing.T) {
	onBothStores(t, func(t *testing.T, st store) {
		is, s := is.New(t), newReplyStage(t, st)
		const races = 100
		for n := range races {
			w := s.write(t, fmt.Sprint("k", n), fmt.Sprintf("Answer %d", n))
			before := len(s.sender.Taken())
			var both sync.WaitGroup
			var cancelled error
			both.Go(func() {
				_, cancelled = s.CancelReply.Run(t.Context(), app.ReplyAct{ReplyQuery: app.ReplyQuery{Tenant: s.who, Ticket: s.ticket.ID, Reply: w.ID}, By: "a"})
			})
			both.Go(func() { s.send(t) })
			both.Wait()
			left := len(s.sender.Taken()) - before
			is.Equal(left == 1, cancelled != nil)
			is.Equal(s.reply(t, w.ID).Delivery == domain.DeliveryCancelled, left == 0)
			s.seen = w.Message
		}
	})
}

// Importers and people change the same tickets at once: nobody waits for ever, and nothing is lost.
func TestImportersAndPeopleMeet(t *testing.T) {
	onBothStores(t, func(t *testing.T, st store) {
		is, s := is.New(t), newReplyStage(t, st)
		const each = 40
		for n := range each {
			s.source.add(in(message(n+1), "th-0000", "404-1234567-1234567"))
		}
		var all sync.WaitGroup
		all.Go(func() {
			for range each {
				if _, err := s.Poll.Run(t.Context(), app.PollCommand{Tenant: s.who, Connection: s.c.ID}); err != nil {
					t.Error(err)
				}
			}
		})
		for person := range 3 {
			all.Go(func() {
				for n := range each {
					_, err := s.AddNote.Run(t.Context(), app.NoteCommand{
						TicketQuery: app.TicketQuery{Tenant: s.who, Ticket: s.ticket.ID}, Author: fmt.Sprint(person), Text: fmt.Sprintf("note %d", n),
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		s.sync(t, s.c)
		is.Equal(len(s.conversation(t, s.ticket)), 1+each+3*each)
		is.Equal(len(s.events(t, s.ticket, domain.EventNoteAdded)), 3*each)
	})
}

// From is the address that received the conversation, or the reply is refused before anything is stored.
func TestRepliesLeaveFromTheAddressThatReceived(t *testing.T) {
	onBothStores(t, func(t *testing.T, st store) {
		is, s := is.New(t), newReplyStage(t, st)
		var created []domain.InboundAddressState
		for _, country := range []string{"FR", "DE"} {
			a, _, err := s.CreateAddress.Run(t.Context(), app.CreateAddressCommand{Tenant: s.who, Marketplace: domain.Amazon, Country: country})
			must(t, err)
			created = append(created, a)
		}
		is.Equal(len(created), 2)
		for n, address := range created {
			m := in(message(10+n), fmt.Sprint("th-of-", n), "")
			m.Recipient = address.Address
			s.source.add(m)
			s.sync(t, s.c)
			s.ticket = s.tickets(t, s.who)[0]
			s.seen = s.conversation(t, s.ticket)[0].ID
			is.Equal(s.write(t, fmt.Sprint("k", n), "Answer").From, address.Address)
			s.seen = s.conversation(t, s.ticket)[1].ID
		}
		retired := created[1]
		_, err := s.RetireAddress.Run(t.Context(), app.RetireAddressCommand{Tenant: s.who, Address: retired.ID, By: "agent-7"})
		must(t, err)
		_, err = s.WriteReply.Run(t.Context(), s.command("k9", "Answer"))
		is.True(errors.Is(err, domain.ErrConflict)) // says that the address is retired
		is.Equal(len(s.conversation(t, s.ticket)), 2)
		s.send(t)
		for n, taken := range s.sender.Taken() {
			is.Equal(taken.From, created[n].Address)
		}
	})
}
