package local

import (
	"context"
	"os"
	"strings"

	"github.com/keybuzzio/marketplaces/domain"
)

// ownerSQL makes the role of our URLs and its database. Postgres's single-user mode takes a statement a line.
const ownerSQL = `CREATE ROLE keybuzz LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB;
CREATE DATABASE keybuzz OWNER keybuzz;
`

// initialize makes the data: a cluster, the role keybuzz and its database. They appear at once and complete.
func (l *launcher) initialize(ctx context.Context) error {
	dir := l.unfinished()
	err := os.Mkdir(dir, 0o700)
	if err == nil {
		err = l.account.own(dir)
	}
	if err != nil {
		return domain.Wrap(domain.ErrInvalid, err, "the private Postgres cannot make its folder %s", dir)
	}
	defer os.RemoveAll(dir)

	// The locale C sorts alike on every machine and is never missing.
	initdb := []string{"--pgdata=" + dir, "--username=" + superuser, "--encoding=UTF8", "--locale=C",
		"--auth-local=trust", "--auth-host=reject"}
	single := []string{"--single", "-D", dir, "-c", "exit_on_error=on"}
	if l.disposable {
		initdb = append(initdb, "--no-sync")
		single = append(single, "-c", "fsync=off")
	}
	if err := l.run(ctx, l.command("initdb", initdb...)); err != nil {
		return err
	}
	owner := l.command("postgres", append(single, superuser)...)
	owner.Stdin = strings.NewReader(ownerSQL)
	if err := l.run(ctx, owner); err != nil {
		return err
	}
	if err := os.Rename(dir, l.data()); err != nil {
		return domain.Wrap(domain.ErrInvalid, err, "the private Postgres cannot make its folder %s", l.data())
	}
	return nil
}
