package postgres

import (
	"context"
	"encoding/base64"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/keybuzzio/marketplaces/domain"
)

// Store implements ports.Intake: a statement a table, whatever the intake holds.
func (q intake) Store(ctx context.Context, in domain.Intake) error {
	opened, changed := states(in.Opened), states(in.Changed)
	for _, step := range []func() error{
		func() error { return insert(ctx, q, newTickets, opened) },
		func() error { return update(ctx, q, changedTickets, changed) },
		func() error { return insert(ctx, q, externalMessages, in.Messages) },
		func() error { return insert(ctx, q, ticketMessages, in.TicketMessages) },
		func() error { return insert(ctx, q, ticketEvents, in.Events) },
		// The same bytes rejected again for the same reason are there already.
		func() error { return insert(ctx, q, rejectedMessages, in.Rejected, "ON CONFLICT DO NOTHING") },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func states(tickets []*domain.Ticket) []domain.TicketState {
	out := make([]domain.TicketState, len(tickets))
	for i, t := range tickets {
		out[i] = t.State()
	}
	return out
}

// insert writes new rows. Their identity is decided by the table's constraints.
func insert[R any](ctx context.Context, q intake, t table[R], rows []R, tail ...string) error {
	if len(rows) == 0 {
		return nil
	}
	statement, args := t.insert(rows)
	_, err := q.exec(ctx, "insert into "+t.name, strings.Join(append([]string{statement}, tail...), " "), args)
	return err
}

// update changes rows that must all be there.
func update[R any](ctx context.Context, q intake, t table[R], rows []R) error {
	if len(rows) == 0 {
		return nil
	}
	statement, args := t.update(rows)
	n, err := q.exec(ctx, "update "+t.name, statement, args)
	if err == nil && n != len(rows) {
		return errNone // a row that is not there, or not this tenant's
	}
	return err
}

// What a changed ticket may change. The rest is settled when it is opened.
var changedTickets = table[domain.TicketState]{"tickets", []column[domain.TicketState]{
	idColumn("id", func(t domain.TicketState) uuid.UUID { return t.ID.UUID }),
	textOrNull("order_id", func(t domain.TicketState) string { return t.OrderID }),
	textColumn("subject", func(t domain.TicketState) string { return t.Subject }),
	textColumn("status", func(t domain.TicketState) string { return string(t.Status) }),
	textColumn("priority", func(t domain.TicketState) string { return string(t.Priority) }),
	textOrNull("customer_name", func(t domain.TicketState) string { return t.CustomerName }),
	textOrNull("customer_email", func(t domain.TicketState) string { return t.CustomerEmail }),
	jsonColumn("safety_flags", func(t domain.TicketState) any { return newSafetyFlags(t.SafetyFlags) }),
	textOrNull("auto_send_blocked_reason", func(t domain.TicketState) string { return t.AutoSendBlockedReason }),
	timeColumn("last_message_at", func(t domain.TicketState) time.Time { return t.LastMessageAt }),
	timeColumn("updated_at", func(t domain.TicketState) time.Time { return t.UpdatedAt }),
}}

var newTickets = table[domain.TicketState]{"tickets", append([]column[domain.TicketState]{
	idColumn("connection_id", func(t domain.TicketState) uuid.UUID { return t.Connection.UUID }),
	textColumn("channel", func(t domain.TicketState) string { return string(t.Channel) }),
	textOrNull("external_id", func(t domain.TicketState) string { return t.ExternalID }),
	timeColumn("created_at", func(t domain.TicketState) time.Time { return t.CreatedAt }),
}, changedTickets.columns...)}

var externalMessages = table[domain.ExternalMessage]{"external_messages", []column[domain.ExternalMessage]{
	idColumn("id", func(m domain.ExternalMessage) uuid.UUID { return m.ID.UUID }),
	idColumn("connection_id", func(m domain.ExternalMessage) uuid.UUID { return m.Connection.UUID }),
	textColumn("type", func(m domain.ExternalMessage) string { return string(m.Type) }),
	textColumn("kind", func(m domain.ExternalMessage) string { return string(m.Kind) }),
	textColumn("external_id", func(m domain.ExternalMessage) string { return m.ExternalID }),
	textOrNull("thread_id", func(m domain.ExternalMessage) string { return m.ThreadID }),
	textOrNull("order_id", func(m domain.ExternalMessage) string { return m.OrderID }),
	textOrNull("buyer_name", func(m domain.ExternalMessage) string { return m.BuyerName }),
	textOrNull("buyer_email", func(m domain.ExternalMessage) string { return m.BuyerEmail }),
	textOrNull("language", func(m domain.ExternalMessage) string { return m.Language }),
	timeColumn("received_at", func(m domain.ExternalMessage) time.Time { return m.ReceivedAt }),
	jsonColumn("raw", func(m domain.ExternalMessage) any { return newRawColumn(m.Raw) }),
	idColumn("ticket_id", func(m domain.ExternalMessage) uuid.UUID { return m.Ticket.UUID }),
}}

var ticketMessages = table[domain.TicketMessage]{"ticket_messages", []column[domain.TicketMessage]{
	idColumn("id", func(m domain.TicketMessage) uuid.UUID { return m.ID.UUID }),
	idColumn("ticket_id", func(m domain.TicketMessage) uuid.UUID { return m.Ticket.UUID }),
	idColumn("external_message_id", func(m domain.TicketMessage) uuid.UUID { return m.ExternalMessage.UUID }),
	textColumn("sender_type", func(m domain.TicketMessage) string { return string(m.SenderType) }),
	textOrNull("sender_name", func(m domain.TicketMessage) string { return m.SenderName }),
	textColumn("body", func(m domain.TicketMessage) string { return m.Body }),
	textColumn("source", func(m domain.TicketMessage) string { return string(m.Source) }),
	newColumn("is_internal", "bool", func(m domain.TicketMessage) bool { return m.Internal }),
	jsonColumn("safety_flags", func(m domain.TicketMessage) any { return newSafetyFlags(m.SafetyFlags) }),
	timeColumn("sent_at", func(m domain.TicketMessage) time.Time { return m.SentAt }),
}}

var ticketEvents = table[domain.TicketEvent]{"ticket_events", []column[domain.TicketEvent]{
	idColumn("id", func(e domain.TicketEvent) uuid.UUID { return e.ID.UUID }),
	idColumn("ticket_id", func(e domain.TicketEvent) uuid.UUID { return e.Ticket.UUID }),
	idColumn("ticket_message_id", func(e domain.TicketEvent) uuid.UUID { return e.Message.UUID }),
	textColumn("type", func(e domain.TicketEvent) string { return string(e.Type) }),
	textColumn("actor_type", func(e domain.TicketEvent) string { return string(e.Actor) }),
	textOrNull("actor_id", func(e domain.TicketEvent) string { return e.ActorID }),
	jsonColumn("payload", func(e domain.TicketEvent) any { return e.Payload }),
	timeColumn("created_at", func(e domain.TicketEvent) time.Time { return e.At }),
}}

var rejectedMessages = table[domain.RejectedMessage]{"rejected_messages", []column[domain.RejectedMessage]{
	idColumn("id", func(m domain.RejectedMessage) uuid.UUID { return m.ID.UUID }),
	idColumn("connection_id", func(m domain.RejectedMessage) uuid.UUID { return m.Connection.UUID }),
	textColumn("type", func(m domain.RejectedMessage) string { return string(m.Type) }),
	textColumn("external_id", func(m domain.RejectedMessage) string { return m.ExternalID }),
	textColumn("reason", func(m domain.RejectedMessage) string { return string(m.Reason) }),
	textOrNull("detail", func(m domain.RejectedMessage) string { return m.Detail }),
	textOrNull("media_type", func(m domain.RejectedMessage) string { return m.MediaType }),
	newColumn("raw", "bytea", func(m domain.RejectedMessage) []byte { return m.Raw }),
	timeColumn("received_at", func(m domain.RejectedMessage) time.Time { return m.ReceivedAt }),
}}

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
