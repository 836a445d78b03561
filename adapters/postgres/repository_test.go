package postgres_test

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/matryer/is"

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
	repo := postgres.NewRepository(db)
	return porttest.RepositoryFixture{
		Repository: repo, Directory: repo,
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

func TestDirectory(t *testing.T) {
	t.Parallel()
	porttest.TestDirectory(t, fixture)
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

func readMessages(t *testing.T, db *sql.DB, tenant domain.TenantID, c domain.ConnectionID) (all []domain.ExternalMessage) {
	t.Helper()
	read(t, db, tenant, func(rows *sql.Rows) error {
		m := domain.ExternalMessage{Tenant: tenant}
		var thread, order, name, email, language sql.NullString
		var raw []byte
		var ticket uuid.NullUUID
		err := rows.Scan(&m.ID, &m.Connection, &m.Type, &m.Kind, &m.ExternalID, &thread, &order, &name, &email, &language, &m.ReceivedAt, &raw, &ticket)
		m.ThreadID, m.OrderID, m.BuyerName, m.BuyerEmail, m.Language = thread.String, order.String, name.String, email.String, language.String
		m.ReceivedAt, m.Ticket = m.ReceivedAt.UTC(), domain.TicketID{UUID: ticket.UUID}
		m.Raw = decodeRaw(t, raw)
		all = append(all, m)
		return err
	}, `SELECT id, connection_id, type, kind, external_id, thread_id, order_id, buyer_name, buyer_email, language, received_at, raw, ticket_id
		FROM marketplace.external_messages WHERE connection_id = $1`, c.String())
	return all
}

func decodeRaw(t *testing.T, column []byte) domain.Raw {
	t.Helper()
	var raw struct{ MediaType, Encoding, Content string }
	if err := json.Unmarshal(column, &raw); err != nil {
		t.Fatal(err)
	}
	content := []byte(raw.Content)
	if raw.Encoding == "base64" {
		var err error
		if content, err = base64.StdEncoding.DecodeString(raw.Content); err != nil {
			t.Fatal(err)
		}
	}
	return domain.Raw{MediaType: raw.MediaType, Bytes: content}
}

func readRejected(t *testing.T, db *sql.DB, tenant domain.TenantID, c domain.ConnectionID) (all []domain.RejectedMessage) {
	t.Helper()
	read(t, db, tenant, func(rows *sql.Rows) error {
		m := domain.RejectedMessage{Tenant: tenant}
		var received sql.NullTime
		var detail, mediaType sql.NullString
		err := rows.Scan(&m.ID, &m.Connection, &m.Type, &m.ExternalID, &m.Reason, &detail, &mediaType, &m.Raw, &received)
		m.Detail, m.MediaType = detail.String, mediaType.String
		if received.Valid {
			m.ReceivedAt = received.Time.UTC()
		}
		all = append(all, m)
		return err
	}, `SELECT id, connection_id, type, external_id, reason, detail, media_type, raw, received_at FROM marketplace.rejected_messages WHERE connection_id = $1`, c.String())
	return all
}

// Row-level security holds even for a query that forgets the tenant.
func TestRawQueryWithoutATenantSeesNothing(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	db := open(t)
	repo := postgres.NewRepository(db)
	for _, name := range []string{"t1", "t2"} {
		tenant, err := domain.ParseTenantID(name)
		is.NoErr(err)
		fill(t, repo, tenant)
	}
	tables := []string{"connections", "sync_states", "tickets", "external_messages", "ticket_messages", "ticket_events", "rejected_messages"}
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
	is.Equal(unforced, 0) // every table, those of later migrations too
}

// A row of one tenant cannot point at another's, whatever the program does.
func TestForeignKeysCarryTheTenant(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	db := open(t)
	tenant, err := domain.ParseTenantID("t1")
	is.NoErr(err)
	c := fill(t, postgres.NewRepository(db), tenant)
	tx, err := db.BeginTx(t.Context(), nil)
	is.NoErr(err)
	defer func() { _ = tx.Rollback() }()
	_, err = tx.ExecContext(t.Context(), "SELECT set_config('keybuzz.tenant', 't2', true)")
	is.NoErr(err)
	_, err = tx.ExecContext(t.Context(), `INSERT INTO marketplace.rejected_messages (id, tenant_id, connection_id, type, external_id, reason, raw)
		VALUES (gen_random_uuid(), 't2', $1, 'AMAZON', 'x', 'x', 'x')`, c.ID.String())
	is.True(err != nil) // t1's connection
}

// fill stores a connection with a row in every table.
func fill(t *testing.T, repo *postgres.Repository, tenant domain.TenantID) domain.ConnectionState {
	t.Helper()
	now := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	c, err := domain.NewConnection(tenant, domain.Amazon, now)
	if err != nil {
		t.Fatal(err)
	}
	good := domain.InboundMessage{ExternalID: "m", ThreadID: "th", OrderID: "o", Body: "Hello", ReceivedAt: now, Raw: domain.Raw{Bytes: []byte("raw")}}
	bad := domain.InboundMessage{Body: "no id", ReceivedAt: now, Raw: domain.Raw{Bytes: []byte("bad")}}
	page := domain.Screen(c.State(), []domain.InboundMessage{good, bad})
	intake := domain.Thread(c.State(), page.Accepted, domain.Book{}, now)
	intake.Rejected = page.Rejected
	err = repo.Update(t.Context(), tenant, func(ctx context.Context, tx ports.Tx) error {
		return errors.Join(tx.Connections.Insert(ctx, c), tx.Intake.Store(ctx, intake))
	})
	if err != nil {
		t.Fatal(err)
	}
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
