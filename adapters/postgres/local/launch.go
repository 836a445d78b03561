package local

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// launch starts the server, whose owner this process becomes by holding owner, and returns when it answers. If it fails,
// nothing runs and owner is released.
func (s *Server) launch(ctx context.Context, owner *lock) (err error) {
	began := time.Now()
	defer func() {
		if err != nil {
			s.home.clear()
			owner.release()
		}
	}()
	running, err := s.claim(ctx)
	if err != nil {
		return err
	}
	defer running.release() // from here on the server's processes hold it
	_ = os.Rename(s.home.logFile(), s.home.logFile()+".1")
	output, err := os.OpenFile(s.home.logFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND|os.O_TRUNC, 0o600)
	if err != nil {
		return domain.Wrap(domain.ErrInvalid, err, "the private Postgres cannot write its log")
	}
	defer output.Close()
	l := launcher{home: s.home, disposable: s.opts.Disposable, running: running, output: output}
	if err := l.prepare(ctx); err != nil {
		return err
	}
	p, err := start(l.command("postgres", append([]string{"-D", l.data()}, l.settings(s.opts)...)...))
	if err != nil {
		return l.failure(err)
	}
	if err := l.answers(ctx, p, s.URL()); err != nil {
		p.stop(fastShutdown, immediateShutdown)
		return err
	}
	s.owner, s.process = owner, p
	s.log.Info("private postgres started", slog.String("dir", l.dir), slog.Int("version", l.major),
		slog.String("user", l.account.name), slog.Duration("took", time.Since(began).Round(time.Millisecond)))
	return nil
}

// claim takes the lock of the server's processes. It waits for those that an owner which is gone has left, and asks them
// to stop, since not every system does so when a parent ends.
func (s *Server) claim(ctx context.Context) (*lock, error) {
	l, err := tryLock(s.home.serverLock())
	if l != nil || err != nil {
		return l, err
	}
	s.log.Info("private postgres waits for an earlier one to stop", slog.String("dir", s.home.dir))
	s.home.interrupt()
	return waitLock(ctx, s.home.serverLock(), soon)
}

// launcher is what the steps of a launch share.
type launcher struct {
	home
	installation
	account    account
	disposable bool
	running    *lock
	output     *os.File
}

// prepare brings the folder to where the server can be started: user and programs chosen, data complete, no trace of a
// crash.
func (l *launcher) prepare(ctx context.Context) (err error) {
	if l.account, err = accountFor(l.data()); err != nil {
		return err
	}
	if err := l.tidy(); err != nil {
		return domain.Wrap(domain.ErrInvalid, err, "the private Postgres cannot tidy its folder %s", l.dir)
	}
	version, err := os.ReadFile(filepath.Join(l.data(), "PG_VERSION"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return domain.Wrap(domain.ErrInvalid, err, "the private Postgres cannot read its folder %s", l.data())
	}
	found := installations(ctx, os.Getenv("PATH"), packagePlaces)
	if err := ctx.Err(); err != nil {
		return err
	}
	if l.installation, err = choose(found, string(version), l.data()); err != nil {
		return err
	}
	if err := l.reach(ctx); err != nil {
		return err
	}
	if err := l.makeSocketDir(); err != nil {
		return err
	}
	if len(version) > 0 {
		return nil
	}
	return l.initialize(ctx)
}

// tidy removes what a crash left. No process of a server runs, says the lock, so the file with its number can only
// mislead: the number may be another process's now.
func (l *launcher) tidy() error {
	if err := os.RemoveAll(l.unfinished()); err != nil {
		return err
	}
	if _, err := os.Lstat(l.pidFile()); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if !l.disposable {
		return os.Remove(l.pidFile())
	}
	// Data that are half removed must not be taken for data.
	if err := os.Rename(l.data(), l.unfinished()); err != nil {
		return err
	}
	return os.RemoveAll(l.unfinished())
}

// reach checks that the server's user can get to the folder and to the programs, because Postgres's own complaints about
// that name neither.
func (l *launcher) reach(ctx context.Context) error {
	if !l.account.dropped {
		return nil
	}
	err := l.run(ctx, l.command("postgres", "--version"))
	if errors.Is(err, syscall.EACCES) {
		return domain.Wrap(domain.ErrInvalid, err, "Postgres does not run as root, and the user %s, as whom it runs "+
			"instead, cannot enter the folder %s or %s: set KEYBUZZ_DATA_DIR to a folder that is open to all, such as "+
			"/var/lib/keybuzz, or start this program as an ordinary user", l.account.name, l.dir, l.bin)
	}
	return err
}

// makeSocketDir makes the folder that decides who may connect. One that is there already may be in /tmp, where anybody
// could have made it, so it must be the account's own and closed to others.
func (l *launcher) makeSocketDir() error {
	err := os.Mkdir(l.socket, 0o700)
	if err == nil {
		err = l.account.own(l.socket)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return domain.Wrap(domain.ErrInvalid, err, "the private Postgres cannot make its socket's folder %s", l.socket)
	}
	info, err := os.Lstat(l.socket)
	if err != nil || !info.IsDir() || info.Mode().Perm() != 0o700 || !l.account.owns(info) {
		return domain.Wrap(domain.ErrInvalid, err, "the private Postgres cannot use the folder %s for its socket: "+
			"it is not a folder of the user %s, closed to others", l.socket, l.account.name)
	}
	return nil
}

// run runs cmd to its end, or to that of ctx.
func (l *launcher) run(ctx context.Context, cmd *exec.Cmd) error {
	p, err := start(cmd)
	if err != nil {
		return l.failure(err)
	}
	select {
	case <-ctx.Done():
		p.stop(syscall.SIGTERM)
		return ctx.Err()
	case <-p.ended:
	}
	if p.err != nil {
		return l.failure(p.err)
	}
	return nil
}

// answers waits until the server p lets clients in, or ends.
func (l *launcher) answers(ctx context.Context, p *process, url string) error {
	for {
		if answers, err := ping(ctx, url); answers || err != nil {
			return err
		}
		select {
		case <-p.ended:
			return l.failure(p.err)
		default:
		}
		if err := pause(ctx, soon); err != nil {
			return err
		}
	}
}

// failure turns the end of a program into an error with the reason that Postgres wrote.
func (l *launcher) failure(cause error) error {
	return domain.Wrap(domain.ErrUnavailable, cause, "the private Postgres does not start: %s (more in %s)",
		l.complaint("it gives no reason"), l.logFile())
}
