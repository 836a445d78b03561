package postgres

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// batch is statements that go to the server together: it runs one after the other, and none when one before it failed, but the
// way there and back is gone once. Of a page with one message that way is half of what it costs.
type batch []statement

type statement struct {
	op, text string
	args     []any // behind the tenant, which is $1
	must     int   // rows that it has to meet; any when negative

	otherwise error // when it met another number
}

const anyRows = -1

// insert adds new rows. Their identity is decided by the table's constraints.
func insert[R any](b *batch, t table[R], rows []R) {
	if len(rows) > 0 {
		*b = append(*b, statement{op: "insert into " + t.name, text: t.insert, args: t.values(rows), must: anyRows})
	}
}

// update changes rows that must all be there.
func update[R any](b *batch, t table[R], rows []R) {
	if len(rows) > 0 {
		*b = append(*b, statement{op: "update " + t.name, text: t.update, args: t.values(rows), must: len(rows), otherwise: errNone})
	}
}

// send runs a batch within the transaction. A row that must be there and is not, or is not this tenant's, is errNone.
//
// database/sql knows no batches, so this goes to pgx with the connection that the transaction has for itself.
func (q intake) send(ctx context.Context, b batch) error {
	if len(b) == 0 {
		return nil
	}
	var panicked any // Source, left by a panic, waits for the end of the transaction, which waits for Source
	err := q.conn.Raw(func(conn any) error {
		defer func() { panicked = recover() }()
		return q.sendOn(ctx, conn.(*stdlib.Conn).Conn(), b)
	})
	if panicked != nil {
		panic(panicked)
	}
	if errors.Is(err, sql.ErrConnDone) { // Source's own: the transaction is over
		return translate(ctx, b[0].op, err)
	}
	return err
}

func (q intake) sendOn(ctx context.Context, conn *pgx.Conn, b batch) (err error) {
	if conn.PgConn().TxStatus() != inTransaction {
		return translate(ctx, b[0].op, sql.ErrTxDone) // over, or failed: what follows is no part of it
	}
	var queued pgx.Batch
	for _, s := range b {
		// A statement that is prepared under its own text is found by it, and prepared once for the connection.
		if _, err := conn.Prepare(ctx, s.text, s.text); err != nil {
			return translate(ctx, s.op, err)
		}
		queued.Queue(s.text, append([]any{q.tenant.String()}, s.args...)...)
	}
	results := conn.SendBatch(ctx, &queued)
	defer func() { _ = results.Close() }() // the rest of a batch that failed
	for _, s := range b {
		tag, err := results.Exec()
		if err != nil {
			return translate(ctx, s.op, err)
		}
		if s.must != anyRows && tag.RowsAffected() != int64(s.must) {
			return s.otherwise
		}
	}
	return translate(ctx, "end a batch", results.Close())
}

// inTransaction is what the server says of a connection with a transaction that has not failed (PostgreSQL manual, message
// ReadyForQuery).
const inTransaction = 'T'
