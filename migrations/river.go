package migrations

import (
	"context"
	"database/sql"
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

func riverDown(ctx context.Context, tx *sql.Tx) error {
	const everything = -1
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
