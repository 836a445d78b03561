package postgres

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/keybuzzio/marketplaces/domain"
)

// raws is the contents of sealed raws, each there once.
type raws struct{ intake }

var rawContents = newTable("raw_contents", noKey,
	digestColumn("digest", func(r domain.StoredSource) domain.Digest { return r.Digest }),
	idColumn("key_id", func(r domain.StoredSource) uuid.UUID { return r.Key.UUID }),
	newColumn("size", "integer", func(r domain.StoredSource) int { return r.Size }),
	newColumn("sealed", "bytea", func(r domain.StoredSource) []byte { return r.Bytes }),
).unlessThere()

// movedRaws are what names a raw that is in the object store now.
var movedRaws = rawContents.only(noKey, "digest", "key_id")

// contentsOf returns the sealed raws that an intake brings, each once, in one order for all intakes.
func contentsOf(in domain.PageWrite) []domain.StoredSource {
	all := make([]domain.StoredSource, 0, len(in.Messages)+len(in.Rejected))
	take := func(r domain.StoredSource) {
		if r.Sealed() && r.Bytes != nil {
			all = append(all, r)
		}
	}
	for _, m := range in.Messages {
		take(m.Source)
	}
	for _, m := range in.Rejected {
		take(m.Source)
	}
	order := func(a, b domain.StoredSource) int {
		return cmp.Or(bytes.Compare(a.Digest[:], b.Digest[:]), bytes.Compare(a.Key.UUID[:], b.Key.UUID[:]))
	}
	slices.SortFunc(all, order)
	return slices.CompactFunc(all, func(a, b domain.StoredSource) bool { return order(a, b) == 0 })
}

// keysOf returns the keys that the raws of an intake are sealed with.
func keysOf(in domain.PageWrite) []domain.SourceKeyID {
	keys := map[domain.SourceKeyID]bool{}
	for _, m := range in.Messages {
		keys[m.Source.Key] = true
	}
	for _, m := range in.Rejected {
		keys[m.Source.Key] = true
	}
	delete(keys, domain.SourceKeyID{}) // of raws that are not sealed
	return slices.Collect(maps.Keys(keys))
}

func (q raws) Unarchived(ctx context.Context, limit, size int) (all []domain.StoredSource, err error) {
	if limit < 1 || size < 1 {
		return nil, errNoPage
	}
	err = q.each(ctx, "list raws", func(rows *sql.Rows) error {
		var r domain.StoredSource
		var digest []byte
		err := rows.Scan(&digest, &r.Key, &r.Size, &r.Bytes)
		copy(r.Digest[:], digest)
		all = append(all, r)
		return err
	}, `
		SELECT digest, key_id, size, sealed FROM (
			SELECT *, sum(octet_length(sealed)) OVER (ORDER BY created_at, digest, key_id ROWS UNBOUNDED PRECEDING) AS upto FROM (
				SELECT * FROM marketplace.raw_contents WHERE tenant_id = $1 AND sealed IS NOT NULL
				ORDER BY created_at, digest, key_id LIMIT $2) AS first) AS added
		WHERE upto - octet_length(sealed) < $3 ORDER BY created_at, digest, key_id`,
		q.tenant.String(), limit, int64(size))
	return all, err
}

func (q raws) Moved(ctx context.Context, moved []domain.StoredSource) error {
	if len(moved) == 0 {
		return nil
	}
	_, source := movedRaws.unnest()
	_, err := q.exec(ctx, "note moved raws", `
		UPDATE marketplace.raw_contents t SET sealed = NULL, moved_at = now() FROM `+source+` AS r (digest, key_id), LATERAL (
			SELECT ctid AS place FROM marketplace.raw_contents
			WHERE tenant_id = $1 AND digest = r.digest AND key_id = r.key_id AND sealed IS NOT NULL OFFSET 0) AS found
		WHERE t.ctid = found.place AND t.tenant_id || '' = $1`, movedRaws.values(moved))
	return err
}

// Holding implements ports.UnarchivedSources. It goes from one tenant to the next in the index of raws that are here; the policy
// "directory" lets it see them all.
func (r *Repository) WithUnarchived(ctx context.Context, after string, limit int) (tenants []domain.TenantID, err error) {
	if limit < 1 {
		return nil, errLimit
	}
	err = r.transact(ctx, &sql.TxOptions{ReadOnly: true}, "keybuzz.directory", "on", func(ctx context.Context, tx bun.Tx) error {
		return intake{tx: tx}.each(ctx, "list tenants with raws", func(rows *sql.Rows) error {
			var name string
			if err := rows.Scan(&name); err != nil {
				return err
			}
			tenant, err := domain.ParseTenantID(name)
			tenants = append(tenants, tenant)
			return err
		}, `
			WITH RECURSIVE held AS (
				SELECT $1 AS tenant_id, 0 AS n
				UNION ALL
				SELECT next.tenant_id, held.n + 1 FROM held, LATERAL (
					SELECT tenant_id FROM marketplace.raw_contents WHERE sealed IS NOT NULL AND tenant_id > held.tenant_id
					ORDER BY tenant_id, created_at LIMIT 1) AS next
				WHERE held.n < $2)
			SELECT tenant_id FROM held WHERE n > 0 ORDER BY n`,
			after, limit)
	})
	return tenants, err
}
