package postgres_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// A seller's orders become many, and a turn of work is about a few of them: it reads these from indexes, whether the
// planner's statistics know the tenant or not. How much was read, Postgres itself counts.
func TestOrdersAreReadFromIndexes(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	const many, some = 20_000, 50
	db := open(t)
	db.SetMaxOpenConns(1) // what a session has read is known when it has reported
	repo := postgres.NewRepository(db, nil)
	tenant, err := domain.ParseTenantID("t1")
	is.NoErr(err)
	c := fill(t, repo, tenant)
	now := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	is.NoErr(as(t, db, tenant, func(exec func(string, ...any)) {
		exec(`INSERT INTO marketplace.orders (tenant_id, connection_id, order_id, outcome, fetched_at, due_at)
			SELECT 't1', $1, 'order ' || n, 'FETCHED', $2::timestamptz - n * interval '1 minute', $2::timestamptz - n * interval '1 second'
			FROM generate_series(1, $3) n`, c.ID.String(), now, many)
	}))
	wanted := make([]domain.OrderRequest, some)
	for i := range wanted {
		wanted[i] = domain.OrderRequest{OrderID: fmt.Sprint("order ", i*100), Region: "EU"}
	}
	for _, statistics := range []string{"young", "old"} {
		if statistics == "old" {
			_, err := db.ExecContext(t.Context(), `ANALYZE`)
			is.NoErr(err)
		}
		for name, use := range map[string]func(context.Context, ports.Orders) (int, error){
			"want": func(ctx context.Context, o ports.Orders) (int, error) { return o.Enqueue(ctx, c.ID, wanted, 0, now) },
			"due": func(ctx context.Context, o ports.Orders) (int, error) {
				due, err := o.Due(ctx, c.ID, now, some)
				return len(due), err
			},
			"next due": func(ctx context.Context, o ports.Orders) (int, error) {
				next, err := o.NextDue(ctx, c.ID)
				is.True(!next.IsZero())
				return some, err
			},
		} {
			before := readSoFar(t, db, -1)
			is.NoErr(repo.Update(t.Context(), tenant, func(ctx context.Context, tx ports.Tx) error {
				n, err := use(ctx, tx.Orders)
				is.Equal(n, some)
				return err
			}))
			if rows := readSoFar(t, db, before) - before; rows > 10*some {
				t.Errorf("%s with %s statistics read %d rows", name, statistics, rows)
			}
		}
	}
}

// readSoFar is how many rows of orders were read, by whatever way, once that is more than before. A session reports
// from time to time, or when it is told to by a Postgres that can be told.
func readSoFar(t *testing.T, db *sql.DB, before int) (rows int) {
	t.Helper()
	is := is.New(t)
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		_, err := db.ExecContext(t.Context(), `DO $$ BEGIN
			PERFORM pg_stat_force_next_flush();
			EXCEPTION WHEN undefined_function THEN NULL;
			END $$`)
		is.NoErr(err)
		is.NoErr(db.QueryRowContext(t.Context(), `SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_user_tables
			WHERE schemaname = 'marketplace' AND relname = 'orders'`).Scan(&rows))
		if rows > before {
			return rows
		}
	}
	t.Fatal("no session reported what it read")
	return 0
}
