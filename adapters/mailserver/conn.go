package mailserver

import (
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

const (
	// maxCommand is how much is read for one command, in bytes. It is far more than any command is, because a TLS record or
	// a piece of a BDAT chunk may be read with it.
	maxCommand = 96 << 10

	// maxDrained is how much is still read of a text that is refused, in bytes, so that its sender sees the answer.
	maxDrained = 128 << 20
)

// conn is a connection whose client may take so long and send so much. The protocol sets a deadline before it reads a
// command, and only then: that tells conn that a text, if there was one, is over.
type conn struct {
	net.Conn
	gate *gate
	peer netip.Addr

	mu       sync.Mutex
	text     time.Time // when the text that is being read must be over; zero when commands are read
	budget   int64     // bytes that may still be read
	stopping bool
	failed   error // what Read gives from now on: what comes behind a gap must not be taken for commands
}

// Read reads a command or a piece of a text.
func (c *conn) Read(b []byte) (int, error) {
	if err := c.ready(); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(b)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.budget -= int64(n)
	switch {
	case err != nil:
		c.failed = err
	case c.budget < 0 && c.text.IsZero():
		n, c.failed = 0, smtp.ErrTooLongLine
	case c.budget < 0:
		n, c.failed = 0, io.EOF
	}
	return n, c.failed
}

// ready reports why nothing can be read.
func (c *conn) ready() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.failed != nil:
		return c.failed
	case c.text.IsZero():
		return nil
	}
	end := time.Now().Add(c.gate.o.CommandTimeout)
	if end.After(c.text) {
		end = c.text
	}
	return c.Conn.SetReadDeadline(end)
}

// SetReadDeadline implements net.Conn: a command is to be read until t.
func (c *conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text, c.budget = time.Time{}, maxCommand
	if c.stopping {
		t = time.Unix(1, 0)
	}
	return c.Conn.SetReadDeadline(t)
}

// beginText lets a text of a mail be read, and more than it may have, so that what is refused can be drained.
func (c *conn) beginText() {
	o := c.gate.o
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text, c.budget = time.Now().Add(o.TextTimeout), o.MaxSize+maxDrained
}

// progress is told that a piece of a text was taken, so that chunks of it, which come as commands do, may go on.
func (c *conn) progress() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.text.IsZero() {
		c.budget = maxCommand
	}
}

// hangUp lets nothing more be read. Answers are still written; then the protocol finds the connection at its end.
func (c *conn) hangUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed = io.EOF
	_ = c.Conn.SetReadDeadline(time.Unix(1, 0))
}

// stop ends the connection when it is not, or no longer, in the middle of a text.
func (c *conn) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopping = true; c.text.IsZero() {
		_ = c.Conn.SetReadDeadline(time.Unix(1, 0))
	}
}

// over reports whether the client must not begin another mail.
func (c *conn) over() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stopping || c.failed != nil
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.gate.leave(c)
	return c.Conn.Close()
}
