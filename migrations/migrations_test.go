package migrations_test

import (
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx
	"github.com/matryer/is"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
	"github.com/keybuzzio/marketplaces/migrations"
)

func open(t *testing.T, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestUpAndDown(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	db := open(t, pgtest.Empty(t))
	is.True(errors.Is(migrations.Check(t.Context(), db), migrations.ErrBehind))
	for range 2 { // again does nothing
		is.NoErr(migrations.Up(t.Context(), db))
		is.NoErr(migrations.Check(t.Context(), db))
	}
	is.NoErr(migrations.Down(t.Context(), db, len(migrations.Versions())))
	is.True(errors.Is(migrations.Check(t.Context(), db), migrations.ErrBehind))
	var left int
	is.NoErr(db.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_class
		WHERE relnamespace = 'marketplace'::regnamespace AND relname NOT LIKE 'schema_migrations%'`).Scan(&left))
	is.Equal(left, 0) // down takes back all that up made
	is.NoErr(db.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_namespace WHERE nspname = 'river'`).Scan(&left))
	is.Equal(left, 0) // the queue too
	is.NoErr(migrations.Up(t.Context(), db))
}

// A host may work its own jobs by the tables of the queue: they are never dropped under it.
func TestDownKeepsAHostsJobs(t *testing.T) {
	t.Parallel()
	for name, statement := range map[string]string{
		"a job":   `INSERT INTO river.river_job (kind, queue, args, max_attempts) VALUES ('host_report', 'default', '{}', 3)`,
		"a queue": `INSERT INTO river.river_queue (name, updated_at) VALUES ('host', now())`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			db := open(t, pgtest.Empty(t))
			is.NoErr(migrations.Up(t.Context(), db))
			_, err := db.ExecContext(t.Context(), statement)
			is.NoErr(err)
			err = migrations.Down(t.Context(), db, len(migrations.Versions()))
			is.True(err != nil && strings.Contains(err.Error(), "another program"))
			var left int
			is.NoErr(db.QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM river.river_job) + (SELECT count(*) FROM river.river_queue)`).Scan(&left))
			is.Equal(left, 1)
		})
	}
}

func TestTenProcessesStartAtOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.Empty(t)
	var all sync.WaitGroup
	for range 10 {
		db := open(t, url)
		all.Go(func() {
			if err := migrations.Up(t.Context(), db); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	is.New(t).NoErr(migrations.Check(t.Context(), open(t, url)))
}

func TestUnknownSchemaIsRefused(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	db := open(t, pgtest.Database(t))
	_, err := db.ExecContext(t.Context(), "INSERT INTO marketplace.schema_migrations (version) VALUES ('29991231000000_future')")
	is.NoErr(err)
	is.True(errors.Is(migrations.Check(t.Context(), db), migrations.ErrAhead))
	is.True(errors.Is(migrations.Up(t.Context(), db), migrations.ErrAhead))
}

func TestEveryFileHasItsPair(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	files, err := fs.Glob(os.DirFS("."), "*.sql")
	is.NoErr(err)
	is.Equal(len(files), 2*len(migrations.Versions()))
	for _, v := range migrations.Versions() {
		_, err := os.Stat(v + ".tx.down.sql")
		is.NoErr(err)
	}
	is.True(strings.Compare(migrations.Latest(), migrations.Versions()[0]) >= 0)
}

// An update of River that brings migrations must not go unnoticed: they become a version of ours.
func TestTheQueuesTablesAreTheNewest(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	db := open(t, pgtest.Database(t))
	migrator, err := rivermigrate.New(riverdatabasesql.New(db), &rivermigrate.Config{Schema: "river"})
	is.NoErr(err)
	result, err := migrator.Validate(t.Context(), nil)
	is.NoErr(err)
	is.True(result.OK) // all of River's migrations are applied
}
