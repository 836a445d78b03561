package postgres

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/keybuzzio/marketplaces/domain"
)

// What a changed ticket may change. The rest is settled when it is opened.
var changedTickets = newTable("tickets", byID,
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
)

var newTickets = newTable("tickets", noKey, append([]column[domain.TicketState]{
	idColumn("connection_id", func(t domain.TicketState) uuid.UUID { return t.Connection.UUID }),
	textColumn("channel", func(t domain.TicketState) string { return string(t.Channel) }),
	textOrNull("external_id", func(t domain.TicketState) string { return t.ExternalID }),
	timeColumn("created_at", func(t domain.TicketState) time.Time { return t.CreatedAt }),
}, changedTickets.columns...)...)

var externalMessages = newTable("external_messages", byTenantAndID,
	idColumn("id", func(m domain.ExternalMessage) uuid.UUID { return m.ID.UUID }),
	idColumn("connection_id", func(m domain.ExternalMessage) uuid.UUID { return m.Connection.UUID }),
	textColumn("type", func(m domain.ExternalMessage) string { return string(m.Type) }),
	textColumn("kind", func(m domain.ExternalMessage) string { return string(m.Kind) }),
	textOrNull("evidence", func(m domain.ExternalMessage) string { return m.Evidence }),
	intOrNull("parser", func(m domain.ExternalMessage) int { return m.Parser }),
	textColumn("external_id", func(m domain.ExternalMessage) string { return m.ExternalID }),
	textOrNull("mail_id", func(m domain.ExternalMessage) string { return m.MailID }),
	textOrNull("thread_id", func(m domain.ExternalMessage) string { return m.ThreadID }),
	textOrNull("order_id", func(m domain.ExternalMessage) string { return m.OrderID }),
	textOrNull("buyer_name", func(m domain.ExternalMessage) string { return m.BuyerName }),
	textOrNull("buyer_email", func(m domain.ExternalMessage) string { return m.BuyerEmail }),
	textOrNull("language", func(m domain.ExternalMessage) string { return m.Language }),
	textOrNull("subject", func(m domain.ExternalMessage) string { return m.Subject }),
	jsonOrNull("facts", func(m domain.ExternalMessage) (any, bool) { return m.Facts, len(m.Facts) > 0 }),
	jsonOrNull("flags", func(m domain.ExternalMessage) (any, bool) { return m.Flags, len(m.Flags) > 0 }),
	jsonOrNull("safety_flags", func(m domain.ExternalMessage) (any, bool) {
		return newSafetyFlags(m.SafetyFlags), len(m.SafetyFlags) > 0
	}),
	timeColumn("received_at", func(m domain.ExternalMessage) time.Time { return m.ReceivedAt }),
	newColumn("raw", "jsonb", func(m domain.ExternalMessage) json.RawMessage { return rawJSON(m.Source) }),
	digestColumn("raw_digest", func(m domain.ExternalMessage) domain.Digest { return m.Source.Digest }),
	idColumn("raw_key", func(m domain.ExternalMessage) uuid.UUID { return m.Source.Key.UUID }),
	idColumn("ticket_id", func(m domain.ExternalMessage) uuid.UUID { return m.Ticket.UUID }),
	textOrNull("quarantine", func(m domain.ExternalMessage) string { return string(m.Quarantine) }),
	textOrNull("recipient", func(m domain.ExternalMessage) string { return m.Recipient }),
)

// A message that joins a ticket is not in quarantine any more.
var joinedMessages = newTable("external_messages", byTenantAndID,
	idColumn("id", func(j domain.Joined) uuid.UUID { return j.Message.UUID }),
	idColumn("ticket_id", func(j domain.Joined) uuid.UUID { return j.Ticket.UUID }),
	textOrNull("quarantine", func(domain.Joined) string { return "" }),
)

var ticketMessages = newTable("ticket_messages", byTenantAndID,
	idColumn("id", func(m domain.TicketMessage) uuid.UUID { return m.ID.UUID }),
	idColumn("ticket_id", func(m domain.TicketMessage) uuid.UUID { return m.Ticket.UUID }),
	idColumn("external_message_id", func(m domain.TicketMessage) uuid.UUID { return m.ExternalMessage.UUID }),
	textColumn("sender_type", func(m domain.TicketMessage) string { return string(m.SenderType) }),
	textOrNull("sender_name", func(m domain.TicketMessage) string { return m.SenderName }),
	textColumn("body", func(m domain.TicketMessage) string { return m.Body }),
	textOrNull("quoted", func(m domain.TicketMessage) string { return m.Quoted }),
	textColumn("source", func(m domain.TicketMessage) string { return string(m.Source) }),
	newColumn("is_internal", "bool", func(m domain.TicketMessage) bool { return m.Internal }),
	textOrNull("mail_id", func(m domain.TicketMessage) string { return m.MailID }),
	textOrNull("delivery", func(m domain.TicketMessage) string { return string(m.Delivery) }),
	jsonColumn("safety_flags", func(m domain.TicketMessage) any { return newSafetyFlags(m.SafetyFlags) }),
	timeColumn("sent_at", func(m domain.TicketMessage) time.Time { return m.SentAt }),
)

var deliveries = newTable("ticket_messages", byTenantAndID,
	idColumn("id", func(d domain.DeliveryChange) uuid.UUID { return d.Message.UUID }),
	textOrNull("delivery", func(d domain.DeliveryChange) string { return string(d.Delivery) }),
)

// replyOutcomes are deliveries as the reply has them that the message is of. A message that is no reply's has none.
const replyOutcomes = `
	UPDATE marketplace.replies AS r SET delivery = o.delivery, cause = o.cause, changed_at = now()
	FROM unnest($2::uuid[], $3::text[], $4::text[]) AS o (id, delivery, cause)
	WHERE r.message_id = o.id AND r.delivery <> o.delivery AND r.tenant_id || '' = $1`

var replyChanges = newTable("replies", noKey, append(slices.Clone(deliveries.columns),
	textOrNull("cause", func(d domain.DeliveryChange) string { return d.Delivery.Cause() }))...)

// settleReplies notes at the replies what became known of their messages.
func settleReplies(b *batch, all []domain.DeliveryChange) {
	if len(all) > 0 {
		*b = append(*b, statement{op: "settle replies", text: replyOutcomes, args: replyChanges.values(all), must: anyRows})
	}
}

var ticketEvents = newTable("ticket_events", noKey,
	idColumn("id", func(e domain.TicketEvent) uuid.UUID { return e.ID.UUID }),
	idColumn("ticket_id", func(e domain.TicketEvent) uuid.UUID { return e.Ticket.UUID }),
	idColumn("ticket_message_id", func(e domain.TicketEvent) uuid.UUID { return e.Message.UUID }),
	idColumn("external_message_id", func(e domain.TicketEvent) uuid.UUID { return e.Origin.UUID }),
	textColumn("type", func(e domain.TicketEvent) string { return string(e.Type) }),
	textColumn("actor_type", func(e domain.TicketEvent) string { return string(e.Actor) }),
	textOrNull("actor_id", func(e domain.TicketEvent) string { return e.ActorID }),
	jsonColumn("payload", func(e domain.TicketEvent) any { return e.Payload }),
	timeColumn("created_at", func(e domain.TicketEvent) time.Time { return e.At }),
)

// The raw of a sealed message is in raw_contents. The same bytes rejected again for the same reason are there already.
var rejectedMessages = newTable("rejected_messages", noKey,
	idColumn("id", func(m domain.RejectedMessage) uuid.UUID { return m.ID.UUID }),
	idColumn("connection_id", func(m domain.RejectedMessage) uuid.UUID { return m.Connection.UUID }),
	textColumn("type", func(m domain.RejectedMessage) string { return string(m.Type) }),
	textColumn("external_id", func(m domain.RejectedMessage) string { return m.ExternalID }),
	textColumn("reason", func(m domain.RejectedMessage) string { return string(m.Reason) }),
	textOrNull("detail", func(m domain.RejectedMessage) string { return m.Detail }),
	textOrNull("media_type", func(m domain.RejectedMessage) string { return m.Source.MediaType }),
	newColumn("raw", "bytea", func(m domain.RejectedMessage) []byte {
		switch {
		case m.Source.Sealed():
			return nil // which is NULL
		case m.Source.Bytes == nil:
			return []byte{}
		}
		return m.Source.Bytes
	}),
	newColumn("raw_size", "integer", func(m domain.RejectedMessage) int { return m.Source.Size }),
	digestColumn("raw_digest", func(m domain.RejectedMessage) domain.Digest { return m.Source.Digest }),
	idColumn("raw_key", func(m domain.RejectedMessage) uuid.UUID { return m.Source.Key.UUID }),
	timeColumn("received_at", func(m domain.RejectedMessage) time.Time { return m.ReceivedAt }),
).unlessThere()
