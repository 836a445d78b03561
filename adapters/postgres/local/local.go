// Package local runs a private Postgres from the binaries that are installed on this machine: the database of --dev and
// of tests. [Start] is the way in, [DataDir] says where data go when nobody does. It needs a Unix system.
//
// The server belongs to the process that started it and ends with it: on Linux also when that process is killed, because
// the kernel then tells it to stop. A second process that starts the same folder joins the running server; when the owner
// ends, one of those that joined becomes the owner and starts the server again on the same data and under the same URL.
// Connections break in between and can be opened again about a second later.
//
// Nothing listens on the network. Who may open the socket's folder may connect, under any role and without a password
// ("trust"): the folder is open to the system user of the server, and to root, alone.
package local

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/keybuzzio/marketplaces/domain"
)

// Options are the choices beside the folder. The zero value suits development.
type Options struct {
	// Log hears when the server is started, joined, taken over and stopped. Nil discards.
	Log *slog.Logger

	// Settings are set beside the server's own and win over them, named and written as in postgresql.conf. Those of the
	// process that starts the server count; who joins takes it as it is.
	Settings map[string]string

	// Disposable trades safety for speed: nothing is flushed to disk, so the data of a server that did not end by an
	// orderly stop are thrown away by the next start.
	Disposable bool

	// Alone refuses to join: when another process owns the server of the folder, Start is domain.ErrConflict.
	Alone bool
}

// Server is the private server of a folder, started or joined by this process. Its methods are safe for concurrent use.
type Server struct {
	home  home
	opts  Options
	log   *slog.Logger
	leave context.CancelFunc // ends keep
	left  chan struct{}      // closed when keep has ended

	// Of keep once it runs. Both are nil while another process is the owner.
	owner   *lock
	process *process
}

// Start returns the server of dir when it answers: it joins the one that runs, or makes the folder and its data as
// needed and starts it. The data stay between runs. ctx bounds the starting, not the server, which runs until
// [Server.Stop] or the end of this process; a Start that fails leaves nothing running.
//
// The server runs as the user of this process or, for root, which Postgres refuses, as the owner of existing data, else
// as postgres, else as nobody. dir must be reachable for that user.
//
// Errors: domain.ErrNotFound when no Postgres is installed, and domain.ErrConflict when only other versions than the
// data's are, both saying what to install; domain.ErrInvalid when dir cannot be used; domain.ErrUnavailable when
// Postgres does not start, with its own words.
func Start(ctx context.Context, dir string, opts Options) (*Server, error) {
	h, err := openHome(dir)
	if err != nil {
		return nil, err
	}
	s := &Server{home: h, opts: opts, log: opts.Log, left: make(chan struct{})}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if err := s.attach(ctx); err != nil {
		return nil, err
	}
	keeping, leave := context.WithCancel(context.Background())
	s.leave = leave
	go s.keep(keeping)
	return s, nil
}

// URL is what pgx connects with: the role keybuzz, which owns the database keybuzz and is no superuser. It stays the same
// as long as the folder is the same.
func (s *Server) URL() string { return s.DatabaseURL("keybuzz") }

// DatabaseURL is URL for another database of the server.
func (s *Server) DatabaseURL(name string) string { return s.home.url("keybuzz", name) }

// AdminURL is for what an owner may not do, such as creating databases: the superuser in the database postgres.
func (s *Server) AdminURL() string { return s.home.url(superuser, superuser) }

// Stop ends the server if this process owns it, and returns when it has ended; connections are cut, what was committed
// is kept. A process that had joined only leaves. Stopping again does nothing.
func (s *Server) Stop() {
	s.leave()
	<-s.left
}

// attach starts the server if nobody owns it, and otherwise waits until the owner's answers.
func (s *Server) attach(ctx context.Context) error {
	for {
		owner, err := tryLock(s.home.ownerLock())
		if err != nil {
			return err
		}
		if owner != nil {
			return s.launch(ctx, owner)
		}
		if s.opts.Alone {
			return domain.Errorf(domain.ErrConflict, "another process owns the Postgres in %s", s.home.dir)
		}
		if answers, err := ping(ctx, s.URL()); answers {
			s.log.Info("private postgres joined", slog.String("dir", s.home.dir))
			return nil
		} else if err != nil {
			return err
		}
		if err := pause(ctx, soon); err != nil {
			return err
		}
	}
}

// keep sees to it that the server runs until ctx is done: it starts it again when its owner has ended or when, being the
// owner itself, the server has.
func (s *Server) keep(ctx context.Context) {
	defer close(s.left)
	for {
		if s.process == nil {
			owner, err := waitLock(ctx, s.home.ownerLock(), later)
			if err == nil {
				err = s.launch(ctx, owner)
			}
			if err != nil && ctx.Err() == nil {
				s.log.Error("private postgres cannot be started again", slog.Any("error", err))
			}
			if err != nil {
				return
			}
		}
		select {
		case <-ctx.Done():
			s.process.stop(fastShutdown, immediateShutdown)
			s.release()
			s.log.Info("private postgres stopped", slog.String("dir", s.home.dir))
			return
		case <-s.process.ended:
			s.log.Error("private postgres ended by itself", slog.String("dir", s.home.dir),
				slog.String("reason", s.home.complaint("none given")))
			s.release()
		}
	}
}

// release gives up the ownership after the server has ended.
func (s *Server) release() {
	s.home.clear()
	s.owner.release()
	s.owner, s.process = nil, nil
}

// ping tells whether the server of url lets clients in. An error means that waiting does not help.
func ping(ctx context.Context, url string) (answers bool, err error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return false, domain.Wrap(domain.ErrInvalid, err, "the environment's settings for Postgres clients are wrong")
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, config)
	if err == nil {
		_ = conn.Close(ctx)
		return true, nil
	}
	var refusal *pgconn.PgError
	busy := func(code string) bool { return strings.HasPrefix(code, "57") || strings.HasPrefix(code, "53") }
	if errors.As(err, &refusal) && !busy(refusal.Code) { // 57: it starts or stops; 53: it has no room for now
		return false, domain.Wrap(domain.ErrUnavailable, err, "the private Postgres refuses its own role: %s", refusal.Message)
	}
	return false, nil
}

// How long to wait between two looks at what another process does: soon, when somebody waits for it.
const (
	soon  = 10 * time.Millisecond
	later = 100 * time.Millisecond
)

// pause waits for d. It fails when ctx is done.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
