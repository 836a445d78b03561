package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"

	"github.com/keybuzzio/marketplaces/domain"
)

// session is a log-in at a mail server, on a connection of its own. One goroutine uses it.
type session struct {
	server  server
	options Options
	line    *line
	smtp    *gosmtp.Client
	gone    bool // the server has ended it: the connection broke, or it said 421 (RFC 5321 §3.8)
}

// open connects to a server and logs in. The caller closes the session.
func (s *Sender) open(ctx context.Context, to server) (*session, error) {
	conn, err := s.dial(ctx, to)
	if err != nil {
		return nil, err
	}
	at := &session{server: to, options: s.options, line: &line{Conn: conn}}
	if err := at.do(ctx, stageHello, func() error { return at.hello(ctx) }); err != nil {
		at.close()
		return nil, err
	}
	if err := at.do(ctx, stageLogin, at.login); err != nil {
		at.close()
		return nil, err
	}
	return at, nil
}

// dial connects to a server, if it is one that may be called. Passwords do not leave this machine in clear text.
func (s *Sender) dial(ctx context.Context, to server) (net.Conn, error) {
	dialer := net.Dialer{Timeout: s.options.Command, Resolver: s.options.Resolver}
	if !to.relay {
		dialer.Control = control(s.options.Policy)
	}
	dial := dialer.DialContext
	if s.dialBy != nil {
		dial = s.dialBy
	}
	conn, err := dial(ctx, "tcp", to.address())
	if err != nil {
		return nil, translate(ctx, stageHello, to, err)
	}
	local := s.options.Policy.Loopback || to.relay
	if to.tls == domain.TLSNone && to.user != "" && !(local && isLoopback(conn)) {
		_ = conn.Close()
		return nil, translate(ctx, stageLogin, to,
			domain.Errorf(domain.ErrRejected, "no password is sent to a mail server without TLS: use implicit or starttls"))
	}
	return conn, nil
}

// errForbiddenAddress is what a dial fails with that the network policy stopped.
var errForbiddenAddress = errors.New("the address is not in a network that may be called")

// control holds a connection to the policy.
func control(p domain.NetworkPolicy) func(network, address string, c syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil || !p.Permits(to.Addr()) {
			return errForbiddenAddress
		}
		return nil
	}
}

func isLoopback(conn net.Conn) bool {
	to, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	return err == nil && to.Addr().Unmap().IsLoopback()
}

// do runs one step of the dialogue.
func (s *session) do(ctx context.Context, at stage, f func() error) error {
	err := s.line.exchange(ctx, s.options.Command, f)
	var said *gosmtp.SMTPError
	// Anything but a reply leaves the dialogue in a state that nobody knows.
	s.gone = err != nil && ctx.Err() == nil && (!errors.As(err, &said) || said.Code == 421)
	return translate(ctx, at, s.server, err)
}

// errNoStartTLS is what a server fails with that does not offer STARTTLS. We never go on without (RFC 8314 §4.1).
var errNoStartTLS = errors.New("the mail server does not offer STARTTLS: use implicit TLS")

// hello takes a fresh connection past the greeting and TLS. Certificates are checked in every mode but none: a
// relay's password is worth as much as a seller's. What a server said before STARTTLS is forgotten, EHLO's answer
// included, so that nobody on the way can put words into the TLS session (RFC 3207 §6).
func (s *session) hello(ctx context.Context) error {
	config := &tls.Config{ServerName: s.server.host, RootCAs: s.options.RootCAs, MinVersion: tls.VersionTLS12}
	switch s.server.tls {
	case domain.TLSNone:
		s.smtp = gosmtp.NewClient(s.line)
	case domain.TLSStart:
		client, err := gosmtp.NewClientStartTLS(s.line, config)
		if err != nil {
			return startTLSError(err)
		}
		s.smtp = client
	default:
		conn := tls.Client(s.line, config)
		if err := conn.HandshakeContext(ctx); err != nil {
			return err
		}
		s.smtp = gosmtp.NewClient(conn)
	}
	return s.smtp.Hello(s.name())
}

// startTLSError tells the library's word for a missing extension, which has no type, from other errors.
func startTLSError(err error) error {
	if strings.HasPrefix(err.Error(), "smtp: server doesn't support STARTTLS") {
		return errNoStartTLS
	}
	return err
}

// name is ours in EHLO: where there is none, the address literal of the connection (RFC 5321 §4.1.3). "localhost",
// the library's word, is refused by many.
func (s *session) name() string {
	if s.options.Name != "" {
		return s.options.Name
	}
	local, err := netip.ParseAddrPort(s.line.LocalAddr().String())
	if err != nil {
		return "localhost"
	}
	if a := local.Addr().Unmap().WithZone(""); a.Is4() {
		return "[" + a.String() + "]"
	}
	return "[IPv6:" + local.Addr().WithZone("").String() + "]"
}

// errNoLogin is what a log-in fails with at a server that offers none that we know.
var errNoLogin = errors.New("the mail server takes no passwords on this connection: try another kind of TLS")

// login gives the password in the way that the server offers. Never in two: each wrong one counts towards a lock-out.
func (s *session) login() error {
	switch user, password := s.server.user, s.server.password.Reveal(); {
	case user == "":
		return nil
	case s.smtp.SupportsAuth(sasl.Plain):
		return s.smtp.Auth(sasl.NewPlainClient("", user, password))
	case s.smtp.SupportsAuth(sasl.Login):
		return s.smtp.Auth(&loginClient{answers: []string{user, password}})
	}
	return errNoLogin
}

// loginClient is AUTH LOGIN, which has no standard. The library's own sends the user name at once, which not every
// server understands, and knows one spelling of the prompts.
type loginClient struct{ answers []string }

// Start implements sasl.Client.
func (c *loginClient) Start() (mechanism string, response []byte, err error) {
	return sasl.Login, nil, nil
}

// Next implements sasl.Client: the name is asked for first, then the password.
func (c *loginClient) Next([]byte) ([]byte, error) {
	if len(c.answers) == 0 {
		return nil, sasl.ErrUnexpectedServerChallenge
	}
	next := c.answers[0]
	c.answers = c.answers[1:]
	return []byte(next), nil
}

// mail tells the server who sends how much. The sender of the envelope is From, so that reports come to the address
// that took the conversation, where they are read. No other parameters are needed: the text is 7 bit and the
// addresses are ASCII.
func (s *session) mail(ctx context.Context, l *letter) error {
	if most, ok := s.smtp.MaxMessageSize(); ok && most > 0 && l.bytes > int64(most) { // RFC 1870 §6
		return domain.Errorf(domain.ErrRejected, "the message has %s and the mail server takes %s: send smaller files",
			megabytes(l.bytes), megabytes(int64(most)))
	}
	return s.do(ctx, stageMail, func() error {
		// Reports come back to the envelope's sender; the header is enough to tell what they are about (RFC 3461 §4.3).
		return s.smtp.Mail(l.from, &gosmtp.MailOptions{Size: l.bytes, Return: gosmtp.DSNReturnHeaders})
	})
}

// rcpt tells the server to whom. After its yes it waits for the text.
func (s *session) rcpt(ctx context.Context, l *letter) error {
	return s.do(ctx, stageRcpt, func() error { return s.smtp.Rcpt(l.to, nil) })
}

// slowest is the rate at which a text must be taken, in bytes a second, beside the time for a command.
const slowest = 16 << 10

// deliver hands the text over. The server may have taken it from the moment on that its last line (a lone dot) has
// left; until then, a connection that ends is a message that was not sent (RFC 5321 §4.1.1.10).
func (s *session) deliver(
	ctx context.Context, l *letter, handOver func(context.Context) error,
) (domain.Receipt, error) {
	if err := handOver(ctx); err != nil {
		return domain.Receipt{}, err
	}
	var text *gosmtp.DataCommand
	err := s.do(ctx, stageData, func() (err error) {
		text, err = s.smtp.Data()
		return err
	})
	if err != nil {
		return domain.Receipt{}, err
	}
	// RFC 5321 §4.5.3.2.5 bounds each block. A bound on the whole leaves a server that takes a byte a minute no way
	// out.
	limit := s.options.Command + time.Duration(l.bytes/slowest)*time.Second
	err = s.line.exchange(ctx, limit, func() error { return l.write(text, from(ctx)) })
	if err != nil {
		s.line.abort(errors.New("the text could not be written")) // closing in an orderly way would send the last line
		return domain.Receipt{}, translate(ctx, stageText, s.server, err)
	}
	var said *gosmtp.DataResponse
	err = s.line.exchange(ctx, s.options.Answer, func() (err error) {
		said, err = text.CloseWithResponse()
		return err
	})
	var reply *gosmtp.SMTPError
	switch {
	case err == nil:
		return domain.Receipt{Detail: detail(said.StatusText)}, nil
	case errors.As(err, &reply) && reply.Code/100 == 2: // another yes than 250 is a yes (RFC 5321 §4.2.1)
		return domain.Receipt{Detail: detail(reply.Message)}, nil
	case !s.line.whole(): // the dot is the last that was written, so it is part of what did not leave
		return domain.Receipt{}, translate(ctx, stageText, s.server, err)
	}
	return domain.Receipt{}, translate(ctx, stageAnswer, s.server, err)
}

// leaveTime bounds the good-bye to a server.
const leaveTime = 2 * time.Second

// close says good-bye where that still can be done, and lets go of the connection.
func (s *session) close() {
	s.line.mu.Lock()
	alive := s.line.broken == nil && !s.line.unsent
	s.line.mu.Unlock()
	if alive && s.smtp != nil {
		_ = s.line.exchange(context.Background(), leaveTime, s.smtp.Quit)
	}
	_ = s.line.Close()
}
