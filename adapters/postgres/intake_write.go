package postgres

import (
	"context"
	"encoding/base64"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/keybuzzio/marketplaces/domain"
)

func (q intake) insertTickets(ctx context.Context, in domain.Intake) error {
	if len(in.Opened) == 0 {
		return nil
	}
	rows := column(in.Opened, (*domain.Ticket).State)
	flags, err := jsonColumn(rows, func(t domain.TicketState) any { return newSafetyFlags(t.SafetyFlags) })
	if err != nil {
		return err
	}
	return q.insert(ctx, "insert tickets", `
		INSERT INTO marketplace.tickets (tenant_id, id, connection_id, channel, external_id, order_id, subject, status, priority,
			customer_name, customer_email, safety_flags, auto_send_blocked_reason, last_message_at, created_at, updated_at)
		SELECT $1, id, connection_id, channel, nullif(external_id, ''), nullif(order_id, ''), subject, status, priority,
			nullif(customer_name, ''), nullif(customer_email, ''), safety_flags::jsonb, nullif(reason, ''),
			last_message_at, created_at, updated_at
		FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
			$10::text[], $11::text[], $12::text[], $13::text[], $14::timestamptz[], $15::timestamptz[], $16::timestamptz[])
			AS t (id, connection_id, channel, external_id, order_id, subject, status, priority,
			customer_name, customer_email, safety_flags, reason, last_message_at, created_at, updated_at)`,
		column(rows, func(t domain.TicketState) pgtype.UUID { return uuidValue(t.ID.UUID) }),
		column(rows, func(t domain.TicketState) pgtype.UUID { return uuidValue(t.Connection.UUID) }),
		column(rows, func(t domain.TicketState) string { return string(t.Channel) }),
		column(rows, func(t domain.TicketState) string { return t.ExternalID }),
		column(rows, func(t domain.TicketState) string { return t.OrderID }),
		column(rows, func(t domain.TicketState) string { return t.Subject }),
		column(rows, func(t domain.TicketState) string { return string(t.Status) }),
		column(rows, func(t domain.TicketState) string { return string(t.Priority) }),
		column(rows, func(t domain.TicketState) string { return t.CustomerName }),
		column(rows, func(t domain.TicketState) string { return t.CustomerEmail }),
		flags,
		column(rows, func(t domain.TicketState) string { return t.AutoSendBlockedReason }),
		column(rows, func(t domain.TicketState) time.Time { return t.LastMessageAt }),
		column(rows, func(t domain.TicketState) time.Time { return t.CreatedAt }),
		column(rows, func(t domain.TicketState) time.Time { return t.UpdatedAt }),
	)
}

func (q intake) updateTickets(ctx context.Context, in domain.Intake) error {
	if len(in.Changed) == 0 {
		return nil
	}
	rows := column(in.Changed, (*domain.Ticket).State)
	flags, err := jsonColumn(rows, func(t domain.TicketState) any { return newSafetyFlags(t.SafetyFlags) })
	if err != nil {
		return err
	}
	n, err := q.exec(ctx, "update tickets", `
		UPDATE marketplace.tickets t SET order_id = nullif(n.order_id, ''), subject = n.subject, status = n.status,
			priority = n.priority, customer_name = nullif(n.customer_name, ''), customer_email = nullif(n.customer_email, ''),
			safety_flags = n.safety_flags::jsonb, auto_send_blocked_reason = nullif(n.reason, ''),
			last_message_at = n.last_message_at, updated_at = n.updated_at
		FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
			$10::text[], $11::timestamptz[], $12::timestamptz[])
			AS n (id, order_id, subject, status, priority, customer_name, customer_email, safety_flags, reason,
			last_message_at, updated_at)
		WHERE t.id = n.id AND $1 = t.tenant_id || ''`,
		column(rows, func(t domain.TicketState) pgtype.UUID { return uuidValue(t.ID.UUID) }),
		column(rows, func(t domain.TicketState) string { return t.OrderID }),
		column(rows, func(t domain.TicketState) string { return t.Subject }),
		column(rows, func(t domain.TicketState) string { return string(t.Status) }),
		column(rows, func(t domain.TicketState) string { return string(t.Priority) }),
		column(rows, func(t domain.TicketState) string { return t.CustomerName }),
		column(rows, func(t domain.TicketState) string { return t.CustomerEmail }),
		flags,
		column(rows, func(t domain.TicketState) string { return t.AutoSendBlockedReason }),
		column(rows, func(t domain.TicketState) time.Time { return t.LastMessageAt }),
		column(rows, func(t domain.TicketState) time.Time { return t.UpdatedAt }),
	)
	if err == nil && n != len(rows) {
		return errOtherTenant // a ticket that is not there, or not this tenant's
	}
	return err
}

func (q intake) insertMessages(ctx context.Context, in domain.Intake) error {
	if len(in.Messages) == 0 {
		return nil
	}
	rows := in.Messages
	raws, err := jsonColumn(rows, func(m domain.ExternalMessage) any { return newRawColumn(m.Raw) })
	if err != nil {
		return err
	}
	return q.insert(ctx, "insert messages", `
		INSERT INTO marketplace.external_messages (tenant_id, id, connection_id, type, kind, external_id, thread_id, order_id,
			buyer_name, buyer_email, language, received_at, raw, ticket_id)
		SELECT $1, id, connection_id, type, kind, external_id, nullif(thread_id, ''), nullif(order_id, ''),
			nullif(buyer_name, ''), nullif(buyer_email, ''), nullif(language, ''), received_at, raw::jsonb, ticket_id
		FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
			$10::text[], $11::text[], $12::timestamptz[], $13::text[], $14::uuid[])
			AS m (id, connection_id, type, kind, external_id, thread_id, order_id, buyer_name, buyer_email, language,
			received_at, raw, ticket_id)`,
		column(rows, func(m domain.ExternalMessage) pgtype.UUID { return uuidValue(m.ID.UUID) }),
		column(rows, func(m domain.ExternalMessage) pgtype.UUID { return uuidValue(m.Connection.UUID) }),
		column(rows, func(m domain.ExternalMessage) string { return string(m.Type) }),
		column(rows, func(m domain.ExternalMessage) string { return string(m.Kind) }),
		column(rows, func(m domain.ExternalMessage) string { return m.ExternalID }),
		column(rows, func(m domain.ExternalMessage) string { return m.ThreadID }),
		column(rows, func(m domain.ExternalMessage) string { return m.OrderID }),
		column(rows, func(m domain.ExternalMessage) string { return m.BuyerName }),
		column(rows, func(m domain.ExternalMessage) string { return m.BuyerEmail }),
		column(rows, func(m domain.ExternalMessage) string { return m.Language }),
		column(rows, func(m domain.ExternalMessage) time.Time { return m.ReceivedAt }),
		raws,
		column(rows, func(m domain.ExternalMessage) pgtype.UUID { return uuidValue(m.Ticket.UUID) }),
	)
}

func (q intake) insertTicketMessages(ctx context.Context, in domain.Intake) error {
	if len(in.TicketMessages) == 0 {
		return nil
	}
	rows := in.TicketMessages
	flags, err := jsonColumn(rows, func(m domain.TicketMessage) any { return newSafetyFlags(m.SafetyFlags) })
	if err != nil {
		return err
	}
	return q.insert(ctx, "insert ticket messages", `
		INSERT INTO marketplace.ticket_messages (tenant_id, id, ticket_id, external_message_id, sender_type, sender_name,
			body, source, is_internal, safety_flags, sent_at)
		SELECT $1, id, ticket_id, external_message_id, sender_type, nullif(sender_name, ''), body, source, is_internal,
			safety_flags::jsonb, sent_at
		FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bool[],
			$10::text[], $11::timestamptz[])
			AS m (id, ticket_id, external_message_id, sender_type, sender_name, body, source, is_internal, safety_flags, sent_at)`,
		column(rows, func(m domain.TicketMessage) pgtype.UUID { return uuidValue(m.ID.UUID) }),
		column(rows, func(m domain.TicketMessage) pgtype.UUID { return uuidValue(m.Ticket.UUID) }),
		column(rows, func(m domain.TicketMessage) pgtype.UUID { return uuidValue(m.ExternalMessage.UUID) }),
		column(rows, func(m domain.TicketMessage) string { return string(m.SenderType) }),
		column(rows, func(m domain.TicketMessage) string { return m.SenderName }),
		column(rows, func(m domain.TicketMessage) string { return m.Body }),
		column(rows, func(m domain.TicketMessage) string { return string(m.Source) }),
		column(rows, func(m domain.TicketMessage) bool { return m.Internal }),
		flags,
		column(rows, func(m domain.TicketMessage) time.Time { return m.SentAt }),
	)
}

func (q intake) insertEvents(ctx context.Context, in domain.Intake) error {
	if len(in.Events) == 0 {
		return nil
	}
	rows := in.Events
	payloads, err := jsonColumn(rows, func(e domain.TicketEvent) any { return e.Payload })
	if err != nil {
		return err
	}
	return q.insert(ctx, "insert events", `
		INSERT INTO marketplace.ticket_events (tenant_id, id, ticket_id, ticket_message_id, type, actor_type, actor_id,
			payload, created_at)
		SELECT $1, id, ticket_id, ticket_message_id, type, actor_type, nullif(actor_id, ''), payload::jsonb, created_at
		FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::timestamptz[])
			AS e (id, ticket_id, ticket_message_id, type, actor_type, actor_id, payload, created_at)`,
		column(rows, func(e domain.TicketEvent) pgtype.UUID { return uuidValue(e.ID.UUID) }),
		column(rows, func(e domain.TicketEvent) pgtype.UUID { return uuidValue(e.Ticket.UUID) }),
		column(rows, func(e domain.TicketEvent) pgtype.UUID { return uuidValue(e.Message.UUID) }),
		column(rows, func(e domain.TicketEvent) string { return string(e.Type) }),
		column(rows, func(e domain.TicketEvent) string { return string(e.Actor) }),
		column(rows, func(e domain.TicketEvent) string { return e.ActorID }),
		payloads,
		column(rows, func(e domain.TicketEvent) time.Time { return e.At }),
	)
}

// insertRejected keeps what could not be mapped. The same bytes rejected again for the same reason are there already.
func (q intake) insertRejected(ctx context.Context, in domain.Intake) error {
	if len(in.Rejected) == 0 {
		return nil
	}
	rows := in.Rejected
	return q.insert(ctx, "insert rejected messages", `
		INSERT INTO marketplace.rejected_messages (tenant_id, id, connection_id, type, external_id, reason, raw, received_at)
		SELECT $1, * FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::timestamptz[])
		ON CONFLICT (connection_id, sha256(raw), reason) DO NOTHING`,
		column(rows, func(m domain.RejectedMessage) pgtype.UUID { return uuidValue(m.ID.UUID) }),
		column(rows, func(m domain.RejectedMessage) pgtype.UUID { return uuidValue(m.Connection.UUID) }),
		column(rows, func(m domain.RejectedMessage) string { return string(m.Type) }),
		column(rows, func(m domain.RejectedMessage) string { return m.ExternalID }),
		column(rows, func(m domain.RejectedMessage) string { return string(m.Reason) }),
		column(rows, func(m domain.RejectedMessage) []byte { return m.Raw }),
		column(rows, func(m domain.RejectedMessage) *time.Time {
			if m.ReceivedAt.IsZero() {
				return nil
			}
			return &m.ReceivedAt
		}),
	)
}

// uuidValue is an id as pgx sends it, NULL for the id of nothing.
func uuidValue(id uuid.UUID) pgtype.UUID {
	return pgtype.UUID{Bytes: id, Valid: id != uuid.Nil}
}

// rawColumn is a domain.Raw as the column raw keeps it, byte for byte: as text where it is text, else in base64. Its
// keys are stored data and never change.
type rawColumn struct {
	MediaType string `json:"mediaType"`
	Encoding  string `json:"encoding"` // utf-8 or base64
	Content   string `json:"content"`
}

func newRawColumn(r domain.Raw) rawColumn {
	// jsonb cannot hold a NUL, and JSON nothing but UTF-8.
	if text := string(r.Bytes); utf8.ValidString(text) && strings.IndexByte(text, 0) < 0 {
		return rawColumn{r.MediaType, "utf-8", text}
	}
	return rawColumn{r.MediaType, "base64", base64.StdEncoding.EncodeToString(r.Bytes)}
}
