package postgres_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
)

// What a row belongs to is looked up whenever the row is written. The server plans that once for each connection, maybe when the
// table is still empty, and keeps the plan while it grows: so by then it must have chosen the index that the reference needs.
func TestReferencesAreLookedUpByTheirOwnIndex(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	admin, err := sql.Open("pgx", asSuperuser(t, pgtest.Database(t))) // the server's own look-ups see all rows
	is.NoErr(err)
	defer func() { _ = admin.Close() }()
	rows, err := admin.QueryContext(t.Context(), `
		SELECT DISTINCT c.confrelid::regclass::text, pg_get_constraintdef(key.oid), c.conindid::regclass::text
		FROM pg_constraint c JOIN pg_constraint key ON key.conindid = c.conindid AND key.contype IN ('p', 'u')
		WHERE c.contype = 'f' AND c.connamespace = 'marketplace'::regnamespace`)
	is.NoErr(err)
	defer func() { _ = rows.Close() }()
	found := map[string]string{}
	for rows.Next() {
		var table, key, index string
		is.NoErr(rows.Scan(&table, &key, &index))
		if strings.HasSuffix(key, "(tenant_id, id)") { // others are looked up by what no second index begins with
			found[table] = index
		}
	}
	is.NoErr(rows.Err())
	is.True(len(found) >= 4) // connections, tickets, messages, what is on tickets
	for table, index := range found {
		plan := explained(t, admin, `SELECT 1 FROM ONLY `+table+` x WHERE tenant_id = $1 AND id = $2 FOR KEY SHARE OF x`)
		is.True(strings.Contains(plan, " using "+index[strings.LastIndex(index, ".")+1:]+" ")) // not another that begins with the tenant
	}
}

// explained is the plan of a statement for a tenant and an id, as the server makes it for all runs.
func explained(t *testing.T, db *sql.DB, statement string) string {
	t.Helper()
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	name := "p" + strings.ReplaceAll(uuid.NewString(), "-", "")
	for _, prepare := range []string{"SET plan_cache_mode = force_generic_plan", "PREPARE " + name + " (text, uuid) AS " + statement} {
		if _, err := conn.ExecContext(t.Context(), prepare); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := conn.QueryContext(t.Context(), fmt.Sprintf("EXPLAIN EXECUTE %s ('t1', '%s')", name, uuid.New()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var plan strings.Builder
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(line + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
