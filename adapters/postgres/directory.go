package postgres

import (
	"context"
	"database/sql"

	"github.com/uptrace/bun"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// polledConnections says in SQL what domain.ConnectionState.Polled says. It is the condition of the index connections_polled.
const polledConnections = `(status = 'CONNECTED' OR status = 'ERROR' AND withdrawn AND NOT source_refused) AND source <> 'PUSH'`

// Connected implements ports.Directory. The policy "directory" lets it see connections without a tenant.
func (r *Repository) Connected(ctx context.Context, after domain.ConnectionID, limit int) ([]ports.ConnectionRef, error) {
	var rows []connectionRow
	err := r.transact(ctx, &sql.TxOptions{ReadOnly: true}, "keybuzz.directory", "on", func(ctx context.Context, tx bun.Tx) error {
		err := tx.NewSelect().Model(&rows).Column("id", "tenant_id", "type").
			Where("c.id > ?", after).Where(polledConnections).
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
