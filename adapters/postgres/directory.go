package postgres

import (
	"context"
	"database/sql"

	"github.com/uptrace/bun"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Connected implements ports.Directory. It is the only query without a tenant; the policy "directory" lets it see
// connections and nothing else.
func (r *Repository) Connected(ctx context.Context, after domain.ConnectionID, limit int) ([]ports.ConnectionRef, error) {
	var rows []connectionRow
	err := r.transact(ctx, &sql.TxOptions{ReadOnly: true}, "keybuzz.directory", "on", func(ctx context.Context, tx bun.Tx) error {
		err := tx.NewSelect().Model(&rows).Column("id", "tenant_id", "type").
			Where("c.status = ? AND c.id > ?", domain.ConnectionConnected, after).
			OrderExpr("c.id").Limit(int64(limit)).
			Scan(ctx)
		return translate(ctx, "list connections", err)
	})
	if err != nil {
		return nil, err
	}
	refs := make([]ports.ConnectionRef, len(rows))
	for i, row := range rows {
		tenant, err := domain.ParseTenantID(row.Tenant)
		if err != nil {
			return nil, err
		}
		refs[i] = ports.ConnectionRef{Tenant: tenant, ID: row.ID, Type: row.Type}
	}
	return refs, nil
}
