package boot_test

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// settableClock gives a database a clock that can be set. A Go program's cannot be, but workers do not know whose clock is
// wrong: theirs, or the database's. Names without a schema mean these functions instead of Postgres's own, in statements
// because of the search path and in defaults because they are rewritten.
const settableClock = `
	CREATE SCHEMA clock;
	CREATE TABLE clock.set (by interval NOT NULL);
	INSERT INTO clock.set VALUES ('0');
	CREATE FUNCTION clock.now() RETURNS timestamptz STABLE LANGUAGE sql
		AS 'SELECT pg_catalog.now() + (SELECT by FROM clock.set)';
	CREATE FUNCTION clock.clock_timestamp() RETURNS timestamptz VOLATILE LANGUAGE sql
		AS 'SELECT pg_catalog.clock_timestamp() + (SELECT by FROM clock.set)';
	GRANT USAGE ON SCHEMA clock TO PUBLIC;
	GRANT SELECT ON clock.set TO PUBLIC;
	DO $$
	DECLARE c record;
	BEGIN
		FOR c IN SELECT table_schema, table_name, column_name FROM information_schema.columns
			WHERE table_schema IN ('marketplace', 'river') AND column_default ~* 'now\(\)|current_timestamp'
		LOOP
			EXECUTE format('ALTER TABLE %I.%I ALTER %I SET DEFAULT clock.now()', c.table_schema, c.table_name, c.column_name);
		END LOOP;
		EXECUTE format('ALTER DATABASE %I SET search_path = clock, pg_catalog, public', current_database());
	END $$`

// turnClock has the database's clock jump by so much while the workers run. It stays like that.
func turnClock(by time.Duration) func(*testing.T, *chaos) {
	return func(t *testing.T, s *chaos) {
		s.exec(t, fmt.Sprintf(`UPDATE clock.set SET by = by + interval '%d seconds'`, int(by.Seconds())))
		s.checkPace(t)
	}
}

func (s *chaos) exec(t *testing.T, statement string) {
	t.Helper()
	if _, err := s.db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// checkPace holds that every seller is polled again and again, and none without a break.
func (s *chaos) checkPace(t *testing.T) {
	t.Helper()
	jumped, first := s.now(t), s.turns(t)
	s.eventually(t, "every seller is polled again and again", func(context.Context) (bool, error) {
		for tenant, n := range s.turns(t) {
			if n < first[tenant]+3 {
				return false, nil
			}
		}
		return true, nil
	})
	s.eventually(t, "each worker has said that it is alive, and has heard what time it is", func(ctx context.Context) (all bool, err error) {
		err = s.db.QueryRowContext(ctx, `SELECT bool_and(seen_at BETWEEN $1 AND clock.now()) FROM river.keybuzz_workers`, jumped).Scan(&all)
		return all, err
	})
	begun := time.Now()
	first = s.turns(t)
	time.Sleep(either(3*time.Second, 30*time.Second))
	last := s.turns(t)
	most := 2*time.Since(begun).Seconds() + 2 // the interval is a second
	for tenant, n := range last {
		if n -= first[tenant]; float64(n) > most {
			t.Errorf("%s was polled %d times, and not %.0f at most", tenant, n, most)
		}
	}
}

// turns is how often each seller's job was put off.
func (s *chaos) turns(t *testing.T) map[string]int {
	t.Helper()
	all := map[string]int{}
	for _, tenant := range chaosSellers {
		var n int
		err := s.db.QueryRowContext(t.Context(), `
			SELECT coalesce(sum((metadata ->> 'snoozes')::int), 0) FROM river.river_job WHERE kind = 'poll' AND args ->> 'tenant' = $1`, tenant).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		all[tenant] = n
	}
	return all
}
