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

const saveSyncState = `
	UPDATE marketplace.sync_states SET cursor = nullif($3, ''), last_polled_at = $4, last_success_at = $5, last_arrival_at = $6,
		last_error = nullif($7, ''), failures = $8, updated_at = now()
	WHERE tenant_id = $1 AND connection_id = $2`

// advance saves a state, nil for none.
func advance(b *batch, s *domain.SyncState) {
	if s == nil {
		return
	}
	p := s.State()
	*b = append(*b, statement{op: "save sync state", text: saveSyncState, must: 1, otherwise: errNone, args: []any{
		p.Connection.String(), p.Cursor, orNull(p.LastPolledAt), orNull(p.LastSuccessAt), orNull(p.LastArrivalAt), p.LastError, p.Failures,
	}})
}
