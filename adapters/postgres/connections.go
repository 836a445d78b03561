package postgres

import (
	"context"
	"database/sql"
	"time"

	"github.com/uptrace/bun"

	"github.com/keybuzzio/marketplaces/domain"
)

type connectionRow struct {
	bun.BaseModel `bun:"table:marketplace.connections,alias:c"`

	ID            domain.ConnectionID     `bun:"id,pk,type:uuid"`
	Tenant        string                  `bun:"tenant_id"`
	Type          domain.MarketplaceType  `bun:"type"`
	Status        domain.ConnectionStatus `bun:"status"`
	Source        domain.SourceKind       `bun:"source,nullzero"`
	DisplayName   string                  `bun:"display_name,nullzero"`
	Region        string                  `bun:"region,nullzero"`
	MarketplaceID string                  `bun:"marketplace_id,nullzero"`
	VaultPath     string                  `bun:"vault_path,nullzero"`
	LastSyncAt    time.Time               `bun:"last_sync_at,nullzero"`
	LastError     string                  `bun:"last_error,nullzero"`
	Authorized    bool                    `bun:"authorized"`
	Withdrawn     bool                    `bun:"withdrawn"`
	SourceRefused bool                    `bun:"source_refused"`
	CreatedAt     time.Time               `bun:"created_at"`
	UpdatedAt     time.Time               `bun:"updated_at"`
}

func newConnectionRow(s domain.ConnectionState) *connectionRow {
	return &connectionRow{
		ID: s.ID, Tenant: s.Tenant.String(), Type: s.Type, Status: s.Status, Source: s.Source, DisplayName: s.DisplayName,
		Region: s.Region, MarketplaceID: s.MarketplaceID, VaultPath: s.VaultPath, LastSyncAt: s.LastSyncAt,
		LastError: s.LastError, Authorized: s.Authorized, Withdrawn: s.Withdrawn, SourceRefused: s.SourceRefused,
		CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt,
	}
}

func (r *connectionRow) connection(tenant domain.TenantID) (*domain.Connection, error) {
	return domain.RestoreConnection(domain.ConnectionState{
		ID: r.ID, Tenant: tenant, Type: r.Type, Status: r.Status, Source: r.Source, DisplayName: r.DisplayName,
		Region: r.Region, MarketplaceID: r.MarketplaceID, VaultPath: r.VaultPath, LastSyncAt: utc(r.LastSyncAt),
		LastError: r.LastError, Authorized: r.Authorized, Withdrawn: r.Withdrawn, SourceRefused: r.SourceRefused,
		CreatedAt: utc(r.CreatedAt), UpdatedAt: utc(r.UpdatedAt),
	})
}

// utc turns the session's zone into the domain's and leaves no time at all alone.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}

type connections struct {
	tx     bun.Tx
	tenant domain.TenantID
}

func (q connections) Get(ctx context.Context, id domain.ConnectionID) (*domain.Connection, error) {
	return q.get(ctx, id, "")
}

func (q connections) Lock(ctx context.Context, id domain.ConnectionID) (*domain.Connection, error) {
	return q.get(ctx, id, "NO KEY UPDATE")
}

// get reads one connection, under a row lock if one is named. NO KEY UPDATE leaves foreign keys to the row alone.
func (q connections) get(ctx context.Context, id domain.ConnectionID, lock string) (*domain.Connection, error) {
	var r connectionRow
	query := q.tx.NewSelect().Model(&r).Where("c.tenant_id = ? AND c.id = ?", q.tenant.String(), id)
	if lock != "" {
		query = query.For(lock)
	}
	if err := query.Scan(ctx); err != nil {
		return nil, translate(ctx, "get connection", err)
	}
	return r.connection(q.tenant)
}

func (q connections) OfType(ctx context.Context, t domain.MarketplaceType) ([]*domain.Connection, error) {
	var rows []connectionRow
	err := q.tx.NewSelect().Model(&rows).
		Where("c.tenant_id = ? AND c.type = ?", q.tenant.String(), t).
		OrderExpr("c.status = ?, c.created_at DESC, c.id DESC", domain.ConnectionDisabled).
		Scan(ctx)
	if err != nil {
		return nil, translate(ctx, "list connections", err)
	}
	all := make([]*domain.Connection, len(rows))
	for i := range rows {
		if all[i], err = rows[i].connection(q.tenant); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (q connections) Insert(ctx context.Context, c *domain.Connection) error {
	s := c.State()
	if s.Tenant != q.tenant {
		return errNone
	}
	if _, err := q.tx.NewInsert().Model(newConnectionRow(s)).Exec(ctx); err != nil {
		return translate(ctx, "insert connection", err)
	}
	state := newSyncStateRow(domain.NewSyncState(s).State())
	_, err := q.tx.NewInsert().Model(state).Exec(ctx)
	return translate(ctx, "insert sync state", err)
}

func (q connections) Save(ctx context.Context, c *domain.Connection) error {
	res, err := q.tx.NewUpdate().Model(newConnectionRow(c.State())).
		ExcludeColumn("id", "tenant_id", "type", "created_at").
		Where("tenant_id = ? AND id = ?", q.tenant.String(), c.State().ID).
		Exec(ctx)
	return changedOne(ctx, "save connection", res, err)
}

// errNone is what is not there, or not this tenant's.
var errNone = domain.Errorf(domain.ErrNotFound, "there is no such thing")

// changedOne translates the outcome of a change that must have met one row.
func changedOne(ctx context.Context, op string, res sql.Result, err error) error {
	if err != nil {
		return translate(ctx, op, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return translate(ctx, op, err)
	}
	return errNone
}
