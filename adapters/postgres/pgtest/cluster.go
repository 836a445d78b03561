package pgtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx

	"github.com/keybuzzio/marketplaces/adapters/postgres/local"
	"github.com/keybuzzio/marketplaces/domain"
)

const (
	// template is the database that is migrated once and copied for each test.
	template = "keybuzz_template"

	// patience bounds each step, so that a server in trouble fails a test and does not hang it.
	patience = 5 * time.Minute
)

// cluster is a server with the databases of this process's tests.
type cluster struct {
	server *local.Server
	made   atomic.Int64 // databases, to name them
}

// startCluster starts a server in the first folder of kind that no other test process uses and whose data are of an
// installed version, and migrates its template. The process's end stops it.
func startCluster(kind string, opts local.Options, migrate func(context.Context, *sql.DB) error) (*cluster, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	dir, err := local.DataDir()
	if err != nil {
		return nil, err
	}
	opts.Alone = true
	for n := 0; ; n++ {
		server, err := local.Start(ctx, filepath.Join(dir, "pgtest", kind+"-"+strconv.Itoa(n)), opts)
		if errors.Is(err, domain.ErrConflict) {
			continue
		}
		if err != nil {
			return nil, err
		}
		c := &cluster{server: server}
		if err := c.prepare(ctx, migrate); err != nil {
			server.Stop()
			return nil, fmt.Errorf("prepare the databases for tests: %w", err)
		}
		return c, nil
	}
}

// leftovers are the statements that drop what tests of an earlier process made: databases, then roles.
const leftovers = `
	SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database
	WHERE datname NOT IN ('postgres', 'keybuzz', 'template0', 'template1')
	UNION ALL
	SELECT format('DROP ROLE %I', rolname) FROM pg_roles
	WHERE rolname NOT IN ('postgres', 'keybuzz') AND rolname NOT LIKE 'pg\_%'
	ORDER BY 1` // databases first: they may hold what belongs to the roles

// prepare makes the cluster as it was when new, and then the template. Migrating takes less than finding out for certain
// that an earlier template is still right.
func (c *cluster) prepare(ctx context.Context, migrate func(context.Context, *sql.DB) error) error {
	admin, err := pgx.Connect(ctx, c.server.AdminURL())
	if err != nil {
		return err
	}
	defer admin.Close(ctx)
	rows, _ := admin.Query(ctx, leftovers)
	statements, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, statement := range statements {
		if _, err := admin.Exec(ctx, statement); err != nil {
			return err
		}
	}
	if err := create(ctx, admin, template, "template0"); err != nil {
		return err
	}
	db, err := sql.Open("pgx", c.server.DatabaseURL(template))
	if err != nil {
		return err
	}
	defer db.Close()
	return migrate(ctx, db)
}

// database copies source for t.
func (c *cluster) database(t testing.TB, source string) string {
	t.Helper()
	name := "test_" + strconv.FormatInt(c.made.Add(1), 10)
	err := c.admin(func(ctx context.Context, admin *pgx.Conn) error { return create(ctx, admin, name, source) })
	if err != nil {
		t.Fatalf("create a database for the test: %v", err)
	}
	t.Cleanup(func() {
		err := c.admin(func(ctx context.Context, admin *pgx.Conn) error { return drop(ctx, admin, name) })
		if err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	return c.server.DatabaseURL(name)
}

// admin connects for fn as the superuser. A test's own context is no use here: it is done when the test cleans up.
func (c *cluster) admin(fn func(context.Context, *pgx.Conn) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	admin, err := pgx.Connect(ctx, c.server.AdminURL())
	if err != nil {
		return err
	}
	defer admin.Close(ctx)
	return fn(ctx, admin)
}

func create(ctx context.Context, admin *pgx.Conn, name, source string) error {
	_, err := admin.Exec(ctx, `CREATE DATABASE `+name+` OWNER keybuzz TEMPLATE `+source)
	return err
}

func drop(ctx context.Context, admin *pgx.Conn, name string) error {
	_, err := admin.Exec(ctx, `DROP DATABASE `+name+` WITH (FORCE)`)
	return err
}
