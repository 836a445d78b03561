package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
	"github.com/keybuzzio/marketplaces/ports/porttest"
)

// open returns a fresh database of the test's own.
func open(t testing.TB) *sql.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), domain.NewSecret(pgtest.Database(t)), postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func fixture(t *testing.T) porttest.RepositoryFixture {
	t.Helper()
	db := open(t)
	repo := postgres.NewRepository(db, nil)
	return porttest.RepositoryFixture{
		Repository: repo, Directory: repo, PollBook: repo, Routes: repo, Held: repo, Consents: repo,
		Messages: func(t *testing.T, tenant domain.TenantID, c domain.ConnectionID) []domain.ExternalMessage {
			return readMessages(t, db, tenant, c)
		},
		Rejected: func(t *testing.T, tenant domain.TenantID, c domain.ConnectionID) []domain.RejectedMessage {
			return readRejected(t, db, tenant, c)
		},
	}
}

func TestRepository(t *testing.T) {
	t.Parallel()
	porttest.TestRepository(t, fixture)
}

func TestPollBook(t *testing.T) {
	t.Parallel()
	porttest.TestPollBook(t, fixture)
}

func TestDirectory(t *testing.T) {
	t.Parallel()
	porttest.TestDirectory(t, fixture)
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	porttest.TestRoutes(t, fixture)
}

func TestPendingConsents(t *testing.T) {
	t.Parallel()
	porttest.TestPendingConsents(t, fixture)
}

func TestRawsHeld(t *testing.T) {
	t.Parallel()
	porttest.TestRawsHeld(t, fixture)
}

// read runs a query as a tenant and scans every row.
func read(t *testing.T, db *sql.DB, tenant domain.TenantID, scan func(*sql.Rows) error, query string, args ...any) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context()) // fixtures are read in clean-ups too
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, "SELECT set_config('keybuzz.tenant', $1, true)", tenant.String()); err != nil {
		t.Fatal(err)
	}
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// Row-level security holds even for a query that forgets the tenant.
func TestRawQueryWithoutATenantSeesNothing(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	db := open(t)
	repo := postgres.NewRepository(db, nil)
	for _, name := range []string{"t1", "t2"} {
		tenant, err := domain.ParseTenantID(name)
		is.NoErr(err)
		fill(t, repo, tenant)
		record(t, repo, tenant)
	}
	tables := []string{
		"connections", "sync_states", "tickets", "external_messages", "ticket_messages", "ticket_events", "rejected_messages", "audit_entries",
		"raw_keys", "raw_contents", "attachments", "inbound_addresses", "authorizations", "participations", "consents", "orders",
	}
	for _, table := range tables {
		var n int
		is.NoErr(db.QueryRowContext(t.Context(), "SELECT count(*) FROM marketplace."+table).Scan(&n))
		is.Equal(n, 0) // without a tenant
		tenant, err := domain.ParseTenantID("t1")
		is.NoErr(err)
		var tenants []string
		read(t, db, tenant, func(rows *sql.Rows) error {
			var s string
			err := rows.Scan(&s)
			tenants = append(tenants, s)
			return err
		}, "SELECT DISTINCT tenant_id FROM marketplace."+table)
		is.Equal(tenants, []string{"t1"}) // with one, its own
		if _, err := db.ExecContext(t.Context(), "DELETE FROM marketplace."+table); err != nil {
			t.Fatal(err)
		}
		var left int
		read(t, db, tenant, func(rows *sql.Rows) error { return rows.Scan(&left) }, "SELECT count(*) FROM marketplace."+table)
		is.True(left > 0) // nor can it delete what it does not see
	}
	var unforced int
	is.NoErr(db.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_class WHERE relnamespace = 'marketplace'::regnamespace
		AND relkind = 'r' AND relname <> 'schema_migrations' AND NOT (relrowsecurity AND relforcerowsecurity)`).Scan(&unforced))
	is.Equal(unforced, 0) // every table, those of later migrations too, but for those that hold nobody's data
}

// A row of one tenant cannot point at another's, whatever the program does.
func TestForeignKeysCarryTheTenant(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	db := open(t)
	tenant, err := domain.ParseTenantID("t1")
	is.NoErr(err)
	c := fill(t, postgres.NewRepository(db, nil), tenant)
	tx, err := db.BeginTx(t.Context(), nil)
	is.NoErr(err)
	defer func() { _ = tx.Rollback() }()
	_, err = tx.ExecContext(t.Context(), "SELECT set_config('keybuzz.tenant', 't2', true)")
	is.NoErr(err)
	_, err = tx.ExecContext(t.Context(), `INSERT INTO marketplace.rejected_messages (id, tenant_id, connection_id, type, external_id, reason, raw)
		VALUES (gen_random_uuid(), 't2', $1, 'AMAZON', 'x', 'x', 'x')`, c.ID.String())
	is.True(err != nil) // t1's connection
}

// fill stores a connection with a row in every table but the audit's.
func fill(t *testing.T, repo *postgres.Repository, tenant domain.TenantID) domain.ConnectionState {
	t.Helper()
	is := is.New(t)
	now := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	c, err := domain.NewConnection(tenant, domain.Amazon, now)
	is.NoErr(err)
	good := domain.InboundMessage{
		ExternalID: "m", ThreadID: "th", OrderID: "o", Body: "Hello", ReceivedAt: now, Source: domain.Source{Bytes: []byte("raw")},
		Files: []domain.File{{Name: "photo.jpg", Type: "image/jpeg"}},
	}
	bad := domain.InboundMessage{Body: "no id", ReceivedAt: now, Source: domain.Source{Bytes: []byte("bad")}}
	page := domain.Screen(c.State(), []domain.InboundMessage{good, bad})
	in := domain.Thread(c.State(), page.Accepted, domain.Candidates{}, now)
	in.Rejected = page.Rejected
	sealer, err := memory.NewSourceVault().Sealer(t.Context(), tenant)
	is.NoErr(err)
	in.Messages[0].Source, err = sealer.Seal(in.Messages[0].Source)
	is.NoErr(err)
	key := domain.SourceKey{ID: in.Messages[0].Source.Key, Tenant: tenant, Path: domain.NewRawKeyPath(tenant, in.Messages[0].Source.Key)}
	address, err := domain.NewInboundAddress(c.State(), "FR", "inbound.example.com", now)
	is.NoErr(err)
	granted, err := domain.NewAuthorization(c.State(), "EU", domain.Grant{SellerID: "A1", VaultPath: "x"}, now)
	is.NoErr(err)
	begun, _, err := domain.NewConsent(c.State(), domain.ConsentBegin{Region: "EU", Browser: domain.NewNonce()}, now)
	is.NoErr(err)
	is.NoErr(repo.Update(t.Context(), tenant, func(ctx context.Context, tx ports.Tx) error {
		err := errors.Join(tx.Connections.Insert(ctx, c), tx.SourceKeys.Insert(ctx, key), tx.Pages.Store(ctx, in), tx.Addresses.Insert(ctx, address),
			tx.Authorizations.Insert(ctx, granted), tx.Consents.Insert(ctx, begun),
			tx.Authorizations.SetParticipations(ctx, c.State().ID, "EU", []domain.Participation{{MarketplaceID: "A13V1IB3VIYZZH"}}))
		if err == nil {
			_, err = tx.Orders.Enqueue(ctx, c.State().ID, []domain.OrderRequest{{OrderID: "o"}}, 0, now)
		}
		return err
	}))
	return c.State()
}

// fillOnce is fill for a database that may be filled already.
func fillOnce(t *testing.T, repo *postgres.Repository, tenant domain.TenantID) {
	t.Helper()
	var there bool
	err := repo.View(t.Context(), tenant, func(ctx context.Context, tx ports.Tx) error {
		all, err := tx.Connections.OfType(ctx, domain.Amazon)
		there = len(all) > 0
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !there {
		fill(t, repo, tenant)
	}
}
