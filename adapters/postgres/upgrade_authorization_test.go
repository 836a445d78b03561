package postgres_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/migrations"
	"github.com/keybuzzio/marketplaces/ports"
)

// What the version before authorizations wrote, in its own words.
const (
	olderConnection = `INSERT INTO marketplace.connections (id, tenant_id, type, status, source, marketplace_id, vault_path, created_at, updated_at)
		VALUES ($1::uuid, $2, 'AMAZON', $3, 'IMAP', $1::uuid::text, 'x', now(), now())`
	olderSave = `UPDATE marketplace.connections SET status = $2, source = 'IMAP', display_name = NULL, region = NULL, vault_path = 'x',
		last_sync_at = NULL, last_error = 'x', updated_at = now() WHERE id = $1`
)

// Connections of the version before keep being read or not as they were, beside it and after it, and when it is taken back.
func TestUpgradeOfConnectionsAndBack(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	db := open(t)
	repo := postgres.NewRepository(db, nil)
	downBefore(t, db, "20261129000001_authorization")
	tenants := map[string]domain.TenantID{}
	ids := map[string]domain.ConnectionID{}
	insert := func(tenant, name string, status domain.ConnectionStatus) {
		id, err := domain.ParseTenantID(tenant)
		is.NoErr(err)
		tenants[tenant], ids[name] = id, domain.NewID[domain.ConnectionID]()
		is.NoErr(as(t, db, id, func(exec func(string, ...any)) {
			exec(olderConnection, ids[name].String(), tenant, string(status))
			exec(oldSyncState, ids[name].String(), tenant)
		}))
	}
	insert("t1", "refused", domain.ConnectionError)
	insert("t1", "read", domain.ConnectionConnected)
	insert("t1", "gone", domain.ConnectionDisabled)
	insert("t2", "refused too", domain.ConnectionError)

	is.NoErr(migrations.Up(t.Context(), db))
	state := func(tenant, name string) (s domain.ConnectionState) {
		is.NoErr(repo.View(t.Context(), tenants[tenant], func(ctx context.Context, tx ports.Tx) error {
			c, err := tx.Connections.Get(ctx, ids[name])
			if err == nil {
				s = c.State()
			}
			return err
		}))
		return s
	}
	is.True(state("t1", "refused").SourceRefused)
	is.True(state("t2", "refused too").SourceRefused)
	is.True(!state("t1", "read").SourceRefused)
	is.True(!state("t1", "gone").SourceRefused)

	// The version before works on beside this one.
	insert("t2", "new", domain.ConnectionConnected)
	set := func(tenant, name string, change func(*domain.ConnectionState)) {
		s := state(tenant, name)
		change(&s)
		c, err := domain.RestoreConnection(s)
		is.NoErr(err)
		is.NoErr(repo.Update(t.Context(), tenants[tenant], func(ctx context.Context, tx ports.Tx) error { return tx.Connections.Save(ctx, c) }))
	}
	withdrawn := func(s *domain.ConnectionState) { s.Status, s.Withdrawn = domain.ConnectionError, true }
	set("t2", "new", withdrawn)
	is.True(state("t2", "new").Polled())
	for _, status := range []domain.ConnectionStatus{domain.ConnectionConnected, domain.ConnectionError, domain.ConnectionConnected} {
		is.NoErr(as(t, db, tenants["t1"], func(exec func(string, ...any)) { exec(olderSave, ids["refused"].String(), string(status)) }))
		is.Equal(state("t1", "refused").Polled(), status == domain.ConnectionConnected) // whatever the flags say
	}
	refs, err := repo.Connected(t.Context(), domain.ConnectionID{}, 10)
	is.NoErr(err)
	is.Equal(len(refs), 3) // refused, read, new

	// What is read is read after it is taken back, and what has no source waits for one.
	set("t1", "read", func(s *domain.ConnectionState) {
		s.Source, s.VaultPath, s.Authorized, s.UpdatedAt = "", "", true, time.Now()
	})
	is.Equal(state("t1", "read").Status, domain.ConnectionConnected)
	set("t2", "refused too", withdrawn) // and its source refused
	downBefore(t, db, "20261129000001_authorization")
	status := map[string]domain.ConnectionStatus{}
	for _, tenant := range tenants {
		read(t, db, tenant, func(rows *sql.Rows) error {
			var id domain.ConnectionID
			var s domain.ConnectionStatus
			err := rows.Scan(&id, &s)
			for name := range ids {
				if ids[name] == id {
					status[name] = s
				}
			}
			return err
		}, `SELECT id, status FROM marketplace.connections`)
	}
	is.Equal(status, map[string]domain.ConnectionStatus{
		"refused": domain.ConnectionConnected, "read": domain.ConnectionPending, "gone": domain.ConnectionDisabled,
		"refused too": domain.ConnectionError, "new": domain.ConnectionConnected,
	})
	is.NoErr(migrations.Up(t.Context(), db))
}
