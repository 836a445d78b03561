package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/migrations"
	"github.com/keybuzzio/marketplaces/ports"
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

// A host's own pool may act as a superuser: whatever is made of it refuses the first thing that it is asked, and says what to do.
func TestASuperusersPoolIsRefused(t *testing.T) {
	t.Parallel()
	url := asSuperuser(t, pgtest.Database(t))
	tenant, err := domain.ParseTenantID("t1")
	if err != nil {
		t.Fatal(err)
	}
	nothing := func(context.Context, ports.Tx) error { return nil }
	for name, use := range map[string]func(ctx context.Context, db *sql.DB) error{
		"Update": func(ctx context.Context, db *sql.DB) error {
			return postgres.NewRepository(db, nil).Update(ctx, tenant, nothing)
		},
		"View": func(ctx context.Context, db *sql.DB) error {
			return postgres.NewRepository(db, nil).View(ctx, tenant, nothing)
		},
		"Connected": func(ctx context.Context, db *sql.DB) error {
			return second(postgres.NewRepository(db, nil).Connected(ctx, domain.ConnectionID{}, 1))
		},
		"BeginPoll": func(ctx context.Context, db *sql.DB) error {
			return second(postgres.NewRepository(db, nil).BeginPoll(ctx, tenant, domain.NewID[domain.ConnectionID]()))
		},
		"Connections": func(ctx context.Context, db *sql.DB) error {
			return second(postgres.NewRepository(db, nil).Connections(ctx, ports.ConnectionQuery{Limit: 1}))
		},
		"FleetStats": func(ctx context.Context, db *sql.DB) error {
			return second(postgres.NewRepository(db, nil).FleetStats(ctx))
		},
		"Route": func(ctx context.Context, db *sql.DB) error {
			return second(postgres.NewRepository(db, nil).Route(ctx, "a@b.example"))
		},
		"FindConsent": func(ctx context.Context, db *sql.DB) error {
			return second(postgres.NewRepository(db, nil).FindConsent(ctx, make([]byte, 32)))
		},
		"Unarchived": func(ctx context.Context, db *sql.DB) error {
			return second(postgres.NewRepository(db, nil).WithUnarchived(ctx, "", 1))
		},
		"rate limiter": func(ctx context.Context, db *sql.DB) error {
			return postgres.NewRateLimiter(db).Take(ctx, domain.BucketID{Tenant: tenant, Connection: domain.NewID[domain.ConnectionID](), Operation: "orders/2026-01-01/getOrder"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			db, err := sql.Open("pgx", url)
			is.NoErr(err)
			defer func() { _ = db.Close() }()
			err = use(t.Context(), db)
			is.True(errors.Is(err, domain.ErrForbidden))
			is.True(strings.Contains(domain.Message(err), "postgres.Open")) // what to do
		})
	}
}

// second is the error of a call.
func second[T any](_ T, err error) error { return err }
