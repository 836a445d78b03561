package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"

	"github.com/keybuzzio/marketplaces/domain"
)

// smallAnswer bounds, in bytes, an answer that carries no mail.
const smallAnswer = 1 << 20

// session is a mailbox opened for reading, on a connection of its own. It changes nothing there. One goroutine uses it.
type session struct {
	line   *deadlineConn
	imap   *imapclient.Client
	limit  time.Duration
	folder imap.SelectData
	modSeq uint64 // the state of the folder, 0 where the server keeps none
	served bool   // it has handed out a mail

	arrivals *arrivals
}

// open connects to the mailbox's server, logs in and opens the folder. The caller closes the session.
func (c *Client) open(ctx context.Context, m domain.Mailbox) (*session, error) {
	conn, err := c.dial(ctx, m)
	if err != nil {
		return nil, err
	}
	s := &session{line: &deadlineConn{Conn: conn}, limit: c.options.Timeout, arrivals: newArrivals()}
	if err := s.begin(ctx, m, c.options.tls(m)); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// dial connects to the mailbox's server, if it is one that may be called.
func (c *Client) dial(ctx context.Context, m domain.Mailbox) (net.Conn, error) {
	if m.TLS == domain.TLSNone && !c.options.Loopback {
		return nil, domain.Errorf(domain.ErrRejected, "a mailbox cannot be read without TLS: use implicit or starttls")
	}
	policy := domain.NetworkPolicy{Networks: c.options.Networks, Loopback: c.options.Loopback}
	dialer := net.Dialer{Timeout: c.options.Timeout, Resolver: c.options.Resolver, Control: control(policy)}
	conn, err := dialer.DialContext(ctx, "tcp", m.Address())
	if err != nil {
		return nil, translate(ctx, err, "")
	}
	if m.TLS == domain.TLSNone && !isLoopback(conn) {
		_ = conn.Close()
		return nil, domain.Errorf(domain.ErrRejected, "a mailbox on another machine cannot be read without TLS: use implicit or starttls")
	}
	return conn, nil
}

// begin takes a fresh connection to the opened folder.
func (s *session) begin(ctx context.Context, m domain.Mailbox, config *tls.Config) error {
	for _, step := range []struct {
		do      func(ctx context.Context) error
		refused refusal
	}{
		{func(ctx context.Context) error { return s.greet(ctx, m.TLS, config) }, refusedTLS},
		{func(context.Context) error { return s.login(m) }, refusedPassword},
		{func(context.Context) error { return s.examine(m.Name) }, refusedFolder},
	} {
		err := s.line.exchange(ctx, s.limit, smallAnswer, func() error { return step.do(ctx) })
		if err := translate(ctx, err, step.refused); err != nil {
			return err
		}
	}
	return nil
}

// greet brings up TLS, unless the line does without, and waits for the server's greeting.
func (s *session) greet(ctx context.Context, mode domain.TLSMode, config *tls.Config) error {
	options := &imapclient.Options{TLSConfig: config, UnilateralDataHandler: s.arrivals.handler()}
	var conn net.Conn = s.line
	switch mode {
	case domain.TLSStart:
		secured, err := startTLS(ctx, s.line, config)
		if err != nil {
			return err
		}
		conn = secured
	case domain.TLSImplicit:
		secured := tls.Client(s.line, config)
		if err := secured.HandshakeContext(ctx); err != nil {
			return err
		}
		conn = secured
	}
	s.imap = imapclient.New(&nestingConn{Conn: conn, refuse: s.line.abort}, options)
	return s.imap.WaitGreeting()
}

// login gives the password in the way that the server offers. Never in two: each wrong one counts towards a lock-out.
func (s *session) login(m domain.Mailbox) error {
	caps := s.imap.Caps()
	switch {
	case s.imap.State() == imap.ConnStateAuthenticated: // it knows who we are
		return nil
	case caps.Has(imap.AuthCap(sasl.Plain)):
		return s.imap.Authenticate(sasl.NewPlainClient("", m.User, m.Password.Reveal()))
	case caps.Has(imap.CapLoginDisabled):
		return domain.Errorf(domain.ErrRejected, "the mail server takes no passwords on this line: try another kind of TLS")
	}
	return s.imap.Login(m.User, m.Password.Reveal()).Wait()
}

// examine opens the folder so that nothing in it can change. Where the server can tell whether the folder has changed
// (CONDSTORE, RFC 7162), it is asked to.
func (s *session) examine(name string) error {
	condStore := s.imap.Caps().Has(imap.CapCondStore)
	data, err := s.imap.Select(name, &imap.SelectOptions{ReadOnly: true, CondStore: condStore}).Wait()
	var said *imap.Error
	if condStore && errors.As(err, &said) && said.Type == imap.StatusResponseTypeBad { // it offers what it cannot do
		condStore = false
		data, err = s.imap.Select(name, &imap.SelectOptions{ReadOnly: true}).Wait()
	}
	if err != nil {
		return err
	}
	if data.UIDValidity == 0 {
		return domain.Errorf(domain.ErrRejected, "the mail server gives its mails no lasting numbers: KeyBuzz cannot read it")
	}
	s.folder = *data
	if condStore { // some servers send a number without the extension behind it
		s.modSeq = data.HighestModSeq
	}
	return nil
}

// leaveTime bounds the good-bye to a server.
const leaveTime = 2 * time.Second

// close says good-bye where that still can be done, and lets go of the connection.
func (s *session) close() {
	if s.imap != nil && s.imap.State() == imap.ConnStateSelected {
		_ = s.line.exchange(context.Background(), leaveTime, smallAnswer, func() error { return s.imap.Logout().Wait() })
	}
	_ = s.line.Close()
	if s.imap != nil {
		_ = s.imap.Close() // waits for the library's reader
	}
}
