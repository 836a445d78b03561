// Package migrations holds the database schema as pairs of SQL files, embedded, and applies them.
//
// A pair is VERSION_name.tx.up.sql and VERSION_name.tx.down.sql. A released pair is never edited: a change is a new
// pair. Which versions a database has is kept in marketplace.schema_migrations. The tables of the queue are River's own, see
// river.go.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

//go:embed *.sql
var files embed.FS

const (
	upSuffix   = ".tx.up.sql"
	downSuffix = ".tx.down.sql"
	// lockKey names the advisory lock that migrations hold. Any constant does, as long as it stays the same.
	lockKey = 0x6b65796275_7a7a
)

// What Check finds.
var (
	// ErrBehind means that the database lacks versions which this program needs.
	ErrBehind = errors.New("the database schema is older than this program: run `server migrate`")
	// ErrAhead means that the database has versions which this program does not know.
	ErrAhead = errors.New("the database schema is newer than this program: run a newer version of it")
)

// Versions returns the versions that this program knows, oldest first.
func Versions() []string {
	var versions []string
	// Glob fails on a malformed pattern only.
	names, _ := fs.Glob(files, "*"+upSuffix)
	for _, name := range names {
		versions = append(versions, strings.TrimSuffix(name, upSuffix))
	}
	slices.Sort(versions)
	return versions
}

// Up brings the database to the newest version, all of it in one transaction: killed at any point it leaves the schema
// as it was or as it should be. (The queue's first tables, which nothing uses yet, come in a transaction before: see
// river.go.) Running it again does nothing. Any number of processes may run it at once; an advisory lock lets one work
// while the others wait. ErrAhead if the database has versions that this program does not know.
func Up(ctx context.Context, db *sql.DB) error {
	err := locked(ctx, db, func(tx *sql.Tx, applied []string) error {
		if err := compare(applied); err != nil && !errors.Is(err, ErrBehind) {
			return err
		}
		if slices.Contains(applied, riverVersion) {
			return nil
		}
		return riverBegin(ctx, tx)
	})
	if err != nil {
		return err
	}
	return locked(ctx, db, func(tx *sql.Tx, applied []string) error {
		if err := compare(applied); err != nil && !errors.Is(err, ErrBehind) {
			return err
		}
		for _, v := range Versions() {
			if slices.Contains(applied, v) {
				continue
			}
			if err := run(ctx, tx, v+upSuffix); err != nil {
				return err
			}
			if v == riverVersion {
				if err := riverUp(ctx, tx); err != nil {
					return err
				}
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO marketplace.schema_migrations (version) VALUES ($1)`, v); err != nil {
				return fmt.Errorf("record migration %s: %w", v, err)
			}
		}
		return nil
	})
}

// Down takes back the newest steps versions, with all data that they hold. It is for development and for tests.
func Down(ctx context.Context, db *sql.DB, steps int) error {
	return locked(ctx, db, func(tx *sql.Tx, applied []string) error {
		for _, v := range slices.Backward(applied) {
			if steps--; steps < 0 {
				return nil
			}
			if v == riverVersion {
				if err := riverDown(ctx, tx); err != nil {
					return err
				}
			}
			if err := run(ctx, tx, v+downSuffix); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `DELETE FROM marketplace.schema_migrations WHERE version = $1`, v); err != nil {
				return fmt.Errorf("unrecord migration %s: %w", v, err)
			}
		}
		return nil
	})
}

// Check compares the database with this program without changing anything: nil if the versions are the same, ErrBehind
// or ErrAhead if not.
func Check(ctx context.Context, db *sql.DB) error {
	var exists bool
	if err := db.QueryRowContext(ctx, `SELECT to_regclass('marketplace.schema_migrations') IS NOT NULL`).Scan(&exists); err != nil {
		return fmt.Errorf("read the schema version: %w", err)
	}
	if !exists {
		return ErrBehind
	}
	applied, err := read(ctx, db)
	if err != nil {
		return err
	}
	return compare(applied)
}

func compare(applied []string) error {
	known := Versions()
	for _, v := range applied {
		if !slices.Contains(known, v) {
			return fmt.Errorf("%w (it has version %s)", ErrAhead, v)
		}
	}
	if len(applied) < len(known) {
		return ErrBehind
	}
	return nil
}

// locked runs fn in a transaction that holds the migration lock.
func locked(ctx context.Context, db *sql.DB, fn func(tx *sql.Tx, applied []string) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin migrations: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	// Another process may need long for its migrations, longer than the session lets anybody wait for a lock.
	if _, err := tx.ExecContext(ctx, `SET LOCAL lock_timeout = 0`); err != nil {
		return fmt.Errorf("lock migrations: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(lockKey)); err != nil {
		return fmt.Errorf("lock migrations: %w", err)
	}
	// Whoever waits for a table makes all others wait behind him: a migration gives up and is run again.
	if _, err := tx.ExecContext(ctx, `SET LOCAL lock_timeout = '10s'`); err != nil {
		return fmt.Errorf("lock migrations: %w", err)
	}
	const bookkeeping = `CREATE SCHEMA IF NOT EXISTS marketplace;
		CREATE TABLE IF NOT EXISTS marketplace.schema_migrations (
			version text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())`
	if _, err := tx.ExecContext(ctx, bookkeeping); err != nil {
		return fmt.Errorf("prepare migrations: %w", err)
	}
	applied, err := read(ctx, tx)
	if err != nil {
		return err
	}
	if err := fn(tx, applied); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit migrations: %w", err)
	}
	return nil
}

func run(ctx context.Context, tx *sql.Tx, file string) error {
	script, err := files.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read migration %s: %w", file, err)
	}
	if _, err := tx.ExecContext(ctx, string(script)); err != nil {
		return fmt.Errorf("run migration %s: %w", file, err)
	}
	return nil
}

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func read(ctx context.Context, q querier) ([]string, error) {
	rows, err := q.QueryContext(ctx, `SELECT version FROM marketplace.schema_migrations ORDER BY version`)
	if err != nil {
		return nil, fmt.Errorf("read the schema version: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var versions []string
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			return nil, fmt.Errorf("read the schema version: %w", err)
		}
		versions = append(versions, v)
	}
	return versions, rows.Err()
}

// Latest returns the newest version that this program knows.
func Latest() string {
	versions := Versions()
	return versions[len(versions)-1]
}
