package postgres

import (
	"context"
	"database/sql"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// quarantine is two tables as one list: stored messages with a reason, and rejected ones that were not replayed.
type quarantine struct{ intake }

// The columns of what is in quarantine, as read scans them, and where they come from. Both of the tenant $1.
const (
	heldColumns = `m.id, false AS rejected, m.connection_id, m.type, m.quarantine, coalesce(m.evidence, ''), m.kind, m.external_id,
		coalesce(m.order_id, ''), coalesce(m.buyer_name, ''), coalesce(m.buyer_email, ''), coalesce(m.subject, ''), m.received_at,
		m.created_at, coalesce(m.raw ->> 'mediaType', ''), coalesce(m.raw_digest, sha256(` + plainRaw + `)), ` + rawSize + `, m.raw_key`
	heldSource        = ` FROM marketplace.external_messages m WHERE m.tenant_id = $1 AND m.quarantine IS NOT NULL`
	rejectedAsColumns = `m.id, true, m.connection_id, m.type, m.reason, coalesce(m.detail, ''), '', m.external_id, '', '', '', '',
		m.received_at, m.created_at, ` + rejectedRaw
	rejectedSource    = ` FROM marketplace.rejected_messages m WHERE m.tenant_id = $1 AND m.replayed_at IS NULL`
	newestFirstBehind = ` AND (m.created_at, m.id) < ($2, $3::text::uuid) ORDER BY m.created_at DESC, m.id DESC LIMIT $4`
	beforeAllIDs      = "ffffffff-ffff-ffff-ffff-ffffffffffff"
	withoutBytes      = `, NULL::bytea`
)

func (q quarantine) List(ctx context.Context, after ports.Position, limit int) ([]domain.Quarantined, error) {
	if limit < 1 {
		return nil, errLimit
	}
	at, id := pgtype.Timestamptz{Time: after.At, Valid: true}, after.ID
	if after == (ports.Position{}) {
		at, id = pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true}, beforeAllIDs
	}
	return q.read(ctx, "list quarantine", `
		(SELECT `+heldColumns+withoutBytes+heldSource+newestFirstBehind+`)
		UNION ALL
		(SELECT `+rejectedAsColumns+withoutBytes+rejectedSource+newestFirstBehind+`)
		ORDER BY created_at DESC, id DESC LIMIT $4`,
		q.tenant.String(), at, id, limit)
}

func (q quarantine) Get(ctx context.Context, id domain.QuarantineID) (domain.Quarantined, error) {
	return q.one(ctx, "get from quarantine", id, ", "+messageBytes, ", "+rejectedBytes, "")
}

func (q quarantine) Lock(ctx context.Context, id domain.QuarantineID) (domain.Quarantined, error) {
	return q.one(ctx, "lock in quarantine", id, withoutBytes, withoutBytes, " FOR NO KEY UPDATE")
}

// one looks for a stored message, and then for a rejected one. Neither is looked for by the indexes of the list, which begin with
// the tenant: see intake.go.
func (q quarantine) one(ctx context.Context, op string, id domain.QuarantineID, storedBytes, rejectedBytes, lock string) (domain.Quarantined, error) {
	for _, query := range []string{
		`SELECT ` + heldColumns + storedBytes + ` FROM marketplace.external_messages m
			WHERE m.tenant_id = $1 AND m.id = $2 AND coalesce(m.quarantine, '') <> ''`,
		`SELECT ` + rejectedAsColumns + rejectedBytes + ` FROM marketplace.rejected_messages m
			WHERE m.tenant_id || '' = $1 AND m.id = $2 AND m.replayed_at IS NULL`,
	} {
		found, err := q.read(ctx, op, query+lock, q.tenant.String(), uuidValue(id.UUID))
		if err != nil {
			return domain.Quarantined{}, err
		}
		if len(found) == 1 {
			return found[0], nil
		}
	}
	return domain.Quarantined{}, errNone
}

func (q quarantine) read(ctx context.Context, op, query string, args ...any) (all []domain.Quarantined, err error) {
	err = q.each(ctx, op, func(rows *sql.Rows) error {
		m := domain.Quarantined{Tenant: q.tenant}
		var received sql.NullTime
		var stored time.Time
		var digest []byte
		var key uuid.NullUUID
		err := rows.Scan(&m.ID, &m.Rejected, &m.Connection, &m.Type, &m.Reason, &m.Detail, &m.Kind, &m.ExternalID,
			&m.OrderID, &m.BuyerName, &m.BuyerEmail, &m.Subject, &received,
			&stored, &m.Raw.MediaType, &digest, &m.Raw.Size, &key, &m.Raw.Bytes)
		copy(m.Raw.Digest[:], digest)
		m.Raw.Key, m.ReceivedAt, m.StoredAt = domain.SourceKeyID{UUID: key.UUID}, utc(received.Time), utc(stored)
		all = append(all, m)
		return err
	}, query, args...)
	return all, err
}

func (q quarantine) Assign(ctx context.Context, id domain.MessageID, ticket domain.TicketID) error {
	return q.end(ctx, "put on a ticket", `, ticket_id = $3, kind = $4`, id, uuidValue(ticket.UUID), string(domain.KindBuyerMessage))
}

func (q quarantine) Dismiss(ctx context.Context, id domain.MessageID) error {
	return q.end(ctx, "dismiss from quarantine", "", id)
}

// end ends the quarantine of a stored message, with what else is set.
func (q quarantine) end(ctx context.Context, op, set string, id domain.MessageID, args ...any) error {
	n, err := q.exec(ctx, op, `
		UPDATE marketplace.external_messages m SET quarantine = NULL`+set+`
		WHERE m.tenant_id = $1 AND m.id = $2 AND coalesce(m.quarantine, '') <> ''`,
		append([]any{uuidValue(id.UUID)}, args...))
	if isForeignKey(err) || err == nil && n != 1 {
		return errNone
	}
	return err
}
