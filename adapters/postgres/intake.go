package postgres

import (
	"context"
	"database/sql"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"

	"github.com/keybuzzio/marketplaces/domain"
)

// intake gets pages of messages in. Its statements carry their rows as one array a column, so that there is one
// statement a table and page, whatever the page holds. They go past bun to pgx, which sends arrays as they are instead
// of writing them into the statement.
type intake struct {
	tx     bun.Tx
	tenant domain.TenantID
}

// The look-ups below take their keys one by one, each from an index: a LATERAL that the planner cannot turn round. Left
// to choose, it may read a connection's whole history for a page when the statistics are young. For the same reason they
// do not name the tenant, whom an index could be chosen for: the connection is the tenant's, and row-level security sees
// to it.

func (q intake) Known(ctx context.Context, c domain.ConnectionID, externalIDs []string) (map[string]bool, error) {
	known := make(map[string]bool, len(externalIDs))
	err := q.each(ctx, "find known messages", func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		known[id] = true
		return err
	}, `
		SELECT key.id FROM unnest($2::text[]) AS key (id), LATERAL (
			SELECT FROM marketplace.external_messages m
			WHERE m.connection_id = $1 AND m.external_id = key.id LIMIT 1) AS stored`,
		uuidValue(c.UUID), externalIDs)
	return known, err
}

func (q intake) Book(ctx context.Context, c domain.ConnectionID, threads, orders []string) (domain.Book, error) {
	book := domain.Book{Threads: map[string]domain.TicketID{}}
	found := map[domain.TicketID]bool{}
	err := q.each(ctx, "find conversations", func(rows *sql.Rows) error {
		var thread string
		var id domain.TicketID
		err := rows.Scan(&thread, &id)
		found[id] = true
		if thread != "" {
			book.Threads[thread] = id
		}
		return err
	}, `
		SELECT '', t.id FROM unnest($2::text[]) AS key (thread), LATERAL (
			SELECT id FROM marketplace.tickets
			WHERE connection_id = $1 AND external_id = key.thread AND channel <> 'MANUAL' OFFSET 0) AS t
		UNION ALL
		SELECT '', t.id FROM unnest($3::text[]) AS key (order_id), LATERAL (
			SELECT id FROM marketplace.tickets
			WHERE connection_id = $1 AND order_id = key.order_id OFFSET 0) AS t
		UNION ALL
		SELECT key.thread, m.ticket_id FROM unnest($2::text[]) AS key (thread), LATERAL (
			SELECT ticket_id FROM marketplace.external_messages
			WHERE connection_id = $1 AND thread_id = key.thread AND ticket_id IS NOT NULL
			ORDER BY received_at DESC, id DESC LIMIT 1) AS m`,
		uuidValue(c.UUID), threads, orders)
	if err != nil || len(found) == 0 {
		return book, err
	}
	var rows []ticketRow
	// Rising ids keep two transactions from each holding what the other waits for.
	err = q.tx.NewSelect().Model(&rows).
		Where("t.id IN (?) AND t.channel <> ?", bun.List(slices.Collect(maps.Keys(found))), domain.ChannelManual).
		OrderExpr("t.id").For("NO KEY UPDATE").
		Scan(ctx)
	if err != nil {
		return domain.Book{}, translate(ctx, "find tickets", err)
	}
	book.Tickets, err = restoreTickets(rows, q.tenant)
	return book, err
}

// each calls scan for every row of a query.
func (q intake) each(ctx context.Context, op string, scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := q.tx.Tx.QueryContext(ctx, query, asArrays(args)...)
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
	result, err := q.tx.Tx.ExecContext(ctx, statement, asArrays(append([]any{q.tenant.String()}, args...))...)
	if err != nil {
		return 0, translate(ctx, op, err)
	}
	n, err := result.RowsAffected()
	return int(n), translate(ctx, op, err)
}

// asArrays puts before a statement's arguments the mode in which pgx asks the server once for the statement's types and
// from then on sends arrays in binary. The statements here are few and fixed.
func asArrays(args []any) []any { return append([]any{pgx.QueryExecModeCacheDescribe}, args...) }
