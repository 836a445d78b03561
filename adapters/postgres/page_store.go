package postgres

import (
	"context"
	"database/sql"

	"github.com/uptrace/bun"

	"github.com/keybuzzio/marketplaces/domain"
)

// intake gets pages of messages in. Its statements carry their rows as one array a column, so that there is one
// statement a table and page, whatever the page holds. They go past bun to pgx, which sends arrays as they are instead
// of writing them into the statement.
type intake struct {
	tx     bun.Tx
	tenant domain.TenantID
	conn   *sql.Conn // that tx runs on
	db     *bun.DB   // that scans what is prepared
}

// The look-ups here and in book.go take their keys one by one, each from an index: a LATERAL that the planner cannot turn
// round. Left to choose, it may read a connection's whole history for a page when the statistics are young. For the same
// reason they do not name the tenant, whom an index could be chosen for: row-level security sees to it.

func (q intake) Known(ctx context.Context, t domain.MarketplaceType, externalIDs []string) (map[string]bool, error) {
	known := make(map[string]bool, len(externalIDs))
	err := q.each(ctx, "find known messages", func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		known[id] = true
		return err
	}, `
		SELECT key.id FROM unnest($2::text[]) AS key (id), LATERAL (
			SELECT FROM marketplace.external_messages m
			WHERE m.type = $1 AND m.external_id = key.id LIMIT 1) AS stored`,
		string(t), externalIDs)
	return known, err
}

// each calls scan for every row of a query.
func (q intake) each(ctx context.Context, op string, scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := q.tx.Tx.QueryContext(ctx, query, prepared(args...)...)
	if err != nil {
		return translate(ctx, op, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return translate(ctx, op, err)
		}
	}
	return translate(ctx, op, rows.Err())
}

// exec runs one set-based statement for the tenant, which is $1, and returns how many rows it met.
func (q intake) exec(ctx context.Context, op, statement string, args []any) (int, error) {
	result, err := q.tx.Tx.ExecContext(ctx, statement, prepared(append([]any{q.tenant.String()}, args...)...)...)
	if err != nil {
		return 0, translate(ctx, op, err)
	}
	n, err := result.RowsAffected()
	return int(n), translate(ctx, op, err)
}
