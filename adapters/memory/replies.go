package memory

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

type conversations struct{ *transaction }

// Lock implements ports.Conversations.
func (x conversations) Lock(ctx context.Context, id domain.TicketID) (c domain.Conversation, err error) {
	if err := x.change(ctx); err != nil {
		return c, err
	}
	if c, err = x.Get(ctx, id); err == nil {
		x.locked[ticketLock(id)] = true
	}
	return c, err
}

// Get implements ports.Conversations.
func (x conversations) Get(ctx context.Context, id domain.TicketID) (c domain.Conversation, err error) {
	if c.Ticket, err = (tickets(x)).Get(ctx, id); err != nil {
		return c, err
	}
	var newest domain.TicketMessage
	for _, m := range x.rows.ticketMessages {
		later := cmp.Or(m.SentAt.Compare(newest.SentAt), cmp.Compare(m.ID.String(), newest.ID.String())) > 0
		if m.Ticket == id && m.SenderType == domain.SenderCustomer && m.ExternalMessage != (domain.MessageID{}) && later {
			newest = m
		}
	}
	if newest.ExternalMessage != (domain.MessageID{}) {
		b := copyMessage(x.rows.messages[newest.ExternalMessage])
		c.Buyer = domain.ExternalMessage{
			ID: b.ID, Tenant: b.Tenant, Connection: b.Connection, Type: b.Type, Kind: b.Kind, ExternalID: b.ExternalID, MailID: b.MailID,
			ThreadID: b.ThreadID, OrderID: b.OrderID, BuyerName: b.BuyerName, BuyerEmail: b.BuyerEmail, Language: b.Language,
			Subject: b.Subject, ReceivedAt: b.ReceivedAt, Ticket: id, Recipient: b.Recipient,
		}
	}
	return c, nil
}

// Save implements ports.Conversations.
func (x conversations) Save(ctx context.Context, w domain.ConversationWrite) error {
	in := domain.PageWrite{TicketMessages: w.Messages, Events: w.Events}
	if w.Ticket != nil {
		in.Changed = []*domain.Ticket{w.Ticket}
	}
	return (intake(x)).Store(ctx, in)
}

type replies struct{ *transaction }

func copyReply(s domain.ReplyState) domain.ReplyState {
	s.Overrides = slices.Clone(s.Overrides)
	s.DueAt, s.Deadline, s.HandedOverAt = stored(s.DueAt), stored(s.Deadline), stored(s.HandedOverAt)
	s.ChangedAt, s.CreatedAt = stored(s.ChangedAt), stored(s.CreatedAt)
	return s
}

// Insert implements ports.Replies.
func (x replies) Insert(ctx context.Context, r *domain.Reply) error {
	if err := x.change(ctx); err != nil {
		return err
	}
	s := copyReply(r.State())
	if _, there := x.rows.tickets[s.Ticket]; !there || s.Tenant != x.tenant {
		return x.fail(errNone)
	}
	if _, there := x.rows.connections[s.Connection]; !there {
		return x.fail(errNone)
	}
	if err := x.holds(ticketLock(s.Ticket)); err != nil {
		return x.fail(err)
	}
	if err := add(x.rows.replyKeys, s.Key, s.ID); err != nil {
		return x.fail(err)
	}
	return x.fail(add(x.rows.replies, s.ID, s))
}

// Get implements ports.Replies.
func (x replies) Get(ctx context.Context, id domain.ReplyID) (*domain.Reply, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, there := x.rows.replies[id]
	if !there {
		return nil, errNone
	}
	return domain.RestoreReply(copyReply(s))
}

// ByKey implements ports.Replies.
func (x replies) ByKey(ctx context.Context, key string) (*domain.Reply, error) {
	return x.Get(ctx, x.rows.replyKeys[key])
}

// Lock implements ports.Replies.
func (x replies) Lock(ctx context.Context, id domain.ReplyID) (*domain.Reply, error) {
	if err := x.change(ctx); err != nil {
		return nil, err
	}
	x.locked[replyLock(id)] = true
	return x.Get(ctx, id)
}

// Save implements ports.Replies.
func (x replies) Save(ctx context.Context, r *domain.Reply) error {
	s := r.State()
	if err := x.HandOver(ctx, r); err != nil {
		return err
	}
	if m, there := x.rows.ticketMessages[s.Message]; there && m.Delivery != s.Delivery {
		if err := x.holds(ticketLock(s.Ticket)); err != nil {
			return x.fail(err)
		}
		m.Delivery = s.Delivery
		x.rows.ticketMessages[s.Message] = m
	}
	return nil
}

// HandOver implements ports.Replies.
func (x replies) HandOver(ctx context.Context, r *domain.Reply) error {
	if err := x.change(ctx); err != nil {
		return err
	}
	s := copyReply(r.State())
	if _, there := x.rows.replies[s.ID]; !there {
		return x.fail(errNone)
	}
	if err := x.holds(replyLock(s.ID)); err != nil {
		return x.fail(err)
	}
	x.rows.replies[s.ID] = s
	return nil
}

// List implements ports.Replies.
func (x replies) List(ctx context.Context, q ports.ReplyQuery) ([]domain.ReplyState, error) {
	var found []domain.ReplyState
	for _, s := range x.rows.replies {
		if (q.Ticket == domain.TicketID{} || s.Ticket == q.Ticket) && (q.Before.IsZero() || s.ChangedAt.Before(q.Before)) &&
			(len(q.Deliveries) == 0 || slices.Contains(q.Deliveries, s.Delivery)) {
			found = append(found, copyReply(s))
		}
	}
	place := func(s domain.ReplyState) ports.Position { return ports.Position{At: s.CreatedAt, ID: s.ID.String()} }
	return page(ctx, found, place, func(a, b ports.Position) int { return rising(b, a) }, q.After, q.Limit)
}

// Due implements ports.Replies.
func (x replies) Due(ctx context.Context, c domain.ConnectionID, now time.Time, limit int) ([]domain.ReplyState, error) {
	var found []domain.ReplyState
	for _, s := range x.rows.replies {
		queued := s.Delivery == domain.DeliveryQueued && !s.DueAt.After(now)
		if s.Connection == c && (queued || s.Delivery == domain.DeliverySending) {
			found = append(found, copyReply(s))
		}
	}
	place := func(s domain.ReplyState) ports.Position { return ports.Position{At: s.DueAt, ID: s.ID.String()} }
	return page(ctx, found, place, rising, ports.Position{}, limit)
}

// NextDue implements ports.Replies.
func (x replies) NextDue(ctx context.Context, c domain.ConnectionID) (next time.Time, err error) {
	for _, s := range x.rows.replies {
		if s.Connection == c && s.Delivery == domain.DeliveryQueued && (next.IsZero() || s.DueAt.Before(next)) {
			next = s.DueAt
		}
	}
	return next, ctx.Err()
}
