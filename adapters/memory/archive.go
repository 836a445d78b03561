package memory

import (
	"bytes"
	"context"
	"slices"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/domain/safety"
	"github.com/keybuzzio/marketplaces/ports"
)

type archive struct{ *transaction }

func (x archive) Count(ctx context.Context, after domain.MessageID) (int, error) {
	return len(x.behind(after)), ctx.Err()
}

func (x archive) Message(ctx context.Context, id domain.MessageID) (domain.Stored, error) {
	if err := ctx.Err(); err != nil {
		return domain.Stored{}, err
	}
	if _, there := x.rows.messages[id]; !there {
		return domain.Stored{}, errNone
	}
	return x.stored(id), nil
}

func (x archive) Messages(ctx context.Context, after domain.MessageID, limit, size int) ([]domain.Stored, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if limit < 1 || size < 1 {
		return nil, errNoPage
	}
	var page []domain.Stored
	for _, id := range x.behind(after) {
		if len(page) == limit || size <= 0 {
			break
		}
		m := x.stored(id)
		page, size = append(page, m), size-m.Message.Source.Size
	}
	return page, nil
}

func (x archive) Present(ctx context.Context, ids []domain.MessageID) ([]domain.Stored, error) {
	var present []domain.Stored
	for _, id := range x.behind(domain.MessageID{}) {
		if slices.Contains(ids, id) {
			m := x.stored(id)
			m.Message.Source.Bytes = nil
			present = append(present, m)
		}
	}
	return present, ctx.Err()
}

// behind returns the ids of messages behind after, rising.
func (x archive) behind(after domain.MessageID) (ids []domain.MessageID) {
	for id := range x.rows.messages {
		if bytes.Compare(id.UUID[:], after.UUID[:]) > 0 {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b domain.MessageID) int { return bytes.Compare(a.UUID[:], b.UUID[:]) })
	return ids
}

func (x archive) stored(id domain.MessageID) domain.Stored {
	m := domain.Stored{Message: x.rows.message(id)}
	if on, there := x.rows.mapped[id]; there {
		m.OnTicket = copyTicketMessage(x.rows.ticketMessages[on])
	}
	return m
}

func (x archive) LockConversations(ctx context.Context, ids []domain.TicketID) ([]ports.Conversation, error) {
	if err := x.change(ctx); err != nil {
		return nil, err
	}
	for _, id := range ids {
		x.locked[ticketLock(id)] = true
	}
	return x.Conversations(ctx, ids)
}

func (x archive) Conversations(ctx context.Context, ids []domain.TicketID) ([]ports.Conversation, error) {
	var found []ports.Conversation
	for _, id := range ids {
		s, there := x.rows.tickets[id]
		if !there {
			continue
		}
		ticket, err := domain.RestoreTicket(copyTicket(s))
		if err != nil {
			return nil, err
		}
		c := ports.Conversation{Ticket: ticket, Flags: map[domain.TicketMessageID][]safety.Flag{}, Events: map[domain.MessageID][]safety.Flag{}}
		for _, m := range x.rows.ticketMessages {
			if m.Ticket == id && len(m.SafetyFlags) > 0 {
				c.Flags[m.ID] = slices.Clone(m.SafetyFlags)
			}
		}
		for _, m := range x.rows.messages {
			if m.Ticket == id && len(m.SafetyFlags) > 0 {
				c.Events[m.ID] = slices.Clone(m.SafetyFlags)
			}
		}
		found = append(found, c)
	}
	slices.SortFunc(found, func(a, b ports.Conversation) int {
		p, q := a.Ticket.State().ID, b.Ticket.State().ID
		return bytes.Compare(p.UUID[:], q.UUID[:])
	})
	return found, ctx.Err()
}

func (x archive) Rewrite(ctx context.Context, messages []domain.Stored) error {
	if err := x.change(ctx); err != nil {
		return err
	}
	for _, m := range messages {
		if err := x.rewrite(m); err != nil {
			return x.fail(err)
		}
	}
	return nil
}

func (x archive) rewrite(m domain.Stored) error {
	old, there := x.rows.messages[m.Message.ID]
	if !there || m.Message.Tenant != x.tenant {
		return errNone
	}
	if err := x.holds(syncStateLock(old.Connection)); err != nil {
		return err
	}
	if _, there := x.rows.tickets[m.Message.Ticket]; !there && m.Message.Ticket != (domain.TicketID{}) {
		return errNone
	}
	is := copyMessage(m.Message)
	is.ID, is.Tenant, is.Connection, is.Type, is.ExternalID, is.Source = old.ID, old.Tenant, old.Connection, old.Type, old.ExternalID, old.Source
	is.Files = withIDs(is.Files)
	x.rows.messages[old.ID] = is
	if m.OnTicket.ID == (domain.TicketMessageID{}) {
		return nil
	}
	on, there := x.rows.ticketMessages[m.OnTicket.ID]
	if !there || m.OnTicket.Tenant != x.tenant {
		return errNone
	}
	on.SenderName, on.Body, on.Quoted, on.MailID = m.OnTicket.SenderName, m.OnTicket.Body, m.OnTicket.Quoted, m.OnTicket.MailID
	on.SafetyFlags, on.SentAt = m.OnTicket.SafetyFlags, m.OnTicket.SentAt
	x.rows.ticketMessages[on.ID] = copyTicketMessage(on)
	return nil
}
