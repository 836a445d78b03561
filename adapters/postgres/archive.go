package postgres

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/uptrace/bun"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/domain/safety"
	"github.com/keybuzzio/marketplaces/ports"
)

// archive reads stored messages in pages and rewrites what follows from their raws, set-based as intake is.
type archive struct{ intake }

func (q archive) Count(ctx context.Context, after domain.MessageID) (n int, err error) {
	err = q.each(ctx, "count messages", func(rows *sql.Rows) error { return rows.Scan(&n) },
		`SELECT count(*) FROM marketplace.external_messages WHERE tenant_id = $1 AND id > $2`, q.tenant.String(), pgtype.UUID{Bytes: after.UUID, Valid: true})
	return n, err
}

const (
	storedColumns = messageColumns + ", " + conversedColumns
	// The message with the id of key, of tenant $1. That no other index of the table that holds them all begins with the tenant
	// lets it be named.
	storedSource = `, LATERAL (SELECT * FROM marketplace.external_messages WHERE tenant_id = $1 AND id = key.id OFFSET 0) AS m
		LEFT JOIN LATERAL (SELECT * FROM marketplace.ticket_messages WHERE external_message_id = m.id LIMIT 1) AS t ON true`
)

func (q archive) Message(ctx context.Context, id domain.MessageID) (domain.Stored, error) {
	found, err := q.read(ctx, "get message", true,
		`SELECT `+storedColumns+`, `+messageBytes+` FROM (SELECT $2::uuid AS id) AS key`+storedSource,
		q.tenant.String(), uuidValue(id.UUID))
	if err == nil && len(found) == 0 {
		err = errNone
	}
	if err != nil {
		return domain.Stored{}, err
	}
	return found[0], nil
}

// Messages takes the ids of a full page and goes from one to the next, adding up sizes, so that no more raws are unpacked than
// the page holds, twice each. The ids come at once: going from one id to the next higher one, the planner sorts all that are
// left at each step while its statistics are young.
func (q archive) Messages(ctx context.Context, after domain.MessageID, limit, size int) ([]domain.Stored, error) {
	if limit < 1 || size < 1 {
		return nil, errNoPage
	}
	return q.read(ctx, "read messages", true, `
		WITH RECURSIVE page AS (
			SELECT array_agg(id ORDER BY id) AS ids FROM (
				SELECT id FROM marketplace.external_messages WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3) AS full_page),
		key AS (
			SELECT NULL::uuid AS id, 0::bigint AS size, 0 AS n
			UNION ALL
			SELECT m.id, key.size + m.size, key.n + 1 FROM key, LATERAL (
				SELECT id, `+rawSize+` AS size FROM marketplace.external_messages m
				WHERE tenant_id = $1 AND id = (SELECT ids FROM page)[key.n + 1] OFFSET 0) AS m
			WHERE key.size < $4)
		SELECT `+storedColumns+`, `+messageBytes+` FROM key`+storedSource+` ORDER BY m.id`,
		q.tenant.String(), pgtype.UUID{Bytes: after.UUID, Valid: true}, limit, int64(size))
}

func (q archive) Present(ctx context.Context, ids []domain.MessageID) ([]domain.Stored, error) {
	return q.read(ctx, "read messages", false, `
		SELECT `+storedColumns+` FROM unnest($2::uuid[]) AS key (id)`+storedSource+` ORDER BY m.id`,
		q.tenant.String(), uuids(ids, func(id domain.MessageID) uuid.UUID { return id.UUID }))
}

// read returns what a query for stored messages gives, with their files.
func (q archive) read(ctx context.Context, op string, withRaw bool, query string, args ...any) (all []domain.Stored, err error) {
	err = q.each(ctx, op, func(rows *sql.Rows) error {
		m, err := q.scanStored(rows, withRaw)
		all = append(all, m)
		return err
	}, query, args...)
	if err != nil {
		return nil, err
	}
	files, err := q.files(ctx, idsOf(all))
	for i := range all {
		all[i].Message.Files = files[all[i].Message.ID]
	}
	return all, err
}

func idsOf(stored []domain.Stored) []domain.MessageID {
	ids := make([]domain.MessageID, len(stored))
	for i, m := range stored {
		ids[i] = m.Message.ID
	}
	return ids
}

func (q archive) scanStored(rows *sql.Rows, withRaw bool) (s domain.Stored, err error) {
	var r messageRow
	var on conversedRow
	fields := append(r.fields(), on.fields()...)
	if withRaw {
		fields = append(fields, &r.m.Source.Bytes)
	}
	if err := rows.Scan(fields...); err != nil {
		return s, err
	}
	if s.Message, err = r.message(q.tenant); err != nil {
		return s, err
	}
	s.OnTicket, err = on.message(q.tenant)
	return s, err
}

func (q archive) Conversations(ctx context.Context, ids []domain.TicketID) ([]ports.Conversation, error) {
	return q.conversations(ctx, ids, "")
}

func (q archive) LockConversations(ctx context.Context, ids []domain.TicketID) ([]ports.Conversation, error) {
	return q.conversations(ctx, ids, "NO KEY UPDATE")
}

func (q archive) conversations(ctx context.Context, ids []domain.TicketID, lock string) ([]ports.Conversation, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []ticketRow
	query := q.tx.NewSelect().Model(&rows).Where("t.id IN (?)", bun.List(ids)).OrderExpr("t.id")
	if lock != "" {
		query = query.For(lock)
	}
	if err := query.Scan(ctx); err != nil {
		return nil, translate(ctx, "find tickets", err)
	}
	tickets, err := restoreTickets(rows, q.tenant)
	if err != nil {
		return nil, err
	}
	found := make([]ports.Conversation, len(tickets))
	of := make(map[domain.TicketID]*ports.Conversation, len(tickets))
	for i, t := range tickets {
		found[i] = ports.Conversation{Ticket: t, Flags: map[domain.TicketMessageID][]safety.Flag{}, Events: map[domain.MessageID][]safety.Flag{}}
		of[t.State().ID] = &found[i]
	}
	return found, q.each(ctx, "find safety flags", func(rows *sql.Rows) error {
		var ticket domain.TicketID
		var id uuid.UUID
		var text string
		var event bool
		var kept safetyFlags
		if err := rows.Scan(&ticket, &id, &text, &event); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(text), &kept); err != nil {
			return err
		}
		switch c := of[ticket]; {
		case c == nil:
		case event:
			c.Events[domain.MessageID{UUID: id}] = kept.domain()
		default:
			c.Flags[domain.TicketMessageID{UUID: id}] = kept.domain()
		}
		return nil
	}, `
		SELECT key.id, m.id, m.safety_flags::text, false FROM unnest($1::uuid[]) AS key (id), LATERAL (
			SELECT id, safety_flags FROM marketplace.ticket_messages
			WHERE ticket_id = key.id AND safety_flags <> '[]' OFFSET 0) AS m
		UNION ALL
		SELECT key.id, m.id, m.safety_flags::text, true FROM unnest($1::uuid[]) AS key (id), LATERAL (
			SELECT DISTINCT external_message_id AS id FROM marketplace.ticket_events
			WHERE ticket_id = key.id AND external_message_id IS NOT NULL OFFSET 0) AS e, LATERAL (
			SELECT id, safety_flags FROM marketplace.external_messages
			WHERE tenant_id = $2 AND id = e.id AND ticket_id = key.id AND safety_flags <> '[]' OFFSET 0) AS m`,
		uuids(ids, func(id domain.TicketID) uuid.UUID { return id.UUID }), q.tenant.String())
}

// What a replay may change.
var (
	derivedMessages = externalMessages.only(byTenantAndID, "id", "kind", "evidence", "parser", "mail_id", "thread_id", "order_id", "buyer_name",
		"buyer_email", "language", "subject", "facts", "flags", "safety_flags", "received_at", "quarantine", "ticket_id")
	derivedTicketMessages = ticketMessages.only(byTenantAndID, "id", "sender_name", "body", "quoted", "mail_id", "safety_flags", "sent_at")
)

func (q archive) Rewrite(ctx context.Context, messages []domain.Stored) error {
	var received []domain.ExternalMessage
	var onTickets []domain.TicketMessage
	for _, m := range messages {
		if m.Message.Tenant != q.tenant {
			return errNone
		}
		received = append(received, m.Message)
		if m.OnTicket.ID != (domain.TicketMessageID{}) {
			onTickets = append(onTickets, m.OnTicket)
		}
	}
	var b batch
	update(&b, derivedMessages, received)
	update(&b, derivedTicketMessages, onTickets)
	replaceFiles(&b, received)
	return q.send(ctx, b)
}

func uuids[T any](ids []T, id func(T) uuid.UUID) []pgtype.UUID {
	all := make([]pgtype.UUID, len(ids))
	for i := range ids {
		all[i] = uuidValue(id(ids[i]))
	}
	return all
}
