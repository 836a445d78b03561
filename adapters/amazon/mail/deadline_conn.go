package mail

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// line is the connection to a mail server that may be slow, silent or hostile: a seller names it. The IMAP library has
// no bound on the time until an answer begins and none on how long an answer is, so both are here.
type deadlineConn struct {
	net.Conn

	mu       sync.Mutex
	budget   int64     // bytes that may yet be read in the exchange at hand
	deadline time.Time // of the exchange at hand; what is read moves it
	timer    *time.Timer
	broken   error // why the connection was closed from here
}

var (
	errLate    = errors.New("the mail server does not answer in time")
	errTooMuch = errors.New("the mail server says more than it was asked for")
)

// slowest is the rate at which an answer must come in, in bytes a second, beside the time to begin it.
const slowest = 16 << 10

// Read earns the exchange at hand more time, and fails once its budget is used up.
func (l *deadlineConn) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.budget -= int64(n); l.budget < 0 && l.broken == nil {
		l.broken = errTooMuch
	}
	if l.broken != nil {
		return 0, l.broken
	}
	if l.timer != nil && n > 0 {
		l.deadline = l.deadline.Add(time.Duration(n) * time.Second / slowest)
		l.timer.Reset(time.Until(l.deadline))
	}
	return n, err
}

// The bounds are the line's own: deadlines set by others are not.

func (l *deadlineConn) SetDeadline(time.Time) error      { return nil }
func (l *deadlineConn) SetReadDeadline(time.Time) error  { return nil }
func (l *deadlineConn) SetWriteDeadline(time.Time) error { return nil }

// exchange runs f, one command and its answer. The answer must begin within limit, come at no less than slowest, and
// have no more than so many bytes; else, or when ctx ends, the connection is closed, which ends f.
func (l *deadlineConn) exchange(ctx context.Context, limit time.Duration, bytes int64, f func() error) error {
	l.mu.Lock()
	l.budget, l.deadline = bytes, time.Now().Add(limit)
	l.timer = time.AfterFunc(limit, func() { l.abort(errLate) })
	l.mu.Unlock()
	stop := context.AfterFunc(ctx, func() { l.abort(ctx.Err()) })
	err := f()
	stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.timer.Stop()
	l.timer = nil
	if l.broken != nil { // the library does not pass on what Read said
		return l.broken
	}
	return err
}

// abort closes the connection because of err.
func (l *deadlineConn) abort(err error) {
	l.mu.Lock()
	if l.broken == nil {
		l.broken = err
	}
	l.mu.Unlock()
	_ = l.Close()
}
