package postgres

import (
	"context"
	"database/sql"
	"time"

	"github.com/uptrace/bun"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Expiring implements ports.Directory. The policy "directory" lets it see authorizations without a tenant. Its condition says in
// SQL what domain.Authorization.Warn says.
func (r *Repository) Expiring(ctx context.Context, now time.Time, after domain.AuthorizationID, limit int) ([]ports.AuthorizationRef, error) {
	if limit < 1 {
		return nil, errLimit
	}
	var rows []authorizationRow
	err := r.transact(ctx, &sql.TxOptions{ReadOnly: true}, "keybuzz.directory", "on", func(ctx context.Context, tx bun.Tx) error {
		err := tx.NewSelect().Model(&rows).Column("id", "tenant_id", "connection_id").
			Where("a.status = 'GRANTED' AND a.id > ?", after).
			WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
				for _, days := range domain.WarnDays {
					q = q.WhereOr("a.expires_at <= ? AND (a.warned_days = 0 OR a.warned_days > ?)", now.Add(time.Duration(days)*24*time.Hour), days)
				}
				return q
			}).
			OrderExpr("a.id").Limit(int64(limit)).Scan(ctx)
		return translate(ctx, "list authorizations that end", err)
	})
	if err != nil {
		return nil, err
	}
	refs := make([]ports.AuthorizationRef, len(rows))
	for i, row := range rows {
		tenant, err := domain.ParseTenantID(row.Tenant)
		if err != nil {
			return nil, err
		}
		refs[i] = ports.AuthorizationRef{Tenant: tenant, Connection: row.Connection, ID: row.ID}
	}
	return refs, nil
}
