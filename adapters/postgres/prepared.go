package postgres

import (
	"context"
	"database/sql"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"
)

// prepared puts before a statement's arguments the mode in which pgx prepares it, once for each connection, and sends arrays as
// they are. It is for what every page and every pushed mail asks, whose texts are few and never change: reading and planning such
// a statement takes the server longer than the statement itself. bun writes values into its statements, so they go past bun.
func prepared(args ...any) []any { return append([]any{pgx.QueryExecModeCacheStatement}, args...) }

// plannedOnce makes the server plan a prepared statement once for each connection, and not for each run, as it does otherwise when
// a run has few keys: of a mail that comes alone, that took as long as all its look-ups. Such a plan lives while a table grows from
// nothing, so it must not read the table: what changes rows finds them by index. It holds for all statements of the transaction
// that have parameters: what a partial index asks for is written out. It is the end of a SELECT.
const plannedOnce = `, set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true)`

// scanPrepared scans the only row of a prepared statement into a model of bun's; sql.ErrNoRows when there is none.
func scanPrepared(ctx context.Context, db *bun.DB, on interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}, model any, query string, args ...any,
) error {
	rows, err := on.QueryContext(ctx, query, prepared(args...)...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return err
		}
		return sql.ErrNoRows
	}
	if err := db.ScanRow(ctx, rows, model); err != nil {
		return err
	}
	return rows.Close()
}
