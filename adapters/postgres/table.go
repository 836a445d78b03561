package postgres

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/keybuzzio/marketplaces/domain"
)

// table says how rows of type R are written, many by one statement: each column goes as one array, which unnest takes
// apart again. $1 is always the tenant.
type table[R any] struct {
	name           string
	columns        []column[R]
	insert, update string // the statements
}

// newTable describes a table or some columns of it, of which update finds rows by key.
func newTable[R any](name, key string, columns ...column[R]) table[R] {
	t := table[R]{name: name, columns: columns}
	t.insert = t.insertText()
	if key != noKey {
		t.update = t.updateText(key)
	}
	return t
}

// unlessThere is the table whose insert leaves out rows that are there already.
func (t table[R]) unlessThere() table[R] {
	t.insert += " ON CONFLICT DO NOTHING"
	return t
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
		return pgtype.FlatArray[V](out)
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

// intOrNull writes NULL for 0.
func intOrNull[R any](name string, value func(R) int) column[R] {
	return newColumn(name, "integer", func(r R) pgtype.Int4 {
		n := value(r)
		return pgtype.Int4{Int32: int32(n), Valid: n != 0}
	})
}

func digestColumn[R any](name string, value func(R) domain.Digest) column[R] {
	return newColumn(name, "bytea", func(r R) []byte {
		d := value(r)
		return d[:]
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

// jsonOrNull writes NULL where there is nothing.
func jsonOrNull[R any](name string, value func(R) (v any, there bool)) column[R] {
	return newColumn(name, "jsonb", func(r R) json.RawMessage {
		v, there := value(r)
		if !there {
			return nil
		}
		b, _ := json.Marshal(v)
		return b
	})
}

// uuidValue is an id as pgx sends it, NULL for the id of nothing.
func uuidValue(id uuid.UUID) pgtype.UUID { return pgtype.UUID{Bytes: id, Valid: id != uuid.Nil} }

// values are the arguments of t's statements for rows, behind the tenant.
func (t table[R]) values(rows []R) []any {
	args := make([]any, len(t.columns))
	for i, c := range t.columns {
		args[i] = c.values(rows)
	}
	return args
}

// insertText is the statement that writes rows. The arrays are taken apart in the select list, where that costs half of what it
// does in FROM.
func (t table[R]) insertText() string {
	var names, values []string
	for i, c := range t.columns {
		names = append(names, c.name)
		values = append(values, "unnest("+c.parameter(i)+")")
	}
	return fmt.Sprintf("INSERT INTO marketplace.%s (tenant_id, %s) SELECT $1, %s",
		t.name, strings.Join(names, ", "), strings.Join(values, ", "))
}

// The keys by which update finds rows; noKey for rows that are only written. The tenant stands in one only where no other index
// begins with it: see intake.go.
const (
	noKey         = ""
	byID          = "id = r.id"
	byTenantAndID = "tenant_id = $1 AND id = r.id"
)

// updateText is the statement that changes the rows that are there under a key, of which the id is the first column. It looks
// them up one by one, as intake.go says, and changes them where they were found. Joined, the planner may read the whole
// table, and that for each of them: it takes the policies to leave nearly nothing.
func (t table[R]) updateText(key string) string {
	names, source := t.unnest()
	set := make([]string, 0, len(t.columns))
	for _, c := range t.columns[1:] {
		set = append(set, c.name+" = r."+c.name)
	}
	return fmt.Sprintf("UPDATE marketplace.%[1]s t SET %[2]s FROM %[3]s AS r (%[4]s), LATERAL ("+
		"SELECT ctid AS place FROM marketplace.%[1]s WHERE %[5]s OFFSET 0) AS found WHERE t.ctid = found.place AND t.tenant_id || '' = $1",
		t.name, strings.Join(set, ", "), source, names, key)
}

// only is the table with some of its columns, updated by key.
func (t table[R]) only(key string, names ...string) table[R] {
	columns := make([]column[R], 0, len(names))
	for _, name := range names {
		columns = append(columns, t.columns[slices.IndexFunc(t.columns, func(c column[R]) bool { return c.name == name })])
	}
	return newTable(t.name, key, columns...)
}

// unnest returns the names of the columns and the call that gives their rows.
func (t table[R]) unnest() (names, source string) {
	var columns, arrays []string
	for i, c := range t.columns {
		columns = append(columns, c.name)
		arrays = append(arrays, c.parameter(i))
	}
	return strings.Join(columns, ", "), "unnest(" + strings.Join(arrays, ", ") + ")"
}

// parameter is the array of the i-th column. $1 is the tenant.
func (c column[R]) parameter(i int) string { return fmt.Sprintf("$%d::%s[]", i+2, c.kind) }
