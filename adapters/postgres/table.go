package postgres

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
)

// table says how rows of type R are written, many by one statement: each column goes as one array, which unnest takes
// apart again. $1 is always the tenant.
type table[R any] struct {
	name    string
	columns []column[R]
}

// column is a column of a table: its name and type in Postgres, and its values as pgx sends them.
type column[R any] struct {
	name, kind string
	values     func([]R) any
}

func newColumn[R, V any](name, kind string, value func(R) V) column[R] {
	return column[R]{name, kind, func(rows []R) any {
		out := make([]V, len(rows))
		for i, r := range rows {
			out[i] = value(r)
		}
		return out
	}}
}

func textColumn[R any](name string, value func(R) string) column[R] {
	return newColumn(name, "text", value)
}

// textOrNull writes NULL for "".
func textOrNull[R any](name string, value func(R) string) column[R] {
	return newColumn(name, "text", func(r R) pgtype.Text {
		s := value(r)
		return pgtype.Text{String: s, Valid: s != ""}
	})
}

// idColumn writes NULL for the id of nothing.
func idColumn[R any](name string, value func(R) uuid.UUID) column[R] {
	return newColumn(name, "uuid", func(r R) pgtype.UUID { return uuidValue(value(r)) })
}

// timeColumn writes NULL for no time.
func timeColumn[R any](name string, value func(R) time.Time) column[R] {
	return newColumn(name, "timestamptz", func(r R) pgtype.Timestamptz {
		t := value(r)
		return pgtype.Timestamptz{Time: t, Valid: !t.IsZero()}
	})
}

// jsonColumn is for values of texts and numbers, which always marshal.
func jsonColumn[R any](name string, value func(R) any) column[R] {
	return newColumn(name, "jsonb", func(r R) json.RawMessage {
		b, _ := json.Marshal(value(r))
		return b
	})
}

// uuidValue is an id as pgx sends it, NULL for the id of nothing.
func uuidValue(id uuid.UUID) pgtype.UUID { return pgtype.UUID{Bytes: id, Valid: id != uuid.Nil} }

// insert is the statement that writes rows, and the arguments behind the tenant.
func (t table[R]) insert(rows []R) (statement string, args []any) {
	names, source, args := t.unnest(rows)
	return fmt.Sprintf("INSERT INTO marketplace.%s (tenant_id, %s) SELECT $1, %s FROM %s AS r (%s)",
		t.name, names, names, source, names), args
}

// update is the statement that changes the rows whose id, the first column, is there.
func (t table[R]) update(rows []R) (statement string, args []any) {
	names, source, args := t.unnest(rows)
	set := make([]string, 0, len(t.columns))
	for _, c := range t.columns[1:] {
		set = append(set, c.name+" = r."+c.name)
	}
	return fmt.Sprintf("UPDATE marketplace.%s t SET %s FROM %s AS r (%s) WHERE t.id = r.id AND t.tenant_id || '' = $1",
		t.name, strings.Join(set, ", "), source, names), args
}

// unnest returns the names of the columns, the call that gives their rows, and its arguments.
func (t table[R]) unnest(rows []R) (names, source string, args []any) {
	var columns, arrays []string
	for i, c := range t.columns {
		columns = append(columns, c.name)
		arrays = append(arrays, fmt.Sprintf("$%d::%s[]", i+2, c.kind))
		args = append(args, c.values(rows))
	}
	return strings.Join(columns, ", "), "unnest(" + strings.Join(arrays, ", ") + ")", args
}
