package vault_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/vault"
	"github.com/keybuzzio/marketplaces/domain"
)

func TestStubIsSharedByProcesses(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	dir := t.TempDir()
	const each = 15
	var stored []domain.SecretPath
	var processes []*process
	for range 4 {
		var paths []domain.SecretPath
		for range each {
			paths = append(paths, path(t))
		}
		stored = append(stored, paths...)
		processes = append(processes, start(t, dir, paths))
	}
	for _, p := range processes {
		for range each {
			is.True(p.out.Scan()) // each says so when it has stored an entry
		}
		is.NoErr(p.cmd.Wait())
	}
	for _, at := range stored {
		got, err := vault.NewStub(dir).Get(t.Context(), at)
		is.NoErr(err) // no process wrote over what another had stored
		is.Equal(got["path"].Reveal(), at.String())
	}
}

func TestStubSurvivesKill(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	dir := t.TempDir()
	stub := vault.NewStub(dir)
	var confirmed []domain.SecretPath
	for round := range 8 {
		var paths []domain.SecretPath
		for range 50 {
			paths = append(paths, path(t))
		}
		p := start(t, dir, paths)
		for range round { // the next one is on its way when it dies
			is.True(p.out.Scan())
			at, err := domain.ParseSecretPath(p.out.Text())
			is.NoErr(err)
			confirmed = append(confirmed, at)
		}
		is.NoErr(p.cmd.Process.Kill())
		is.True(p.cmd.Wait() != nil)
		is.NoErr(stub.Put(t.Context(), path(t), secrets("a", "b"))) // the dead hold no lock
		for _, at := range confirmed {
			got, err := stub.Get(t.Context(), at)
			is.NoErr(err) // stored is stored
			is.Equal(got["path"].Reveal(), at.String())
		}
	}
}

// envStub makes this test binary another process that uses the stub in the folder it names.
const envStub = "KEYBUZZ_TEST_STUB"

func TestMain(m *testing.M) {
	if dir := os.Getenv(envStub); dir != "" {
		if err := storeAll(dir, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// storeAll stores an entry at each path that it reads, and then writes the path.
func storeAll(dir string, paths io.Reader, done io.Writer) error {
	stub := vault.NewStub(dir)
	for lines := bufio.NewScanner(paths); lines.Scan(); {
		at, err := domain.ParseSecretPath(lines.Text())
		if err != nil {
			return err
		}
		if err := stub.Put(context.Background(), at, secrets("path", at.String())); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(done, at); err != nil {
			return err
		}
	}
	return nil
}

// process is another process that stores entries.
type process struct {
	cmd *exec.Cmd
	out *bufio.Scanner // the paths that it has stored
}

func start(t *testing.T, dir string, paths []domain.SecretPath) *process {
	t.Helper()
	is := is.New(t)
	exe, err := os.Executable()
	is.NoErr(err)
	var lines strings.Builder
	for _, at := range paths {
		fmt.Fprintln(&lines, at)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), envStub+"="+dir)
	cmd.Stdin, cmd.Stderr = strings.NewReader(lines.String()), os.Stderr
	out, err := cmd.StdoutPipe()
	is.NoErr(err)
	is.NoErr(cmd.Start())
	return &process{cmd, bufio.NewScanner(out)}
}
