package porttest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// answerable is a conversation with one message of a buyer.
func (f RepositoryFixture) answerable(t *testing.T, c domain.ConnectionState, key string) domain.TicketID {
	t.Helper()
	m := inbound("m-"+key, "th-"+key, "order-"+key, start)
	m.Recipient, m.MailID = "inbound@example.com", "mail-"+key
	in := domain.Thread(c, []domain.InboundMessage{m}, domain.Candidates{}, later)
	f.store(t, c, in)
	return in.Opened[0].State().ID
}

// write stores a reply to a conversation as the contract asks, or says why it cannot.
func (f RepositoryFixture) write(ctx context.Context, tenant domain.TenantID, ticket domain.TicketID, key string, at time.Time) (s domain.ReplyState, err error) {
	err = f.Repository.Update(ctx, tenant, func(ctx context.Context, tx ports.Tx) error {
		conversation, err := tx.Conversations.Lock(ctx, ticket)
		if err != nil {
			return err
		}
		r, err := domain.NewReply(conversation, key, []byte(key), 0, at)
		if err != nil {
			return err
		}
		r.Author("agent-7", "fr", "example.com", true, []domain.Override{{Rule: "phone_number", Reason: "asked for"}})
		s = r.State()
		message, event := conversation.Ticket.Replied(s, "Answer "+key)
		err = tx.Conversations.Save(ctx, domain.ConversationWrite{Messages: []domain.TicketMessage{message}, Events: []domain.TicketEvent{event}})
		if err != nil {
			return err
		}
		return tx.Replies.Insert(ctx, r)
	})
	return s, err
}

// replyRules are about ports.Conversations and ports.Replies.
var replyRules = rules[RepositoryFixture]{
	"a locked conversation has its buyer's newest message": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		ticket := f.answerable(t, c, "a")
		f.update(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			got, err := tx.Conversations.Lock(ctx, ticket)
			is.NoErr(err)
			is.Equal(got.Ticket.State().ID, ticket)
			is.Equal([]string{got.Buyer.ExternalID, got.Buyer.ThreadID, got.Buyer.OrderID, got.Buyer.MailID, got.Buyer.Recipient, got.Buyer.BuyerEmail},
				[]string{"m-a", "th-a", "order-a", "mail-a", "inbound@example.com", "zoe@example.com"})
			_, err = tx.Conversations.Lock(ctx, domain.NewID[domain.TicketID]())
			is.True(errors.Is(err, domain.ErrNotFound))
			return nil
		})
	},
	"a reply is read as it was stored, and as it became": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		want, err := f.write(t.Context(), c.Tenant, f.answerable(t, c, "a"), "k1", start)
		is.NoErr(err)
		read := func() (got domain.ReplyState) {
			f.view(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
				r, err := tx.Replies.Get(ctx, want.ID)
				is.NoErr(err)
				byKey, err := tx.Replies.ByKey(ctx, "k1")
				is.NoErr(err)
				is.Equal(byKey.State(), r.State())
				m, err := tx.Tickets.Message(ctx, want.Ticket, want.Message)
				is.NoErr(err)
				is.Equal(m.Delivery, r.State().Delivery) // always
				got = r.State()
				return nil
			})
			return got
		}
		is.Equal(read(), want)
		for n, change := range []func(*domain.Reply) error{
			func(r *domain.Reply) error { return r.Begin(minute(1)) },
			func(r *domain.Reply) error { return r.HandOver(1, minute(2)) },
			func(r *domain.Reply) error {
				r.Retry(time.Minute, domain.Errorf(domain.ErrUnavailable, "%s", awkward), minute(3))
				return nil
			},
			func(r *domain.Reply) error { return r.Begin(minute(5)) },
			func(r *domain.Reply) error { r.Accept(domain.Receipt{ExternalID: awkward}, minute(6)); return nil },
		} {
			f.update(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
				if _, err := tx.Conversations.Lock(ctx, want.Ticket); err != nil {
					return err
				}
				r, err := tx.Replies.Lock(ctx, want.ID)
				is.NoErr(err)
				is.NoErr(change(r))
				want = r.State()
				if n == 1 {
					return tx.Replies.HandOver(ctx, r)
				}
				return tx.Replies.Save(ctx, r)
			})
			is.Equal(read(), want)
		}
		is.Equal(want.Delivery, domain.DeliveryAccepted)
	},
	"a key is one reply of its tenant": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c, other := f.connect(t, tenant(t, "t1"), domain.Amazon), f.connect(t, tenant(t, "t2"), domain.Amazon)
		_, err := f.write(t.Context(), c.Tenant, f.answerable(t, c, "a"), "k1", start)
		is.NoErr(err)
		_, err = f.write(t.Context(), c.Tenant, f.answerable(t, c, "b"), "k1", start)
		is.True(errors.Is(err, domain.ErrConflict))
		theirs, err := f.write(t.Context(), other.Tenant, f.answerable(t, other, "a"), "k1", start)
		is.NoErr(err) // another tenant's keys are its own
		f.view(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Replies.Get(ctx, theirs.ID)
			is.True(errors.Is(err, domain.ErrNotFound)) // and so are its replies
			all, err := tx.Replies.List(ctx, ports.ReplyQuery{Limit: 10})
			is.NoErr(err)
			is.Equal(len(all), 1)
			return nil
		})
	},
	"lists go by falling time, due replies by rising": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		ticket, elsewhere := f.answerable(t, c, "a"), f.answerable(t, c, "b")
		var written []domain.ReplyState
		for n := range 4 {
			on := ticket
			if n == 3 {
				on = elsewhere
			}
			s, err := f.write(t.Context(), c.Tenant, on, fmt.Sprint("k", n), minute(n))
			is.NoErr(err)
			written = append(written, s)
		}
		f.view(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			first, err := tx.Replies.List(ctx, ports.ReplyQuery{Limit: 3})
			is.NoErr(err)
			is.Equal([]domain.ReplyID{first[0].ID, first[1].ID, first[2].ID}, []domain.ReplyID{written[3].ID, written[2].ID, written[1].ID})
			rest, err := tx.Replies.List(ctx, ports.ReplyQuery{Limit: 3, After: ports.Position{At: first[2].CreatedAt, ID: first[2].ID.String()}})
			is.NoErr(err)
			is.Equal(len(rest), 1)
			of, err := tx.Replies.List(ctx, ports.ReplyQuery{Limit: 9, Ticket: elsewhere, Deliveries: []domain.DeliveryStatus{domain.DeliveryQueued}})
			is.NoErr(err)
			is.Equal(len(of), 1)
			none, err := tx.Replies.List(ctx, ports.ReplyQuery{Limit: 9, Deliveries: []domain.DeliveryStatus{domain.DeliveryFailed, domain.DeliveryUnknown}})
			is.NoErr(err)
			is.Equal(len(none), 0)
			early, err := tx.Replies.List(ctx, ports.ReplyQuery{Limit: 9, Before: minute(1)})
			is.NoErr(err)
			is.Equal(len(early), 1)
			_, err = tx.Replies.List(ctx, ports.ReplyQuery{})
			is.True(errors.Is(err, domain.ErrInvalid))

			due, err := tx.Replies.Due(ctx, c.ID, minute(1), 9)
			is.NoErr(err)
			is.Equal(len(due), 2)
			is.Equal(due[0].ID, written[0].ID)
			next, err := tx.Replies.NextDue(ctx, c.ID)
			is.NoErr(err)
			is.Equal(next, written[0].DueAt)
			next, err = tx.Replies.NextDue(ctx, domain.NewID[domain.ConnectionID]())
			is.NoErr(err)
			is.True(next.IsZero())
			return nil
		})
	},
	"what becomes known of a message becomes known of its reply": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		s, err := f.write(t.Context(), c.Tenant, f.answerable(t, c, "a"), "k1", start)
		is.NoErr(err)
		f.update(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			if _, err := tx.SyncStates.Lock(ctx, c.ID); err != nil {
				return err
			}
			if _, err := tx.Pages.Candidates(ctx, c.ID, domain.ConversationKeys{Threads: []string{"th-a"}}, later); err != nil {
				return err
			}
			return tx.Pages.Store(ctx, domain.PageWrite{Deliveries: []domain.DeliveryChange{{Message: s.Message, Delivery: domain.DeliveryConfirmed}}})
		})
		f.view(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			r, err := tx.Replies.Get(ctx, s.ID)
			is.NoErr(err)
			is.Equal(r.State().Delivery, domain.DeliveryConfirmed)
			return nil
		})
	},
}
