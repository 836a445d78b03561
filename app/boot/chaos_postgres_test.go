package boot_test

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/keybuzzio/marketplaces/adapters/postgres/local"
	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
	"github.com/keybuzzio/marketplaces/migrations"
)

// chaosBase is a database of the test's own, on the server that tests share or on one of its own.
type chaosBase struct {
	url    *url.URL      // of the database's owner
	server *local.Server // nil if it is the shared one
	dir    string        // of the server
}

func openBase(t *testing.T, alone bool) *chaosBase {
	t.Helper()
	if !alone {
		return &chaosBase{url: parseURL(t, pgtest.Database(t))}
	}
	b := &chaosBase{dir: openFolder(t)}
	var err error
	// Here processes are killed and machines are not, so nothing need be flushed to disk.
	b.server, err = local.Start(t.Context(), b.dir, local.Options{Alone: true, Settings: map[string]string{"fsync": "off"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.server.Stop)
	b.url = parseURL(t, b.server.URL())
	if err := migrations.Up(t.Context(), openPostgres(t, b.server.URL())); err != nil {
		t.Fatal(err)
	}
	return b
}

// openFolder is a folder that the database server's user may enter.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "chaos")
	if err == nil {
		err = os.Chmod(dir, 0o711)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func parseURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// socket is the server's.
func (b *chaosBase) socket() string {
	q := b.url.Query()
	return filepath.Join(q.Get("host"), ".s.PGSQL."+q.Get("port"))
}

// through is the URL of the database behind a line.
func (b *chaosBase) through(address string) string {
	u := *b.url
	u.Host, u.RawQuery = address, "sslmode=disable"
	return u.String()
}

// admin opens the database as the superuser, past the lines. No connection is kept, so that none is broken.
func (b *chaosBase) admin(t *testing.T) *sql.DB {
	t.Helper()
	u := *b.url
	u.User = url.User("postgres")
	db, err := sql.Open("pgx", u.String())
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxIdleConns(0)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// postmaster is the process number of the server.
func (b *chaosBase) postmaster(t *testing.T) int {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(b.dir, "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func kill(t *testing.T, pid int, sig syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, sig); err != nil {
		t.Fatal(err)
	}
}

// restartPostgres has the server end its connections and come back.
func restartPostgres(t *testing.T, s *chaos) { s.endPostgres(t, syscall.SIGINT) }

// killPostgres has it end without a word, and repair its data.
func killPostgres(t *testing.T, s *chaos) { s.endPostgres(t, syscall.SIGKILL) }

func (s *chaos) endPostgres(t *testing.T, sig syscall.Signal) {
	t.Helper()
	for range either(1, 5) {
		pid, before := s.base.postmaster(t), s.deliveredSoFar()
		kill(t, pid, sig)
		// Package local starts it again.
		s.eventually(t, "the server is another one and answers", func(ctx context.Context) (bool, error) {
			return syscall.Kill(pid, 0) != nil, s.db.PingContext(ctx)
		})
		s.storedSince(t, before)
	}
}

// pausePostgres stops all processes of the server. Connections stay, and answer nothing.
func pausePostgres(t *testing.T, s *chaos) {
	stopped := []int{s.base.postmaster(t)}
	defer func() {
		for _, pid := range stopped {
			kill(t, pid, syscall.SIGCONT)
		}
	}()
	line, err := s.db.Conn(t.Context()) // opened now: nobody is let in any more
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = line.Close() }()
	kill(t, stopped[0], syscall.SIGSTOP)
	rows, err := line.QueryContext(t.Context(), `SELECT pid FROM pg_stat_activity ORDER BY pid = pg_backend_pid()`)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var pid int
		if err := rows.Scan(&pid); err != nil {
			t.Fatal(err)
		}
		stopped = append(stopped, pid)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for _, pid := range stopped[1:] {
		_ = syscall.Kill(pid, syscall.SIGSTOP) // it may just have ended
	}
	time.Sleep(either(4*time.Second, 30*time.Second))
}
