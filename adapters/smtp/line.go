package smtp

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// line bounds a connection. It lies below TLS, so that a handshake is bounded as well. It is the connection to a mail
// server that may be slow, silent or hostile: a seller names it. The SMTP library bounds neither how long an answer
// may be nor how slowly it may drip, so both are bounded here.
type line struct {
	net.Conn

	mu     sync.Mutex
	budget int64 // bytes that may yet be read in the exchange at hand
	broken error // why the connection was closed from here
	unsent bool  // something that was written did not leave whole
}

var (
	errLate    = errors.New("the mail server does not answer in time")
	errTooMuch = errors.New("the mail server says more than it was asked for")
)

// maxAnswer bounds what a server says in one exchange, the certificates of a TLS handshake included.
const maxAnswer = 256 << 10

// Read fails once the budget of the exchange at hand is used up.
func (l *line) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.budget -= int64(n); l.budget < 0 && l.broken == nil {
		l.broken = errTooMuch
	}
	if l.broken != nil {
		return 0, l.broken
	}
	return n, err
}

// Write notes when bytes did not all leave.
func (l *line) Write(b []byte) (int, error) {
	n, err := l.Conn.Write(b)
	if err != nil {
		l.mu.Lock()
		l.unsent = true
		l.mu.Unlock()
	}
	return n, err
}

// whole reports whether everything that was written left this machine. A write that fails has not left whole, and a
// TLS record that has not is nothing to the other side.
func (l *line) whole() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.unsent
}

// The bounds are the line's own: deadlines set by others are not.

func (l *line) SetDeadline(time.Time) error      { return nil }
func (l *line) SetReadDeadline(time.Time) error  { return nil }
func (l *line) SetWriteDeadline(time.Time) error { return nil }

// exchange runs f, one command and its answer. When limit is over or ctx ends the connection is closed, which ends f.
// A yes that f still heard counts.
func (l *line) exchange(ctx context.Context, limit time.Duration, f func() error) error {
	l.mu.Lock()
	l.budget = maxAnswer
	l.mu.Unlock()
	late := time.AfterFunc(limit, func() { l.abort(errLate) })
	defer late.Stop()
	stop := context.AfterFunc(ctx, func() { l.abort(ctx.Err()) })
	defer stop()
	err := f()
	if err == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken != nil { // the libraries do not all pass on what Read said
		return l.broken
	}
	return err
}

// abort closes the connection because of err.
func (l *line) abort(err error) {
	l.mu.Lock()
	if l.broken == nil {
		l.broken = err
	}
	l.mu.Unlock()
	_ = l.Close()
}
