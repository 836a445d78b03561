package postgres

import (
	"context"
	"database/sql"
	"time"

	"github.com/uptrace/bun"

	"github.com/keybuzzio/marketplaces/domain"
)

// polls reads and writes a connection and its sync state in one statement each. They are prepared: their text never
// changes. Row-level security sees to the tenant.
type polls struct {
	tx     bun.Tx
	tenant domain.TenantID
}

// Lock locks the sync state first: rows are locked in the order in which FROM names their tables.
func (q polls) Lock(ctx context.Context, id domain.ConnectionID) (*domain.Connection, *domain.SyncState, error) {
	var r pollRow
	err := q.tx.Tx.QueryRowContext(ctx, `SELECT `+pollColumns+`
		FROM marketplace.sync_states s JOIN marketplace.connections c ON c.id = s.connection_id
		WHERE s.connection_id = $1 FOR NO KEY UPDATE`, prepared(id.String())...).Scan(r.columns()...)
	if err != nil {
		return nil, nil, translate(ctx, "lock connection and sync state", err)
	}
	return r.restore()
}

func (q polls) Save(ctx context.Context, c *domain.Connection, s *domain.SyncState) error {
	k, p := c.State(), s.State()
	var saved int64
	err := q.tx.Tx.QueryRowContext(ctx, `
		WITH s AS (
			UPDATE marketplace.sync_states SET cursor = nullif($2, ''), last_polled_at = $3, last_success_at = $4,
				last_arrival_at = $5, last_error = nullif($6, ''), failures = $7, updated_at = now()
			WHERE connection_id = $1 RETURNING 1
		), c AS (
			UPDATE marketplace.connections SET status = $8, source = nullif($9, ''), display_name = nullif($10, ''),
				region = nullif($11, ''), marketplace_id = nullif($12, ''), vault_path = nullif($13, ''),
				last_sync_at = $14, last_error = nullif($15, ''), updated_at = $16,
				authorized = $17, withdrawn = $18, source_refused = $19
			WHERE id = $1 RETURNING 1
		)
		SELECT count(*) FROM s, c`,
		prepared(k.ID.String(),
			p.Cursor, orNull(p.LastPolledAt), orNull(p.LastSuccessAt), orNull(p.LastArrivalAt), p.LastError, p.Failures,
			string(k.Status), string(k.Source), k.DisplayName, k.Region, k.MarketplaceID, k.VaultPath,
			orNull(k.LastSyncAt), k.LastError, k.UpdatedAt, k.Authorized, k.Withdrawn, k.SourceRefused)...).Scan(&saved)
	if err != nil {
		return translate(ctx, "save connection and sync state", err)
	}
	if saved != 1 {
		return errNone
	}
	return nil
}

// pollColumns are what a pollRow is scanned from, of connections c and sync_states s.
const pollColumns = `c.id::text, c.tenant_id, c.type, c.status, coalesce(c.source, ''), coalesce(c.display_name, ''),
	coalesce(c.region, ''), coalesce(c.marketplace_id, ''), coalesce(c.vault_path, ''), c.last_sync_at,
	coalesce(c.last_error, ''), c.authorized, c.withdrawn, c.source_refused, c.created_at, c.updated_at, coalesce(s.cursor, ''), s.last_polled_at, s.last_success_at,
	s.last_arrival_at, coalesce(s.last_error, ''), s.failures`

// pollRow is a connection and its sync state as they are stored.
type pollRow struct {
	id, tenant                         string
	k                                  domain.ConnectionState
	s                                  domain.SyncStateData
	synced, polled, succeeded, arrived sql.NullTime
}

func (r *pollRow) columns() []any {
	return []any{
		&r.id, &r.tenant, &r.k.Type, &r.k.Status, &r.k.Source, &r.k.DisplayName,
		&r.k.Region, &r.k.MarketplaceID, &r.k.VaultPath, &r.synced,
		&r.k.LastError, &r.k.Authorized, &r.k.Withdrawn, &r.k.SourceRefused, &r.k.CreatedAt, &r.k.UpdatedAt, &r.s.Cursor, &r.polled, &r.succeeded,
		&r.arrived, &r.s.LastError, &r.s.Failures,
	}
}

func (r *pollRow) restore() (*domain.Connection, *domain.SyncState, error) {
	k, s := r.k, r.s
	var err error
	if k.ID, err = domain.ParseID[domain.ConnectionID](r.id); err != nil {
		return nil, nil, err
	}
	if k.Tenant, err = domain.ParseTenantID(r.tenant); err != nil {
		return nil, nil, err
	}
	s.Connection, s.Tenant, s.Type = k.ID, k.Tenant, k.Type
	k.LastSyncAt, k.CreatedAt, k.UpdatedAt = utc(r.synced.Time), utc(k.CreatedAt), utc(k.UpdatedAt)
	s.LastPolledAt, s.LastSuccessAt, s.LastArrivalAt = utc(r.polled.Time), utc(r.succeeded.Time), utc(r.arrived.Time)
	connection, err := domain.RestoreConnection(k)
	if err != nil {
		return nil, nil, err
	}
	state, err := domain.RestoreSyncState(s)
	return connection, state, err
}

// orNull turns no time at all into NULL.
func orNull(t time.Time) sql.NullTime { return sql.NullTime{Time: t, Valid: !t.IsZero()} }
