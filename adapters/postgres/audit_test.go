package postgres_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// The database itself keeps the audit: whoever the program is, the tables' owner included, cannot change what was recorded.
func TestTheAuditCannotBeChanged(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	db := open(t)
	tenant, err := domain.ParseTenantID("t1")
	is.NoErr(err)
	record(t, postgres.NewRepository(db, nil), tenant)
	tx, err := db.BeginTx(t.Context(), nil)
	is.NoErr(err)
	defer func() { _ = tx.Rollback() }()
	_, err = tx.ExecContext(t.Context(), `SELECT set_config('keybuzz.tenant', 't1', true)`)
	is.NoErr(err)
	for _, change := range []string{`UPDATE marketplace.audit_entries SET cause = 'x'`, `DELETE FROM marketplace.audit_entries`} {
		result, err := tx.ExecContext(t.Context(), change)
		is.NoErr(err)
		n, err := result.RowsAffected()
		is.NoErr(err)
		is.Equal(n, int64(0))
	}
	is.NoErr(tx.Commit())
	var causes []string
	read(t, db, tenant, func(rows *sql.Rows) error {
		var cause string
		err := rows.Scan(&cause)
		causes = append(causes, cause)
		return err
	}, `SELECT cause FROM marketplace.audit_entries`)
	is.Equal(causes, []string{"as it was"})
}

// record adds an entry to a tenant's audit.
func record(t *testing.T, repo *postgres.Repository, tenant domain.TenantID) {
	t.Helper()
	is.New(t).NoErr(repo.Update(t.Context(), tenant, func(ctx context.Context, tx ports.Tx) error {
		return tx.Audit.Record(ctx, domain.AuditEntry{
			ID: domain.NewID[domain.AuditID](), Tenant: tenant, Action: domain.AuditResumed, Subject: "s",
			Actor: domain.ActorSystem, Cause: "as it was", At: time.Now(),
		})
	}))
}
