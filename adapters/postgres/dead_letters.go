package postgres

import (
	"context"
	"database/sql"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/keybuzzio/marketplaces/domain"
)

type rejects struct{ intake }

// errNoPage is for a page that could not hold anything.
var errNoPage = domain.Errorf(domain.ErrInvalid, "a page holds at least 1")

func (q rejects) Count(ctx context.Context) (n int, err error) {
	err = q.each(ctx, "count rejected messages", func(rows *sql.Rows) error { return rows.Scan(&n) },
		`SELECT count(*) FROM marketplace.rejected_messages WHERE tenant_id = $1 AND replayed_at IS NULL`, q.tenant.String())
	return n, err
}

const (
	// rejectedSize is the size of the raw of a rejected message m as it came, known without reading it.
	rejectedSize = `coalesce(m.raw_size, octet_length(m.raw))`
	// rejectedRaw is how that raw is kept, but for its bytes.
	rejectedRaw = `coalesce(m.media_type, ''), coalesce(m.raw_digest, sha256(m.raw)), ` + rejectedSize + `, m.raw_key`
	// rejectedBytes are its bytes, NULL when they are in the object store.
	rejectedBytes = `CASE WHEN m.raw_key IS NULL THEN m.raw ELSE ` + sealedBytes + ` END`

	// The columns of a rejected message, as read scans them.
	rejectedColumns = `SELECT m.id, m.connection_id, m.type, m.external_id, m.reason, coalesce(m.detail, ''), m.received_at, ` +
		rejectedRaw + `, ` + rejectedBytes + ` `
)

func (q rejects) Get(ctx context.Context, id domain.RejectedID) (domain.RejectedMessage, error) {
	found, err := q.read(ctx, "get rejected message", rejectedColumns+`FROM marketplace.rejected_messages m WHERE m.id = $1`, uuidValue(id.UUID))
	if err == nil && len(found) == 0 {
		err = errNone
	}
	if err != nil {
		return domain.RejectedMessage{}, err
	}
	return found[0], nil
}

// Pending is like archive.Messages; sizes are known without reading the raws.
func (q rejects) Pending(ctx context.Context, after domain.RejectedID, limit, size int) ([]domain.RejectedMessage, error) {
	if limit < 1 || size < 1 {
		return nil, errNoPage
	}
	return q.read(ctx, "read rejected messages", `
		WITH RECURSIVE page AS (
			SELECT array_agg(id ORDER BY id) AS ids FROM (
				SELECT id FROM marketplace.rejected_messages
				WHERE tenant_id = $1 AND id > $2 AND replayed_at IS NULL ORDER BY id LIMIT $3) AS full_page),
		key AS (
			SELECT NULL::uuid AS id, 0::bigint AS size, 0 AS n
			UNION ALL
			SELECT m.id, key.size + m.size, key.n + 1 FROM key, LATERAL (
				SELECT id, `+rejectedSize+` AS size FROM marketplace.rejected_messages m
				WHERE id = (SELECT ids FROM page)[key.n + 1] OFFSET 0) AS m
			WHERE key.size < $4)
		`+rejectedColumns+`FROM key, LATERAL (SELECT * FROM marketplace.rejected_messages WHERE id = key.id OFFSET 0) AS m ORDER BY m.id`,
		q.tenant.String(), pgtype.UUID{Bytes: after.UUID, Valid: true}, limit, int64(size))
}

func (q rejects) read(ctx context.Context, op, query string, args ...any) (all []domain.RejectedMessage, err error) {
	err = q.each(ctx, op, func(rows *sql.Rows) error {
		m := domain.RejectedMessage{Tenant: q.tenant}
		var received sql.NullTime
		var digest []byte
		var key uuid.NullUUID
		err := rows.Scan(&m.ID, &m.Connection, &m.Type, &m.ExternalID, &m.Reason, &m.Detail, &received,
			&m.Source.MediaType, &digest, &m.Source.Size, &key, &m.Source.Bytes)
		copy(m.Source.Digest[:], digest)
		m.Source.Key, m.ReceivedAt = domain.SourceKeyID{UUID: key.UUID}, utc(received.Time)
		all = append(all, m)
		return err
	}, query, args...)
	return all, err
}

func (q rejects) MarkReplayed(ctx context.Context, id domain.RejectedID, now time.Time) error {
	n, err := q.exec(ctx, "mark as replayed", `
		UPDATE marketplace.rejected_messages SET replayed_at = coalesce(replayed_at, $3) WHERE id = $2 AND tenant_id || '' = $1`,
		[]any{uuidValue(id.UUID), now})
	if err == nil && n != 1 {
		return errNone
	}
	return err
}
