package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// maxPlainLine bounds a line of the dialogue before TLS.
const maxPlainLine = 8 << 10

// startTLS asks a server for TLS (RFC 9051 §6.2.1) and brings it up.
//
// The library could do so by itself, but would then read what the server says without anybody looking at it first: see
// nestingConn. What a server, or whoever stands between, says before TLS counts for nothing (RFC 9051 §11.1): it is read byte by byte,
// so that what follows the answer is taken for TLS and fails.
func startTLS(ctx context.Context, conn net.Conn, config *tls.Config) (net.Conn, error) {
	greeting, err := plainLine(conn)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(strings.ToUpper(greeting), "* OK") {
		return nil, &imap.Error{Type: imap.StatusResponseTypeBye}
	}
	if _, err := conn.Write([]byte("T1 STARTTLS\r\n")); err != nil {
		return nil, err
	}
	for {
		line, err := plainLine(conn)
		if err != nil {
			return nil, err
		}
		answer, ours := strings.CutPrefix(line, "T1 ")
		if !ours {
			if strings.HasPrefix(strings.ToUpper(line), "* BYE") {
				return nil, &imap.Error{Type: imap.StatusResponseTypeBye}
			}
			continue
		}
		if !strings.HasPrefix(strings.ToUpper(answer), "OK") {
			return nil, &imap.Error{Type: imap.StatusResponseTypeNo}
		}
		secured := tls.Client(conn, config)
		if err := secured.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		return &greeted{Conn: secured, greeting: "* OK\r\n"}, nil
	}
}

// plainLine reads a line, without its end.
func plainLine(conn net.Conn) (string, error) {
	var line []byte
	for one := make([]byte, 1); ; {
		if _, err := conn.Read(one); err != nil {
			return "", err
		}
		switch {
		case one[0] == '\n':
			return strings.TrimSuffix(string(line), "\r"), nil
		case len(line) == maxPlainLine:
			return "", errors.New("a line without an end")
		}
		line = append(line, one[0])
	}
}

// greeted is a connection whose greeting was read before TLS: the library waits for one.
type greeted struct {
	net.Conn
	greeting string
}

// Read implements net.Conn.
func (c *greeted) Read(b []byte) (int, error) {
	if c.greeting == "" {
		return c.Conn.Read(b)
	}
	n := copy(b, c.greeting)
	c.greeting = c.greeting[n:]
	return n, nil
}
