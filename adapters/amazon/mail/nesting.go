package mail

import (
	"errors"
	"net"
)

// The IMAP library reads lists within lists by recursion, as deep as a server writes them: 3.5 million parentheses are more
// than a goroutine's stack holds, which ends the process. So what a server says is looked at before the library sees it.
const (
	maxNesting        = 1000   // of lists, beyond every mail that a server describes: readers of mail stop at a few dozen
	maxLiteralNesting = 10_000 // within what looks like a literal, which may be text that only claims to be one
)

var errTooDeep = errors.New("the mail server's answer is nested too deeply")

// nestingConn refuses answers that are nested too deeply. It reads what the server says after TLS.
//
//   - A quoted string (RFC 9051 §4.3) and a literal ({n} before a line end) hold no lists. A line end outside a literal ends
//     whatever is open: no list goes on behind it.
//   - Whoever reads goes on failing once it has failed.
type nestingConn struct {
	net.Conn
	refuse func(error) // told once

	state   nestingState
	depth   int
	size    int64 // of the literal that a line may announce
	literal int64 // bytes of the literal that are still to come
	err     error
}

// nestingState is where in an answer the next byte is.
type nestingState int

const (
	inList     nestingState = iota
	inQuoted                // behind "
	inEscape                // behind \ in a quoted string
	inSize                  // behind {
	behindSize              // behind }, where a line end begins a literal
)

// Read implements net.Conn.
func (c *nestingConn) Read(b []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.Conn.Read(b)
	for _, r := range b[:n] {
		if !c.take(r) {
			c.err = errTooDeep
			c.refuse(c.err)
			return 0, c.err
		}
	}
	return n, err
}

// take takes the next byte in and reports whether the answer may go on.
func (c *nestingConn) take(r byte) bool {
	most := maxNesting
	if c.literal > 0 {
		c.literal--
		most = maxLiteralNesting
		if c.literal == 0 {
			c.depth, c.state = 0, inList
			return true
		}
	}
	if r == '\n' {
		if c.state == behindSize && c.literal == 0 {
			c.literal = c.size
		}
		c.state, c.depth = inList, 0
		return true
	}
	switch c.state {
	case inQuoted:
		switch r {
		case '\\':
			c.state = inEscape
		case '"':
			c.state = inList
		}
	case inEscape:
		c.state = inQuoted
	default:
		return c.list(r, most)
	}
	return true
}

// list takes in a byte outside quoted strings.
func (c *nestingConn) list(r byte, most int) bool {
	switch {
	case r == '(':
		c.depth++
		c.state = inList
		return c.depth <= most
	case r == ')':
		c.depth, c.state = max(0, c.depth-1), inList
	case r == '"' && c.literal == 0:
		c.state = inQuoted
	case r == '{':
		c.state, c.size = inSize, 0
	case c.state == inSize && r >= '0' && r <= '9' && c.size < 1<<40:
		c.size = 10*c.size + int64(r-'0')
	case c.state == inSize && r == '+':
	case c.state == inSize && r == '}':
		c.state = behindSize
	case c.state == behindSize && r == '\r':
	default:
		c.state = inList
	}
	return true
}
