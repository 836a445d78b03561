package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Leases is a ports.Leases of advisory locks. All that a process holds are held by one session of the database, so that they end
// together when it does: the database gives them to others, and the contexts of their holders end. The next Take opens
// another session.
type Leases struct {
	db *sql.DB

	mu      sync.Mutex // guards session, and every statement of it
	session *leaseSession
	closed  bool
}

var _ ports.Leases = (*Leases)(nil)

// leaseSession is a session with the leases that it holds, by name. That a name is in it says more than the database could: to
// its own session it gives a lock as often as it asks.
type leaseSession struct {
	conn *sql.Conn
	held map[string]*lease
	stop context.CancelFunc // ends its watch
}

type lease struct {
	end context.CancelCauseFunc
}

const (
	leaseBeat    = 2 * time.Second // how often a session is tried
	leaseTimeout = 5 * time.Second // how long it may take to answer
	// A server notices within half a minute that the machine of a session is gone.
	leaseKeepalive = `SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3`
)

// errLeaseLost is why the context of a holder ended.
var errLeaseLost = domain.Errorf(domain.ErrUnavailable, "the lease is lost: the line to the database broke")

// NewLeases returns leases in db, of whose connections they take one when the first is taken. The caller closes them before db.
func NewLeases(db *sql.DB) *Leases { return &Leases{db: db} }

// Take implements ports.Leases. Somebody else may be the same process. Names are the same to all that use this database.
// domain.ErrUnavailable when the database is away, or the leases are closed.
func (l *Leases) Take(ctx context.Context, name string) (held context.Context, release func(), ok bool, err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, false, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s, err := l.open(ctx)
	if err != nil {
		return nil, nil, false, err
	}
	if s.held[name] != nil {
		return nil, nil, false, nil
	}
	// Not the caller's context: when that ends in the middle of a statement, so does the session.
	err = s.run(ctx, func(ctx context.Context) error {
		return s.conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock(hashtextextended('keybuzz lease ' || $1, 0))`, name).Scan(&ok)
	})
	if err != nil {
		l.lose(s)
		return nil, nil, false, translate(ctx, "take lease", err)
	}
	if !ok {
		return nil, nil, false, nil
	}
	held, end := context.WithCancelCause(ctx)
	taken := &lease{end}
	s.held[name] = taken
	return held, func() { l.release(ctx, s, name, taken) }, true, nil
}

// open returns the session, a new one if there is none.
func (l *Leases) open(ctx context.Context) (*leaseSession, error) {
	if l.closed {
		return nil, domain.Errorf(domain.ErrUnavailable, "leases are closed")
	}
	if l.session != nil {
		return l.session, nil
	}
	conn, err := l.db.Conn(ctx)
	if err != nil {
		return nil, translate(ctx, "open a session for leases", err)
	}
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &leaseSession{conn: conn, held: map[string]*lease{}, stop: stop}
	l.session = s
	err = s.run(ctx, func(ctx context.Context) error {
		_, err := conn.ExecContext(ctx, leaseKeepalive)
		return err
	})
	if err != nil {
		l.lose(s)
		return nil, translate(ctx, "open a session for leases", err)
	}
	go l.watch(watching, s)
	return s, nil
}

// run runs a statement that ends in time, whether or not ctx does.
func (s *leaseSession) run(ctx context.Context, statement func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseTimeout)
	defer cancel()
	return statement(ctx)
}

// watch notices when the session is gone.
func (l *Leases) watch(ctx context.Context, s *leaseSession) {
	beat := time.NewTicker(leaseBeat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
		}
		l.mu.Lock()
		if ctx.Err() == nil && s.run(ctx, s.conn.PingContext) != nil {
			l.lose(s)
		}
		l.mu.Unlock()
	}
}

// release gives a lease back. When that cannot be said to the database, the session ends, and with it all that it holds:
// better none than one that nobody knows of.
func (l *Leases) release(ctx context.Context, s *leaseSession, name string, taken *lease) {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken.end(context.Canceled)
	if l.session != s || s.held[name] != taken {
		return // lost, or given back before
	}
	delete(s.held, name)
	err := s.run(ctx, func(ctx context.Context) error {
		var had bool
		err := s.conn.QueryRowContext(ctx, `SELECT pg_advisory_unlock(hashtextextended('keybuzz lease ' || $1, 0))`, name).Scan(&had)
		if err == nil && !had {
			err = errors.New("the lease was not held")
		}
		return err
	})
	if err != nil {
		l.lose(s)
	}
}

// lose ends a session and all that it holds.
func (l *Leases) lose(s *leaseSession) {
	if l.session != s {
		return
	}
	l.session = nil
	s.stop()
	for _, taken := range s.held {
		taken.end(errLeaseLost)
	}
	// Back in the pool it would keep its locks.
	_ = s.conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = s.conn.Close()
}

// Close gives all leases back and takes no more. Closing twice is harmless.
func (l *Leases) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	s := l.session
	if s == nil {
		return
	}
	// The end of a session is noticed a moment later.
	_ = s.run(context.Background(), func(ctx context.Context) error {
		_, err := s.conn.ExecContext(ctx, `SELECT pg_advisory_unlock_all()`)
		return err
	})
	l.lose(s)
}
