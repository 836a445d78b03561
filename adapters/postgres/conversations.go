package postgres

import (
	"context"
	"database/sql"

	"github.com/keybuzzio/marketplaces/domain"
)

type conversations struct{ intake }

// Lock implements ports.Conversations.
func (q conversations) Lock(ctx context.Context, id domain.TicketID) (c domain.Conversation, err error) {
	locked, err := q.lockTickets(ctx, []domain.TicketID{id})
	if err != nil {
		return c, err
	}
	if len(locked) == 0 {
		return c, errNone
	}
	c.Ticket = locked[0]
	c.Buyer, err = q.buyer(ctx, id)
	return c, err
}

// Get implements ports.Conversations.
func (q conversations) Get(ctx context.Context, id domain.TicketID) (c domain.Conversation, err error) {
	if c.Ticket, err = tickets(q).Get(ctx, id); err != nil {
		return c, err
	}
	c.Buyer, err = q.buyer(ctx, id)
	return c, err
}

// buyer returns the newest message of a conversation's buyer, the zero value when there is none.
func (q conversations) buyer(ctx context.Context, id domain.TicketID) (b domain.ExternalMessage, err error) {
	err = q.each(ctx, "find the buyer's newest message", func(rows *sql.Rows) error {
		b.Tenant, b.Ticket = q.tenant, id
		err := rows.Scan(&b.ID, &b.Connection, &b.Type, &b.Kind, &b.ExternalID, &b.MailID, &b.ThreadID, &b.OrderID, &b.BuyerName,
			&b.BuyerEmail, &b.Language, &b.Subject, &b.ReceivedAt, &b.Recipient)
		b.ReceivedAt = utc(b.ReceivedAt)
		return err
	}, `
		SELECT m.id, m.connection_id, m.type, m.kind, m.external_id, coalesce(m.mail_id, ''), coalesce(m.thread_id, ''),
			coalesce(m.order_id, ''), coalesce(m.buyer_name, ''), coalesce(m.buyer_email, ''), coalesce(m.language, ''),
			coalesce(m.subject, ''), m.received_at, coalesce(m.recipient, '')
		FROM (SELECT t.external_message_id FROM marketplace.ticket_messages t
			WHERE t.tenant_id = $1 AND t.ticket_id = $2 AND t.sender_type = $3 AND t.external_message_id IS NOT NULL
			ORDER BY t.sent_at DESC, t.id DESC LIMIT 1) AS newest
		JOIN marketplace.external_messages m ON m.tenant_id = $1 AND m.id = newest.external_message_id`,
		q.tenant.String(), uuidValue(id.UUID), string(domain.SenderCustomer))
	return b, err
}

// Save implements ports.Conversations.
func (q conversations) Save(ctx context.Context, w domain.ConversationWrite) error {
	in := domain.PageWrite{TicketMessages: w.Messages, Events: w.Events}
	if w.Ticket != nil {
		in.Changed = []*domain.Ticket{w.Ticket}
	}
	return q.Store(ctx, in)
}
