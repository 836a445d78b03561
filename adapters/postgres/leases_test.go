package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
	"github.com/keybuzzio/marketplaces/ports/porttest"
)

// processes returns leases of n processes on one database, and a way to ask it something.
func processes(t *testing.T, n int) ([]*postgres.Leases, *sql.DB) {
	t.Helper()
	url, all := domain.NewSecret(pgtest.Database(t)), make([]*postgres.Leases, n)
	open := func() *sql.DB {
		db, err := postgres.Open(t.Context(), url, postgres.Options{MaxConns: 2})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
	for i := range all {
		all[i] = postgres.NewLeases(open())
		t.Cleanup(all[i].Close)
	}
	return all, open()
}

func take(t *testing.T, l *postgres.Leases, name string) (held context.Context, release func()) {
	t.Helper()
	held, release, ok, err := l.Take(t.Context(), name)
	if err != nil || !ok {
		t.Fatal(name, ok, err)
	}
	return held, release
}

func taken(t *testing.T, l *postgres.Leases, name string) bool {
	t.Helper()
	_, release, ok, err := l.Take(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if ok {
		release()
	}
	return !ok
}

func TestLeases(t *testing.T) {
	t.Parallel()
	porttest.TestLeases(t, func(t *testing.T) porttest.LeasesFixture {
		p, db := processes(t, 2)
		return porttest.LeasesFixture{
			Leases: p[0],
			Again:  func(*testing.T) ports.Leases { return p[1] },
			Lose:   func(t *testing.T) { terminate(t, db, 1) },
		}
	})
}

// terminate ends the one session that holds so many leases.
func terminate(t *testing.T, db *sql.DB, leases int) {
	t.Helper()
	is := is.New(t)
	var ended int
	is.NoErr(db.QueryRowContext(t.Context(), `
		SELECT count(pg_terminate_backend(pid)) FROM (
			SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
			GROUP BY pid HAVING count(*) = $1) AS holder`, leases).Scan(&ended))
	is.Equal(ended, 1)
}

func TestLeasesAreLostWithTheirSession(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	p, db := processes(t, 2)
	a, releaseA := take(t, p[0], "a")
	b, _ := take(t, p[0], "b")
	c, _ := take(t, p[1], "c")
	terminate(t, db, 2)
	for _, held := range []context.Context{a, b} {
		select {
		case <-held.Done():
			is.True(errors.Is(context.Cause(held), domain.ErrUnavailable))
		case <-time.After(5 * time.Minute):
			t.Fatal("nobody noticed")
		}
	}
	is.NoErr(c.Err()) // another process's
	_, again := take(t, p[1], "a")
	releaseA() // of a lease that is another's by now
	is.True(taken(t, p[0], "a"))
	again()
	take(t, p[0], "a") // in a new session
}

func TestClosedLeasesAreGivenBack(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	p, _ := processes(t, 2)
	held, release := take(t, p[0], "a")
	for range 2 {
		p[0].Close()
	}
	is.True(held.Err() != nil)
	take(t, p[1], "a")
	release()
	_, _, _, err := p[0].Take(t.Context(), "b")
	is.True(errors.Is(err, domain.ErrUnavailable))
}

func TestManyTakeLeasesAtOnce(t *testing.T) {
	t.Parallel()
	p, _ := processes(t, 3)
	var holders [4]atomic.Int32
	var all sync.WaitGroup
	var got atomic.Int32
	for i := range 24 {
		all.Go(func() {
			for n := range 20 {
				name := (i + n) % len(holders)
				_, release, ok, err := p[i%len(p)].Take(t.Context(), fmt.Sprint("lease ", name))
				if err != nil {
					t.Error(err)
					return
				}
				if !ok {
					continue
				}
				got.Add(1)
				if holders[name].Add(1) != 1 {
					t.Error("two holders")
				}
				holders[name].Add(-1)
				release()
			}
		})
	}
	all.Wait()
	is.New(t).True(got.Load() > 0)
}
