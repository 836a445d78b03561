package boot_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// fillDisk leaves no room for messages: on a small disk that is full where the test may mount one, as root may on Linux,
// and else by a trigger that says so with the same SQLSTATE.
func fillDisk(t *testing.T, s *chaos) {
	free := s.fullTablespace(t)
	if free == nil {
		t.Log("no small disk can be mounted here: a trigger stands for it")
		s.exec(t, `CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS
			'BEGIN RAISE EXCEPTION ''could not extend file'' USING ERRCODE = ''53100''; END';
			CREATE TRIGGER disk_full BEFORE INSERT ON marketplace.external_messages EXECUTE FUNCTION disk_full()`)
		free = func() { s.exec(t, `DROP FUNCTION disk_full CASCADE`) }
	}
	s.eventually(t, "all sellers' polls fail", func(ctx context.Context) (all bool, err error) {
		err = s.db.QueryRowContext(ctx, `SELECT bool_and(last_error IS NOT NULL) FROM marketplace.sync_states`).Scan(&all)
		return all, err
	})
	time.Sleep(either(0*time.Second, 20*time.Second))
	free()
}

// fullTablespace moves the table of messages to a disk of its own that is full. It returns what frees it; nil if no disk can
// be mounted.
func (s *chaos) fullTablespace(t *testing.T) (free func()) {
	t.Helper()
	dir := filepath.Join(s.base.dir, "small")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := exec.Command("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", dir).Run(); err != nil {
		return nil
	}
	t.Cleanup(func() {
		s.base.server.Stop() // it holds files there
		_ = exec.Command("umount", dir).Run()
	})
	s.own(t, dir)
	// Neither can be done in a transaction with others.
	s.exec(t, `CREATE TABLESPACE small LOCATION '`+dir+`'`)
	s.exec(t, `ALTER TABLE marketplace.external_messages SET TABLESPACE small`)
	s.exec(t, `CREATE TABLE probe (text text) TABLESPACE small`)
	ballast := filepath.Join(dir, "ballast")
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	_, err = s.db.ExecContext(t.Context(), `INSERT INTO probe SELECT repeat('x', 1000) FROM generate_series(1, 100)`)
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Code != "53100" {
		t.Fatalf("the disk is not full: %v", err)
	}
	t.Log("a small disk is full")
	return func() {
		if err := os.Remove(ballast); err != nil {
			t.Error(err)
		}
	}
}

// own gives a folder to the user of the database server.
func (s *chaos) own(t *testing.T, dir string) {
	t.Helper()
	info, err := os.Stat(filepath.Join(s.base.dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	st := info.Sys().(*syscall.Stat_t)
	if err := errors.Join(os.Chown(dir, int(st.Uid), int(st.Gid)), os.Chmod(dir, 0o700)); err != nil {
		t.Fatal(err)
	}
}
