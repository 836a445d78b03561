package local_test

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/postgres/local"
	"github.com/keybuzzio/marketplaces/domain"
)

func TestStart(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	dir := folder(t)
	s := start(t, dir, local.Options{})

	var super, bypass, mayCreate, owns bool
	query(t, s.URL(), `SELECT rolsuper, rolbypassrls, rolcreatedb OR rolcreaterole, pg_get_userbyid(datdba) = current_user
		FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()`,
		&super, &bypass, &mayCreate, &owns)
	is.True(!super)     // row-level security holds for the role
	is.True(!bypass)    // always
	is.True(!mayCreate) // it has the one database
	is.True(owns)       // and that one whole

	var role, database, addresses, fsync string
	query(t, s.URL(), `SELECT current_user, current_database(), current_setting('listen_addresses'), current_setting('fsync')`,
		&role, &database, &addresses, &fsync)
	is.Equal(role, "keybuzz")
	is.Equal(database, "keybuzz")
	is.Equal(addresses, "") // nothing listens on the network
	is.Equal(fsync, "on")   // what is committed is kept

	info, err := os.Stat(filepath.Join(dir, "run"))
	is.NoErr(err)
	is.Equal(info.Mode().Perm(), os.FileMode(0o700)) // the folder decides who may connect

	var admin bool
	query(t, s.AdminURL(), `SELECT rolsuper FROM pg_roles WHERE rolname = current_user`, &admin)
	is.True(admin)

	exec(t, s.URL(), `CREATE TABLE kept (n int)`)
	exec(t, s.URL(), `INSERT INTO kept VALUES (7)`)
	url := s.URL()
	s.Stop()
	s.Stop() // harmless
	is.True(connect(t, url) != nil)

	again := start(t, dir, local.Options{})
	var n int
	query(t, again.URL(), `SELECT n FROM kept`, &n)
	is.Equal(n, 7)             // data survive a restart
	is.Equal(again.URL(), url) // and a URL that was handed out stays right
}

func TestStartRunsAsTheOwnerOfTheData(t *testing.T) {
	t.Parallel()
	is, dir := is.New(t), folder(t)
	start(t, dir, local.Options{Disposable: true}).Stop()
	owner := os.Geteuid()
	if owner == 0 {
		owner = 65534 // root's data may be anybody's; others have their own only
	}
	is.NoErr(filepath.WalkDir(filepath.Join(dir, "data"), func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, owner, owner))
	}))
	s := start(t, dir, local.Options{Disposable: true})
	is.NoErr(connect(t, s.URL()))
	info, err := os.Stat(filepath.Join(dir, "data", "postmaster.pid"))
	is.NoErr(err)
	is.Equal(info.Sys().(*syscall.Stat_t).Uid, uint32(owner))
}

func TestStartSettings(t *testing.T) {
	t.Parallel()
	is, dir := is.New(t), folder(t)
	s := start(t, dir, local.Options{
		Disposable: true,
		Settings:   map[string]string{"max_connections": "33", "synchronous_commit": "remote_write"},
	})
	var connections, fsync, commit string
	query(t, s.URL(), `SELECT current_setting('max_connections'), current_setting('fsync'), current_setting('synchronous_commit')`,
		&connections, &fsync, &commit)
	is.Equal(connections, "33")
	is.Equal(fsync, "off")
	is.Equal(commit, "remote_write") // a caller's setting wins over ours

	exec(t, s.URL(), `CREATE TABLE people (email text PRIMARY KEY)`)
	exec(t, s.URL(), `INSERT INTO people VALUES ('jane@example.com')`)
	is.True(execErr(t, s.URL(), `INSERT INTO people VALUES ('jane@example.com')`) != nil)
	is.True(execErr(t, s.URL(), `SELECT 'jane@example.com'::uuid`) != nil)
	log, err := os.ReadFile(filepath.Join(dir, "postgres.log"))
	is.NoErr(err)
	is.True(len(log) > 0)
	is.True(!strings.Contains(string(log), "jane")) // the log holds neither a statement nor a detail

	s.Stop()
	_, err = local.Start(t.Context(), dir, local.Options{Settings: map[string]string{"max_connexions": "1"}})
	is.True(errors.Is(err, domain.ErrUnavailable))
	is.True(strings.Contains(domain.Message(err), "max_connexions")) // Postgres says in its own words what is wrong
	is.Equal(running(t, dir), 0)
}

func TestStartInAwkwardFolders(t *testing.T) {
	t.Parallel()
	is, parent := is.New(t), folder(t)
	last := filepath.Join(parent, "plain")
	start(t, last, local.Options{Disposable: true}).Stop()
	for name, path := range map[string]string{
		"too long for a socket":      strings.Repeat("deep", 40),
		"a comma, a list of hosts":   "a,b",
		"spaces, quotes and accents": `it's "my" dossier à moi`,
		"a percent sign and a colon": "100%25:x",
	} {
		t.Run(name, func(t *testing.T) {
			next := filepath.Join(parent, path)
			is.NoErr(os.Rename(last, next)) // the data go where the folder goes
			last = next
			s := start(t, next, local.Options{Disposable: true})
			is.NoErr(connect(t, s.URL()))
			s.Stop()
		})
	}
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	t.Run("data of another version", func(t *testing.T) {
		t.Parallel()
		needPostgres(t)
		is := is.New(t)
		_, err := local.Start(t.Context(), oldData(t), local.Options{})
		is.True(errors.Is(err, domain.ErrConflict))
		is.True(strings.Contains(domain.Message(err), "of Postgres 8")) // says what the data are of
		is.True(strings.Contains(domain.Message(err), "install Postgres 8"))
	})
	t.Run("a file where the folder should be", func(t *testing.T) {
		t.Parallel()
		is, dir := is.New(t), filepath.Join(folder(t), "file")
		is.NoErr(os.WriteFile(dir, nil, 0o600))
		_, err := local.Start(t.Context(), dir, local.Options{})
		is.True(errors.Is(err, domain.ErrInvalid))
	})
	t.Run("a socket folder that others can enter", func(t *testing.T) {
		t.Parallel()
		needPostgres(t)
		is, dir := is.New(t), folder(t)
		is.NoErr(os.Mkdir(filepath.Join(dir, "run"), 0o755))
		_, err := local.Start(t.Context(), dir, local.Options{Disposable: true})
		is.True(errors.Is(err, domain.ErrInvalid))
	})
	t.Run("a folder closed to the server's user", func(t *testing.T) {
		t.Parallel()
		needPostgres(t)
		// Root's server runs as somebody else, who cannot enter; anybody else cannot make the folder.
		is, parent := is.New(t), t.TempDir()
		is.NoErr(os.Chmod(parent, 0o500))
		dir := filepath.Join(parent, "closed")
		_, err := local.Start(t.Context(), dir, local.Options{})
		is.True(errors.Is(err, domain.ErrInvalid))
		is.True(strings.Contains(domain.Message(err), "KEYBUZZ_DATA_DIR")) // says what to do
	})
}

func TestStartCancelled(t *testing.T) {
	t.Parallel()
	// When to cancel: as soon as a file is there.
	for name, file := range map[string]string{
		"at once":                       ".",
		"while the data are being made": "new/PG_VERSION",
		"while the data are half made":  "new/postmaster.pid",
		"while the server is coming up": "data/postmaster.pid",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needPostgres(t)
			is, dir := is.New(t), folder(t)
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				defer cancel()
				poll(func() bool { _, err := os.Stat(filepath.Join(dir, file)); return err == nil })
			}()
			s, err := local.Start(ctx, dir, local.Options{Disposable: true})
			if err == nil {
				s.Stop() // it was faster
			} else {
				is.True(errors.Is(err, context.Canceled))
			}
			is.Equal(running(t, dir), 0) // nothing is left
			_, err = os.Stat(filepath.Join(dir, "new"))
			is.True(os.IsNotExist(err))
		})
	}
}

// folder returns an empty folder that the server's user can reach, as t.TempDir is not for root.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "local")
	if err == nil {
		err = os.Chmod(dir, 0o711)
	}
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// oldData returns a folder with data of a version that is installed nowhere.
func oldData(t *testing.T) string {
	t.Helper()
	dir := folder(t)
	err := os.Mkdir(filepath.Join(dir, "data"), 0o755)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "data", "PG_VERSION"), []byte("8\n"), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// needPostgres fails the test where no Postgres is installed.
func needPostgres(t *testing.T) {
	t.Helper()
	if _, err := local.Start(t.Context(), oldData(t), local.Options{}); errors.Is(err, domain.ErrNotFound) {
		t.Fatal(err)
	}
}

// start starts a server that the test's end stops.
func start(t *testing.T, dir string, opts local.Options) *local.Server {
	t.Helper()
	needPostgres(t)
	opts.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	s, err := local.Start(t.Context(), dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

func connect(t *testing.T, url string) error {
	t.Helper()
	return execErr(t, url, "SELECT 1")
}

func exec(t *testing.T, url, sql string) {
	t.Helper()
	if err := execErr(t, url, sql); err != nil {
		t.Fatal(err)
	}
}

func execErr(t *testing.T, url, sql string) error {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		return err
	}
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), sql)
	return err
}

func query(t *testing.T, url, sql string, dest ...any) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), sql).Scan(dest...); err != nil {
		t.Fatal(err)
	}
}

// poll looks until done, and tells whether it was in time.
func poll(done func() bool) bool {
	deadline := time.After(5 * time.Minute)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-deadline:
			return false
		case <-tick.C:
		}
	}
	return true
}
