package postgres

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/keybuzzio/marketplaces/domain"
)

const (
	// plainRaw is the bytes of a message's raw that is not sealed. They go as bytes: their JSON would take three times
	// their size in memory.
	plainRaw = `CASE m.raw ->> 'encoding' WHEN 'base64' THEN decode(m.raw ->> 'content', 'base64')
		ELSE convert_to(m.raw ->> 'content', 'UTF8') END`
	// rawSize is the size of a message's raw as it came, known without unpacking it.
	rawSize = `coalesce((m.raw ->> 'size')::bigint, CASE m.raw ->> 'encoding'
		WHEN 'base64' THEN octet_length(rtrim(m.raw ->> 'content', '=')) * 3::bigint / 4 ELSE octet_length(m.raw ->> 'content') END)`

	// messageColumns are what a messageRow is scanned from, of an external message m.
	messageColumns = `m.id, m.connection_id, m.type, m.kind, coalesce(m.evidence, ''), coalesce(m.parser, 0), m.external_id,
		coalesce(m.mail_id, ''), coalesce(m.thread_id, ''), coalesce(m.order_id, ''), coalesce(m.buyer_name, ''),
		coalesce(m.buyer_email, ''), coalesce(m.language, ''), coalesce(m.subject, ''), m.facts::text, m.flags::text,
		m.safety_flags::text, m.received_at, m.ticket_id, coalesce(m.quarantine, ''), coalesce(m.raw ->> 'mediaType', ''),
		coalesce(m.raw_digest, sha256(` + plainRaw + `)), ` + rawSize + `, m.raw_key, coalesce(m.recipient, '')`
	// messageBytes are the bytes of its raw as they are kept, NULL when they are in the object store.
	messageBytes = `CASE WHEN m.raw_key IS NULL THEN ` + plainRaw + ` ELSE ` + sealedBytes + ` END`
	// sealedBytes are those of the sealed raw of m.
	sealedBytes = `(SELECT c.sealed FROM marketplace.raw_contents c
		WHERE c.tenant_id = m.tenant_id AND c.digest = m.raw_digest AND c.key_id = m.raw_key)`
)

// messageRow is an external message as it is stored.
type messageRow struct {
	m                   domain.ExternalMessage
	facts, flags, marks []byte
	digest              []byte
	ticket, key         uuid.NullUUID
}

func (r *messageRow) fields() []any {
	m := &r.m
	return []any{
		&m.ID, &m.Connection, &m.Type, &m.Kind, &m.Evidence, &m.Parser, &m.ExternalID,
		&m.MailID, &m.ThreadID, &m.OrderID, &m.BuyerName,
		&m.BuyerEmail, &m.Language, &m.Subject, &r.facts, &r.flags,
		&r.marks, &m.ReceivedAt, &r.ticket, &m.Quarantine, &m.Source.MediaType,
		&r.digest, &m.Source.Size, &r.key, &m.Recipient,
	}
}

func (r *messageRow) message(tenant domain.TenantID) (domain.ExternalMessage, error) {
	m := r.m
	m.Tenant, m.ReceivedAt, m.Ticket = tenant, utc(m.ReceivedAt), domain.TicketID{UUID: r.ticket.UUID}
	m.Source.Key = domain.SourceKeyID{UUID: r.key.UUID}
	copy(m.Source.Digest[:], r.digest)
	var marks safetyFlags
	for _, column := range []struct {
		text []byte
		into any
	}{{r.facts, &m.Facts}, {r.flags, &m.Flags}, {r.marks, &marks}} {
		if column.text == nil {
			continue
		}
		if err := json.Unmarshal(column.text, column.into); err != nil {
			return domain.ExternalMessage{}, err
		}
	}
	m.SafetyFlags = marks.domain()
	return m, nil
}

// conversedColumns are what a conversedRow is scanned from, of a ticket message t. All are NULL where there is none.
const conversedColumns = `t.id, t.ticket_id, t.external_message_id, coalesce(t.sender_type, ''), coalesce(t.sender_name, ''),
	coalesce(t.body, ''), coalesce(t.quoted, ''), coalesce(t.source, ''), coalesce(t.is_internal, false),
	coalesce(t.mail_id, ''), coalesce(t.delivery, ''), coalesce(t.safety_flags, '[]')::text, coalesce(t.sent_at, 'epoch')`

// conversedRow is a message as its ticket shows it.
type conversedRow struct {
	m                    domain.TicketMessage
	id, ticket, external uuid.NullUUID
	flags                []byte
	sent                 time.Time
}

func (r *conversedRow) fields() []any {
	m := &r.m
	return []any{
		&r.id, &r.ticket, &r.external, &m.SenderType, &m.SenderName,
		&m.Body, &m.Quoted, &m.Source, &m.Internal,
		&m.MailID, &m.Delivery, &r.flags, &r.sent,
	}
}

// message returns it, zero where there is none.
func (r *conversedRow) message(tenant domain.TenantID) (domain.TicketMessage, error) {
	if !r.id.Valid {
		return domain.TicketMessage{}, nil
	}
	var flags safetyFlags
	if err := json.Unmarshal(r.flags, &flags); err != nil {
		return domain.TicketMessage{}, err
	}
	m := r.m
	m.ID, m.Tenant, m.Ticket = domain.TicketMessageID{UUID: r.id.UUID}, tenant, domain.TicketID{UUID: r.ticket.UUID}
	m.ExternalMessage, m.SafetyFlags, m.SentAt = domain.MessageID{UUID: r.external.UUID}, flags.domain(), utc(r.sent)
	return m, nil
}
