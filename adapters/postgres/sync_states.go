package postgres

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/keybuzzio/marketplaces/domain"
)

type syncStateRow struct {
	bun.BaseModel `bun:"table:marketplace.sync_states,alias:s"`

	ID            uuid.UUID              `bun:"id,pk,type:uuid"` // nobody asks for it by this
	Tenant        string                 `bun:"tenant_id"`
	Connection    domain.ConnectionID    `bun:"connection_id,type:uuid"`
	Type          domain.MarketplaceType `bun:"type"`
	Cursor        string                 `bun:"cursor,nullzero"`
	LastPolledAt  time.Time              `bun:"last_polled_at,nullzero"`
	LastSuccessAt time.Time              `bun:"last_success_at,nullzero"`
	LastArrivalAt time.Time              `bun:"last_arrival_at,nullzero"`
	LastError     string                 `bun:"last_error,nullzero"`
	Failures      int                    `bun:"failures"`
}

func newSyncStateRow(s domain.SyncStateData) *syncStateRow {
	return &syncStateRow{
		ID: uuid.Must(uuid.NewV7()), Tenant: s.Tenant.String(), Connection: s.Connection, Type: s.Type, Cursor: s.Cursor,
		LastPolledAt: s.LastPolledAt, LastSuccessAt: s.LastSuccessAt, LastArrivalAt: s.LastArrivalAt, LastError: s.LastError,
		Failures: s.Failures,
	}
}

type syncStates struct {
	tx     bun.Tx
	tenant domain.TenantID
}

func (q syncStates) Get(ctx context.Context, id domain.ConnectionID) (*domain.SyncState, error) {
	return q.get(ctx, id, "")
}

func (q syncStates) Lock(ctx context.Context, id domain.ConnectionID) (*domain.SyncState, error) {
	return q.get(ctx, id, "NO KEY UPDATE")
}

func (q syncStates) get(ctx context.Context, id domain.ConnectionID, lock string) (*domain.SyncState, error) {
	var r syncStateRow
	query := q.tx.NewSelect().Model(&r).Where("s.tenant_id = ? AND s.connection_id = ?", q.tenant.String(), id)
	if lock != "" {
		query = query.For(lock)
	}
	if err := query.Scan(ctx); err != nil {
		return nil, translate(ctx, "get sync state", err)
	}
	return domain.RestoreSyncState(domain.SyncStateData{
		Connection: r.Connection, Tenant: q.tenant, Type: r.Type, Cursor: r.Cursor,
		LastPolledAt: utc(r.LastPolledAt), LastSuccessAt: utc(r.LastSuccessAt), LastArrivalAt: utc(r.LastArrivalAt),
		LastError: r.LastError, Failures: r.Failures,
	})
}

func (q syncStates) Save(ctx context.Context, s *domain.SyncState) error {
	res, err := q.tx.NewUpdate().Model(newSyncStateRow(s.State())).
		Column("cursor", "last_polled_at", "last_success_at", "last_arrival_at", "last_error", "failures").
		Set("updated_at = now()").
		Where("tenant_id = ? AND connection_id = ?", q.tenant.String(), s.State().Connection).
		Exec(ctx)
	return changedOne(ctx, "save sync state", res, err)
}
