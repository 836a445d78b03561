package postgres_test

import (
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/migrations"
)

// Row-level security does not bind superusers, so a superuser's login must not act as one.
func TestSuperuserActsAsAPlainRole(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	url := domain.NewSecret(asSuperuser(t, pgtest.Empty(t)))
	for range 2 { // a second process finds the role there
		db, err := postgres.Open(t.Context(), url, postgres.Options{})
		is.NoErr(err)
		is.NoErr(migrations.Up(t.Context(), db))
		var plain bool
		is.NoErr(db.QueryRowContext(t.Context(), "SELECT NOT (rolsuper OR rolbypassrls) FROM pg_roles WHERE rolname = current_user").Scan(&plain))
		is.True(plain)
		tenant, err := domain.ParseTenantID("t1")
		is.NoErr(err)
		if _, err := db.ExecContext(t.Context(), "SELECT 1 FROM marketplace.connections"); err != nil {
			t.Fatal(err)
		}
		fillOnce(t, postgres.NewRepository(db, nil), tenant)
		var seen int
		is.NoErr(db.QueryRowContext(t.Context(), "SELECT count(*) FROM marketplace.connections").Scan(&seen))
		is.Equal(seen, 0) // without a tenant
		is.NoErr(db.Close())
	}
}

// Where a plain role has made the schema, a superuser's login acts as that role.
func TestSuperuserActsAsTheSchemasOwner(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	db, err := postgres.Open(t.Context(), domain.NewSecret(asSuperuser(t, pgtest.Database(t))), postgres.Options{})
	is.NoErr(err)
	defer func() { is.NoErr(db.Close()) }()
	is.NoErr(migrations.Check(t.Context(), db))
	tenant, err := domain.ParseTenantID("t1")
	is.NoErr(err)
	fill(t, postgres.NewRepository(db, nil), tenant)
	var seen int
	is.NoErr(db.QueryRowContext(t.Context(), "SELECT count(*) FROM marketplace.connections").Scan(&seen))
	is.Equal(seen, 0) // without a tenant
}
