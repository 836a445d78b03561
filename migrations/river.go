package migrations

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/rivermigrate"
)

// riverVersion is the version whose files bring the tables of the queue. They are River's own migrations, from its
// module, so that nobody here keeps a copy of them.
const riverVersion = "20261124000001_river"

// riverTables is the version of River's migrations that riverVersion stands for. When an update of River brings a newer
// one, it becomes a version of ours of its own: this one is released.
const riverTables = 8

// riverBeginning is the version of River's migrations that adds a value to an enum. Postgres before version 17 lets nobody
// use such a value in the transaction that added it, and later migrations do: so what comes until here commits before.
const riverBeginning = 4

// riverSchema is where the queue lives.
const riverSchema = "river"

// ourJobs are the kinds of our jobs, and the names of their queues.
var ourJobs = []string{"poll", "context", "replies", "upkeep"}

// riverBegin makes the queue's first tables, if they are not there. Alone they do nothing.
func riverBegin(ctx context.Context, tx *sql.Tx) error {
	if err := run(ctx, tx, riverVersion+upSuffix); err != nil {
		return err
	}
	return migrateRiver(ctx, tx, rivermigrate.DirectionUp, riverBeginning)
}

func riverUp(ctx context.Context, tx *sql.Tx) error {
	return migrateRiver(ctx, tx, rivermigrate.DirectionUp, riverTables)
}

// riverDown removes the queue's tables. A host may work jobs of its own by the same tables: then they stay, and so does the
// version.
func riverDown(ctx context.Context, tx *sql.Tx) error {
	const everything = -1
	var others bool
	err := tx.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT FROM river.river_job WHERE kind <> ALL ($1::text[]))
			OR EXISTS (SELECT FROM river.river_queue WHERE name <> ALL ($1::text[]))`, ourJobs).Scan(&others)
	if err != nil {
		return fmt.Errorf("look for other programs' jobs: %w", err)
	}
	if others {
		return errors.New("the schema river holds jobs or queues of another program: move them to a schema of their own before this version is taken back")
	}
	return migrateRiver(ctx, tx, rivermigrate.DirectionDown, everything)
}

func migrateRiver(ctx context.Context, tx *sql.Tx, direction rivermigrate.Direction, target int) error {
	migrator, err := rivermigrate.New(riverdatabasesql.New(nil), &rivermigrate.Config{
		Schema: riverSchema, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return fmt.Errorf("prepare the queue's migrations: %w", err)
	}
	//lint:ignore SA1019 it is deprecated for the enum alone, which riverBeginning sees to; Migrate would commit what Up has not finished
	if _, err := migrator.MigrateTx(ctx, tx, direction, &rivermigrate.MigrateOpts{TargetVersion: target}); err != nil {
		return fmt.Errorf("migrate the queue: %w", err)
	}
	return nil
}
