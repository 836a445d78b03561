package pgtest_test

import (
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
)

func TestDatabase(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var gone string
	t.Run("is migrated and its owner no superuser", func(t *testing.T) {
		is := is.New(t)
		conn := connect(t, pgtest.Database(t))
		var tickets, super, owns bool
		is.NoErr(conn.QueryRow(t.Context(), `SELECT to_regclass('marketplace.tickets') IS NOT NULL, rolsuper OR rolbypassrls,
			datdba = r.oid FROM pg_roles r, pg_database WHERE rolname = current_user AND datname = current_database()`).
			Scan(&tickets, &super, &owns))
		is.True(tickets) // the schema is there
		is.True(!super)  // and row-level security holds
		is.True(owns)
		is.NoErr(conn.QueryRow(t.Context(), `SELECT current_database()`).Scan(&gone))
	})
	var left int
	is.NoErr(connect(t, pgtest.Database(t)).
		QueryRow(t.Context(), `SELECT count(*) FROM pg_database WHERE datname = $1`, gone).Scan(&left))
	is.Equal(left, 0) // it ended with its test, though a connection was open
}

func TestDatabasesAreApart(t *testing.T) {
	t.Parallel()
	for n := range 8 {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			t.Parallel()
			_, err := connect(t, pgtest.Database(t)).Exec(t.Context(), `CREATE TABLE mine ()`)
			is.New(t).NoErr(err) // no other test's table of that name is in the way
		})
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		open     func(testing.TB) string
		migrated bool
		fsync    string
	}{
		"database": {open: pgtest.Database, migrated: true, fsync: "off"},
		"durable":  {open: pgtest.Durable, migrated: true, fsync: "on"},
		"empty":    {open: pgtest.Empty, migrated: false, fsync: "off"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			var migrated bool
			var fsync, commit string
			is.NoErr(connect(t, c.open(t)).QueryRow(t.Context(), `SELECT to_regnamespace('marketplace') IS NOT NULL,
				current_setting('fsync'), current_setting('synchronous_commit')`).Scan(&migrated, &fsync, &commit))
			is.Equal(migrated, c.migrated)
			is.Equal(fsync, c.fsync)
			is.Equal(commit, c.fsync)
		})
	}
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}
