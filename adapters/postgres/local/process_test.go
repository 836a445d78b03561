package local_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/postgres/local"
	"github.com/keybuzzio/marketplaces/domain"
)

// childDir makes this test binary another process that uses the server of a folder.
const childDir = "LOCAL_TEST_CHILD_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := child(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// child starts or joins the server of dir, prints which one answers, and stops when its input ends.
func child(dir string) error {
	s, err := local.Start(context.Background(), dir, local.Options{Disposable: true})
	if err != nil {
		return err
	}
	defer s.Stop()
	id, err := identity(context.Background(), s.URL())
	if err != nil {
		return err
	}
	fmt.Println(id)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// identity differs between two runs of a server.
func identity(ctx context.Context, url string) (id string, err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	err = conn.QueryRow(ctx, `SELECT pg_postmaster_start_time()::text`).Scan(&id)
	return id, err
}

// other is another process on a folder.
type other struct {
	cmd   *osexec.Cmd
	stdin io.Closer
	lines *bufio.Reader
}

func spawn(t *testing.T, dir string) *other {
	t.Helper()
	cmd := osexec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = t.Output()
	stdin, err1 := cmd.StdinPipe()
	stdout, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return &other{cmd: cmd, stdin: stdin, lines: bufio.NewReader(stdout)}
}

// ready waits until the process has its server, and returns that one's identity.
func (o *other) ready(t *testing.T) string {
	t.Helper()
	line, err := o.lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// end lets the process stop in order.
func (o *other) end(t *testing.T) {
	t.Helper()
	_ = o.stdin.Close()
	if err := o.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}

func TestTenProcessesStartAtOnce(t *testing.T) {
	t.Parallel()
	needPostgres(t)
	is, dir := is.New(t), folder(t)
	var all []*other
	for range 10 {
		all = append(all, spawn(t, dir))
	}
	first := all[0].ready(t)
	for _, o := range all[1:] {
		is.Equal(o.ready(t), first) // one server for all
	}
	for _, o := range all {
		_ = o.stdin.Close()
	}
	for _, o := range all {
		o.end(t)
	}
	is.Equal(running(t, dir), 0) // the last one out leaves nothing
}

func TestJoin(t *testing.T) {
	t.Parallel()
	is, dir := is.New(t), folder(t)
	owner := start(t, dir, local.Options{Disposable: true})
	exec(t, owner.URL(), `CREATE TABLE kept (n int)`)

	_, err := local.Start(t.Context(), dir, local.Options{Alone: true})
	is.True(errors.Is(err, domain.ErrConflict)) // alone means not to share

	guest := start(t, dir, local.Options{})
	is.Equal(guest.URL(), owner.URL())
	guest.Stop()
	is.NoErr(connect(t, owner.URL())) // a guest that leaves stops nothing

	heir := start(t, dir, local.Options{Disposable: true})
	url := owner.URL()
	owner.Stop()
	is.True(poll(func() bool { return connect(t, url) == nil })) // who had joined goes on
	exec(t, heir.URL(), `INSERT INTO kept VALUES (1)`)           // with the same data
	heir.Stop()
	is.Equal(running(t, dir), 0)
}

func TestServerThatEndsByItselfIsStartedAgain(t *testing.T) {
	t.Parallel()
	is, dir := is.New(t), folder(t)
	s := start(t, dir, local.Options{})
	exec(t, s.URL(), `CREATE TABLE kept AS SELECT 7 AS n`)
	is.NoErr(syscall.Kill(postmaster(t, dir), syscall.SIGKILL))
	is.True(poll(func() bool { return execErr(t, s.URL(), `INSERT INTO kept VALUES (8)`) == nil }))
	var n int
	query(t, s.URL(), `SELECT count(*) FROM kept`, &n)
	is.True(n == 2 || n == 3) // the dying server may have taken one more
}

func TestDisposableDataDoNotOutliveACrash(t *testing.T) {
	t.Parallel()
	is, dir := is.New(t), folder(t)
	s := start(t, dir, local.Options{Disposable: true})
	exec(t, s.URL(), `CREATE TABLE kept (n int)`)
	s.Stop()
	s = start(t, dir, local.Options{Disposable: true})
	is.NoErr(execErr(t, s.URL(), `INSERT INTO kept VALUES (1)`)) // an orderly stop keeps them
	s.Stop()
	is.NoErr(os.WriteFile(filepath.Join(dir, "data", "postmaster.pid"), []byte("1\n"), 0o600)) // as a crash does
	s = start(t, dir, local.Options{Disposable: true})
	is.True(execErr(t, s.URL(), `INSERT INTO kept VALUES (1)`) != nil)
}

func TestStalePidFile(t *testing.T) {
	t.Parallel()
	is, dir := is.New(t), folder(t)
	start(t, dir, local.Options{}).Stop()
	innocent := folder(t)
	bystander := start(t, innocent, local.Options{Disposable: true})
	before, err := identity(t.Context(), bystander.URL())
	is.NoErr(err)

	// The number of a server that is no more was given to another process, and of all processes to one of the same user.
	content := strconv.Itoa(postmaster(t, innocent)) + "\n"
	is.NoErr(os.WriteFile(filepath.Join(dir, "data", "postmaster.pid"), []byte(content), 0o644))

	is.NoErr(connect(t, start(t, dir, local.Options{}).URL())) // it stops nobody from starting
	after, err := identity(t.Context(), bystander.URL())
	is.NoErr(err)
	is.Equal(before, after) // and does no harm to the other
}

// postmaster reads the main process of the server of dir.
func postmaster(t *testing.T, dir string) int {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
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

// running counts the processes at work in dir, 1 standing for any number where the system has no /proc. All of Postgres
// work in the data's folder, and initdb in the one above.
func running(t *testing.T, dir string) (n int) {
	t.Helper()
	if links, _ := filepath.Glob("/proc/[0-9]*/cwd"); len(links) > 0 {
		for _, link := range links {
			if cwd, err := os.Readlink(link); err == nil && strings.HasPrefix(cwd, dir) {
				n++
			}
		}
		return n
	}
	f, err := os.Open(filepath.Join(dir, "server.lock"))
	if os.IsNotExist(err) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return 1
	}
	return 0
}
