package postgres

import (
	"context"
	"database/sql"
	"time"

	"github.com/uptrace/bun"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// operate runs fn in a read-only transaction that sees what the policies "operations" show: connections, sync states and
// rejected messages of all tenants, and no conversation.
func (r *Repository) operate(ctx context.Context, fn func(context.Context, bun.Tx) error) error {
	opts := &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	return r.transact(ctx, opts, "keybuzz.operations", "on", fn)
}

// Connections implements ports.Operations.
func (r *Repository) Connections(ctx context.Context, q ports.ConnectionQuery) ([]domain.ConnectionState, error) {
	if q.Limit < 1 {
		return nil, errLimit
	}
	var rows []connectionRow
	err := r.operate(ctx, func(ctx context.Context, tx bun.Tx) error {
		query := tx.NewSelect().Model(&rows)
		if q.Status != "" {
			query = query.Where("c.status = ?", q.Status)
		}
		if q.After != (domain.ConnectionID{}) {
			query = query.Where("c.id < ?", q.After)
		}
		err := query.OrderExpr("c.id DESC").Limit(int64(q.Limit)).Scan(ctx)
		return translate(ctx, "list connections", err)
	})
	if err != nil {
		return nil, err
	}
	all := make([]domain.ConnectionState, len(rows))
	for i := range rows {
		tenant, err := domain.ParseTenantID(rows[i].Tenant)
		if err != nil {
			return nil, err
		}
		c, err := rows[i].connection(tenant)
		if err != nil {
			return nil, err
		}
		all[i] = c.State()
	}
	return all, nil
}

// FindConnection implements ports.Operations.
func (r *Repository) FindConnection(ctx context.Context, id domain.ConnectionID) (ports.ConnectionRef, error) {
	var row connectionRow
	err := r.operate(ctx, func(ctx context.Context, tx bun.Tx) error {
		err := tx.NewSelect().Model(&row).Column("tenant_id", "type").Where("c.id = ?", id).Scan(ctx)
		return translate(ctx, "find connection", err)
	})
	if err != nil {
		return ports.ConnectionRef{}, err
	}
	tenant, err := domain.ParseTenantID(row.Tenant)
	return ports.ConnectionRef{Tenant: tenant, ID: id, Type: row.Type}, err
}

// rejectedRefRow is a rejected message but for what it holds: neither its raw nor its external id are ever read.
type rejectedRefRow struct {
	bun.BaseModel `bun:"table:marketplace.rejected_messages,alias:m"`

	ID         domain.RejectedID      `bun:"id,pk,type:uuid"`
	Tenant     string                 `bun:"tenant_id"`
	Connection domain.ConnectionID    `bun:"connection_id,type:uuid"`
	Type       domain.MarketplaceType `bun:"type"`
	Reason     domain.RejectReason    `bun:"reason"`
	Detail     string                 `bun:"detail,nullzero"`
	Bytes      int                    `bun:"bytes,scanonly"`
	RejectedAt time.Time              `bun:"created_at"`
	ReplayedAt time.Time              `bun:"replayed_at,nullzero"`
}

func (r *rejectedRefRow) ref() (ports.RejectedRef, error) {
	tenant, err := domain.ParseTenantID(r.Tenant)
	return ports.RejectedRef{
		ID: r.ID, Tenant: tenant, Connection: r.Connection, Type: r.Type, Reason: r.Reason, Detail: r.Detail,
		Bytes: r.Bytes, RejectedAt: utc(r.RejectedAt), ReplayedAt: utc(r.ReplayedAt),
	}, err
}

// selectRejected is the part that both queries share. A raw's size is known without reading it.
func selectRejected(tx bun.Tx, into any) *bun.SelectQuery {
	return tx.NewSelect().Model(into).
		Column("id", "tenant_id", "connection_id", "type", "reason", "detail", "created_at", "replayed_at").
		ColumnExpr(rejectedSize + " AS bytes")
}

// Rejected implements ports.Operations.
func (r *Repository) Rejected(ctx context.Context, q ports.RejectedQuery) ([]ports.RejectedRef, error) {
	if q.Limit < 1 {
		return nil, errLimit
	}
	var rows []rejectedRefRow
	err := r.operate(ctx, func(ctx context.Context, tx bun.Tx) error {
		query := selectRejected(tx, &rows)
		if !q.Replayed {
			query = query.Where("m.replayed_at IS NULL")
		}
		if q.After != (domain.RejectedID{}) {
			query = query.Where("m.id < ?", q.After)
		}
		err := query.OrderExpr("m.id DESC").Limit(int64(q.Limit)).Scan(ctx)
		return translate(ctx, "list rejected messages", err)
	})
	if err != nil {
		return nil, err
	}
	refs := make([]ports.RejectedRef, len(rows))
	for i := range rows {
		if refs[i], err = rows[i].ref(); err != nil {
			return nil, err
		}
	}
	return refs, nil
}

// FindRejected implements ports.Operations.
func (r *Repository) FindRejected(ctx context.Context, id domain.RejectedID) (ports.RejectedRef, error) {
	var row rejectedRefRow
	err := r.operate(ctx, func(ctx context.Context, tx bun.Tx) error {
		return translate(ctx, "find rejected message", selectRejected(tx, &row).Where("m.id = ?", id).Scan(ctx))
	})
	if err != nil {
		return ports.RejectedRef{}, err
	}
	return row.ref()
}
