package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

type ticketRow struct {
	bun.BaseModel `bun:"table:marketplace.tickets,alias:t"`

	ID                    domain.TicketID      `bun:"id,pk,type:uuid"`
	Tenant                string               `bun:"tenant_id"`
	Connection            *domain.ConnectionID `bun:"connection_id,type:uuid"`
	Channel               domain.Channel       `bun:"channel"`
	ExternalID            string               `bun:"external_id,nullzero"`
	OrderID               string               `bun:"order_id,nullzero"`
	Subject               string               `bun:"subject"`
	Status                domain.TicketStatus  `bun:"status"`
	Priority              domain.Priority      `bun:"priority"`
	CustomerName          string               `bun:"customer_name,nullzero"`
	CustomerEmail         string               `bun:"customer_email,nullzero"`
	SafetyFlags           safetyFlags          `bun:"safety_flags,type:jsonb"`
	AutoSendBlockedReason string               `bun:"auto_send_blocked_reason,nullzero"`
	LastMessageAt         time.Time            `bun:"last_message_at"`
	CreatedAt             time.Time            `bun:"created_at"`
	UpdatedAt             time.Time            `bun:"updated_at"`
}

// ticketColumns are the columns of a ticketRow.
const ticketColumns = `id, tenant_id, connection_id, channel, external_id, order_id, subject, status, priority, customer_name, customer_email,
	safety_flags, auto_send_blocked_reason, last_message_at, created_at, updated_at`

func (r *ticketRow) ticket(tenant domain.TenantID) (*domain.Ticket, error) {
	s := domain.TicketState{
		ID: r.ID, Tenant: tenant, Channel: r.Channel, ExternalID: r.ExternalID, OrderID: r.OrderID, Subject: r.Subject,
		Status: r.Status, Priority: r.Priority, CustomerName: r.CustomerName, CustomerEmail: r.CustomerEmail,
		SafetyFlags: r.SafetyFlags.domain(), AutoSendBlockedReason: r.AutoSendBlockedReason,
		LastMessageAt: utc(r.LastMessageAt), CreatedAt: utc(r.CreatedAt), UpdatedAt: utc(r.UpdatedAt),
	}
	if r.Connection != nil {
		s.Connection = *r.Connection
	}
	return domain.RestoreTicket(s)
}

func restoreTickets(rows []ticketRow, tenant domain.TenantID) ([]*domain.Ticket, error) {
	all := make([]*domain.Ticket, len(rows))
	for i := range rows {
		t, err := rows[i].ticket(tenant)
		if err != nil {
			return nil, err
		}
		all[i] = t
	}
	return all, nil
}

type tickets struct{ intake }

func (q tickets) Get(ctx context.Context, id domain.TicketID) (*domain.Ticket, error) {
	var r ticketRow
	// The id alone: see intake.go on naming the tenant in look-ups by a key.
	err := q.tx.NewSelect().Model(&r).Where("t.id = ?", id).Scan(ctx)
	if err != nil {
		return nil, translate(ctx, "get ticket", err)
	}
	return r.ticket(q.tenant)
}

func (q tickets) List(ctx context.Context, f ports.TicketFilter) ([]*domain.Ticket, error) {
	var rows []ticketRow
	query := q.tx.NewSelect().Model(&rows).Where("t.tenant_id = ?", q.tenant.String())
	if f.Status != "" {
		query = query.Where("t.status = ?", f.Status)
	}
	if f.Channel != "" {
		query = query.Where("t.channel = ?", f.Channel)
	}
	if f.After != (ports.Position{}) {
		query = query.Where("(t.last_message_at, t.id) < (?, ?::uuid)", f.After.At, f.After.ID)
	}
	if err := query.OrderExpr("t.last_message_at DESC, t.id DESC").Limit(int64(f.Limit)).Scan(ctx); err != nil {
		return nil, translate(ctx, "list tickets", err)
	}
	return restoreTickets(rows, q.tenant)
}

type ticketMessageRow struct {
	bun.BaseModel `bun:"table:marketplace.ticket_messages,alias:m"`

	ID              domain.TicketMessageID `bun:"id,pk,type:uuid"`
	Ticket          domain.TicketID        `bun:"ticket_id,type:uuid"`
	ExternalMessage *domain.MessageID      `bun:"external_message_id,type:uuid"`
	SenderType      domain.SenderType      `bun:"sender_type"`
	SenderName      string                 `bun:"sender_name,nullzero"`
	Body            string                 `bun:"body"`
	Source          domain.MessageSource   `bun:"source"`
	Internal        bool                   `bun:"is_internal"`
	Quoted          string                 `bun:"quoted,nullzero"`
	MailID          string                 `bun:"mail_id,nullzero"`
	Delivery        domain.DeliveryStatus  `bun:"delivery,nullzero"`
	SafetyFlags     safetyFlags            `bun:"safety_flags,type:jsonb"`
	SentAt          time.Time              `bun:"sent_at"`
}

// with returns the message with its files, of those of all messages.
func (r *ticketMessageRow) with(files map[domain.MessageID][]domain.File, tenant domain.TenantID) domain.TicketMessage {
	m := domain.TicketMessage{
		ID: r.ID, Tenant: tenant, Ticket: r.Ticket, SenderType: r.SenderType, SenderName: r.SenderName, Body: r.Body, Quoted: r.Quoted,
		Source: r.Source, Internal: r.Internal, MailID: r.MailID, Delivery: r.Delivery, SafetyFlags: r.SafetyFlags.domain(),
		SentAt: utc(r.SentAt),
	}
	if r.ExternalMessage != nil {
		m.ExternalMessage, m.Files = *r.ExternalMessage, files[*r.ExternalMessage]
	}
	return m
}

func (q tickets) Messages(ctx context.Context, id domain.TicketID, after ports.Position, limit int) ([]domain.TicketMessage, error) {
	var rows []ticketMessageRow
	query := q.tx.NewSelect().Model(&rows).Where("m.tenant_id = ? AND m.ticket_id = ?", q.tenant.String(), id)
	if after != (ports.Position{}) {
		query = query.Where("(m.sent_at, m.id) > (?, ?::uuid)", after.At, after.ID)
	}
	if err := query.OrderExpr("m.sent_at, m.id").Limit(int64(limit)).Scan(ctx); err != nil {
		return nil, translate(ctx, "list ticket messages", err)
	}
	return q.withFiles(ctx, rows)
}

// withFiles returns messages with their files, which are read by one statement.
func (q tickets) withFiles(ctx context.Context, rows []ticketMessageRow) ([]domain.TicketMessage, error) {
	var ids []domain.MessageID
	for _, r := range rows {
		if r.ExternalMessage != nil {
			ids = append(ids, *r.ExternalMessage)
		}
	}
	files, err := q.files(ctx, ids)
	if err != nil {
		return nil, err
	}
	all := make([]domain.TicketMessage, len(rows))
	for i, r := range rows {
		all[i] = r.with(files, q.tenant)
	}
	return all, nil
}

func (q tickets) Message(ctx context.Context, id domain.TicketID, message domain.TicketMessageID) (domain.TicketMessage, error) {
	var r ticketMessageRow
	err := q.tx.NewSelect().Model(&r).Where("m.tenant_id = ? AND m.id = ? AND m.ticket_id = ?", q.tenant.String(), message, id).Scan(ctx)
	if err != nil {
		return domain.TicketMessage{}, translate(ctx, "get ticket message", err)
	}
	all, err := q.withFiles(ctx, []ticketMessageRow{r})
	if err != nil {
		return domain.TicketMessage{}, err
	}
	return all[0], nil
}

// File finds the file by its id, then the message that it came with.
func (q tickets) File(ctx context.Context, id domain.TicketID, file domain.FileID) (domain.File, domain.ExternalMessage, error) {
	var message domain.MessageID
	err := q.tx.Tx.QueryRowContext(ctx, `
		SELECT m.id FROM marketplace.attachments a JOIN marketplace.external_messages m ON m.tenant_id = $1 AND m.id = a.external_message_id
		WHERE a.tenant_id = $1 AND a.id = $2 AND m.ticket_id = $3`,
		prepared(q.tenant.String(), uuidValue(file.UUID), uuidValue(id.UUID))...).Scan(&message)
	if err != nil {
		return domain.File{}, domain.ExternalMessage{}, translate(ctx, "get file", err)
	}
	found, err := archive(q).Message(ctx, message)
	if err != nil {
		return domain.File{}, domain.ExternalMessage{}, err
	}
	m := found.Message
	i := slices.IndexFunc(m.Files, func(f domain.File) bool { return f.ID == file })
	if i < 0 {
		return domain.File{}, domain.ExternalMessage{}, errNone
	}
	return m.Files[i], m, nil
}

type ticketEventRow struct {
	bun.BaseModel `bun:"table:marketplace.ticket_events,alias:e"`

	ID      domain.EventID          `bun:"id,pk,type:uuid"`
	Ticket  domain.TicketID         `bun:"ticket_id,type:uuid"`
	Message *domain.TicketMessageID `bun:"ticket_message_id,type:uuid"`
	Origin  *domain.MessageID       `bun:"external_message_id,type:uuid"`
	Type    domain.EventType        `bun:"type"`
	Actor   domain.ActorType        `bun:"actor_type"`
	ActorID string                  `bun:"actor_id,nullzero"`
	Payload map[string]string       `bun:"payload,type:jsonb"`
	At      time.Time               `bun:"created_at"`
}

func (q tickets) Events(ctx context.Context, id domain.TicketID, after ports.Position, limit int) ([]domain.TicketEvent, error) {
	var rows []ticketEventRow
	query := q.tx.NewSelect().Model(&rows).Where("e.tenant_id = ? AND e.ticket_id = ?", q.tenant.String(), id)
	if after != (ports.Position{}) {
		query = query.Where("(e.created_at, e.id) > (?, ?::uuid)", after.At, after.ID)
	}
	if err := query.OrderExpr("e.created_at, e.id").Limit(int64(limit)).Scan(ctx); err != nil {
		return nil, translate(ctx, "list ticket events", err)
	}
	all := make([]domain.TicketEvent, len(rows))
	for i, r := range rows {
		all[i] = domain.TicketEvent{
			ID: r.ID, Tenant: q.tenant, Ticket: r.Ticket, Type: r.Type, Actor: r.Actor, ActorID: r.ActorID,
			Payload: r.Payload, At: utc(r.At),
		}
		if r.Message != nil {
			all[i].Message = *r.Message
		}
		if r.Origin != nil {
			all[i].Origin = *r.Origin
		}
	}
	return all, nil
}
