// Package smtp sends answers as mail. [Sender] is where to start; what leaves is built in letter.go and handed over in
// session.go. It knows no marketplace.
//
// One attempt is one dialogue of RFC 5321:
//
//	greeting  EHLO  STARTTLS  AUTH   us: what is refused here is no fault of the message
//	MAIL FROM  RCPT TO               the envelope: 4yz is tried again, 5yz is final
//	                                 handOver: the caller commits that the text may leave
//	DATA  text                       not taken before its last line, a lone dot, has left whole
//	.                                2yz taken, 4yz and 5yz certainly not, nothing heard: unknown
//
// Servers are named by sellers, so each may be slow, silent or hostile. Every step is bounded in time and in bytes,
// nothing that a server says gets into an error, and the address that is dialled is held to the network policy.
package smtp

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Options tune a Sender. The zero value is fit for production without a relay.
type Options struct {
	// InboundHost is the domain of inbound addresses. Answers from there leave by the relay, all others by a
	// mailbox's account.
	InboundHost string
	// Relay takes the answers from inbound addresses. Nil: they are refused.
	Relay *Relay
	// DKIM signs what leaves by the relay from its domain. Nil: the relay signs, or nobody does.
	DKIM *DKIM

	Policy   domain.NetworkPolicy // where sellers' own servers may be; it does not bind the relay
	RootCAs  *x509.CertPool       // who vouches for mail servers; defaults to the system's
	Resolver *net.Resolver        // defaults to the system's

	// Name is ours in EHLO. Defaults to the address literal of the connection (RFC 5321 §4.1.4).
	Name string

	Command time.Duration // bound on the connection, the greeting and each command; 2 min if 0
	Answer  time.Duration // bound on the answer to the text; 10 min if 0 (RFC 5321 §4.5.3.2.6)

	PerServer int           // connections to one server (name and port) at once; 16 if 0
	Idle      time.Duration // how long an unused connection to the relay is kept; 20 s if 0, not at all if negative
}

// Relay is the installation's own submission server. Its operator is trusted, so the network policy does not apply.
type Relay struct {
	Host     string
	Port     int
	TLS      domain.TLSMode
	User     string // "" logs in to nothing
	Password domain.Secret
}

func (o Options) withDefaults() Options {
	if o.Command == 0 {
		o.Command = 2 * time.Minute
	}
	if o.Answer == 0 {
		o.Answer = 10 * time.Minute
	}
	if o.PerServer == 0 {
		o.PerServer = 16
	}
	if o.Idle == 0 {
		o.Idle = 20 * time.Second
	}
	return o
}

// Sender sends answers by SMTP: those of inbound addresses by the installation's relay, those of a mailbox
// by the seller's own account. It implements ports.Sender and ports.SubmissionChecker. Safe for concurrent use. Close
// it to let go of idle connections.
type Sender struct {
	secrets ports.SecretStore
	options Options
	places  *places
	idle    *idle
	dialBy  func(ctx context.Context, network, address string) (net.Conn, error) // nil: the network; for tests
}

var (
	_ ports.Sender            = (*Sender)(nil)
	_ ports.SubmissionChecker = (*Sender)(nil)
)

// NewSender returns a Sender that finds the SMTP account of a mailbox, password included, in secrets.
func NewSender(secrets ports.SecretStore, o Options) *Sender {
	o = o.withDefaults()
	return &Sender{secrets: secrets, options: o, places: newPlaces(o.PerServer), idle: newIdle(o.PerServer, o.Idle)}
}

// Close lets go of idle connections. Attempts under way end as they would have.
func (s *Sender) Close() { s.idle.close() }

// server is where an attempt goes: the relay, or a seller's own.
type server struct {
	host     string
	port     int
	tls      domain.TLSMode
	user     string
	password domain.Secret
	relay    bool   // the installation's own
	from     string // the only address that it sends from; "" of the relay, which sends from all of ours
}

func (s server) address() string { return net.JoinHostPort(s.host, strconv.Itoa(s.port)) }

// Send implements ports.Sender. All that can be found wrong without the network is found before it is asked.
func (s *Sender) Send(
	ctx context.Context, m domain.OutgoingMessage, handOver func(context.Context) error,
) (domain.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return domain.Receipt{}, err
	}
	to, err := s.route(ctx, m)
	if err != nil {
		return domain.Receipt{}, err
	}
	if m.From == "" {
		m.From = to.from
	}
	l, err := newLetter(m)
	if err != nil {
		return domain.Receipt{}, err
	}
	if to.relay { // a seller's own server signs for its domain, whose key we do not have
		if err := s.options.DKIM.sign(ctx, l); err != nil {
			return domain.Receipt{}, unwrapFile(err)
		}
	}
	leave, err := s.places.enter(to.address())
	if err != nil {
		return domain.Receipt{}, err
	}
	defer leave()
	at, err := s.begin(ctx, to, l)
	if err != nil {
		return domain.Receipt{}, err
	}
	receipt, err := at.deliver(ctx, l, handOver)
	// Only a session that ended a message well is in a state that is known.
	if err == nil && to.relay && s.idle.put(at) {
		return receipt, nil
	}
	at.close()
	return receipt, err
}

// begin returns a session that has said yes to the sender and the recipient of l: an idle one if it still can, else a
// new one. An idle session may have died, or have had its fill of messages, without our knowing.
func (s *Sender) begin(ctx context.Context, to server, l *letter) (*session, error) {
	at, err := s.first(ctx, to, l)
	if err != nil {
		return nil, err
	}
	if err := at.rcpt(ctx, l); err != nil {
		at.close()
		return nil, err
	}
	return at, nil
}

// first returns a session that has said yes to the sender. MAIL is the first command that an idle session hears: if
// it has ended meanwhile, that shows here, and nothing was begun that another session would repeat.
func (s *Sender) first(ctx context.Context, to server, l *letter) (*session, error) {
	for to.relay {
		at := s.idle.take()
		if at == nil {
			break
		}
		err := at.mail(ctx, l)
		if err == nil {
			return at, nil
		}
		at.close()
		if !at.gone {
			return nil, err
		}
	}
	at, err := s.open(ctx, to)
	if err != nil {
		return nil, err
	}
	if err := at.mail(ctx, l); err != nil {
		at.close()
		return nil, err
	}
	return at, nil
}

// route says by which server an answer leaves. There is no second best: the address of a mailbox is not ours to send
// from by the relay.
func (s *Sender) route(ctx context.Context, m domain.OutgoingMessage) (server, error) {
	host := m.From[strings.LastIndex(m.From, "@")+1:]
	switch r := s.options.Relay; {
	case host != "" && strings.EqualFold(host, s.options.InboundHost):
		if r == nil {
			return server{}, domain.Errorf(domain.ErrRejected,
				"this installation has no mail relay: its operator must set KEYBUZZ_SMTP_SUBMISSION_ADDR")
		}
		return server{host: r.Host, port: r.Port, tls: r.TLS, user: r.User, password: r.Password, relay: true}, nil
	case m.Connection.Source != domain.SourceIMAP:
		return server{}, domain.Errorf(domain.ErrRejected,
			"the connection has no way to send mail from this address: connect a mailbox or an inbound address")
	}
	to, err := s.submission(ctx, m.Connection)
	if err == nil && host != "" && !strings.EqualFold(m.From, to.from) {
		return server{}, domain.Errorf(domain.ErrRejected,
			"the message came to another address than the mailbox's own: set submission with that address, "+
				"or answer at the marketplace")
	}
	return to, err
}

// submission returns the seller's own server, from the secret that the mailbox is in too. Each attempt reads it anew,
// so that a password that was changed counts at once.
func (s *Sender) submission(ctx context.Context, c domain.ConnectionState) (server, error) {
	path, err := domain.ParseSecretPath(c.VaultPath)
	if err != nil {
		return server{}, domain.Wrap(domain.ErrRejected, err, "the connection has no mailbox: set it again")
	}
	data, err := s.secrets.Get(ctx, path)
	if errors.Is(err, domain.ErrNotFound) {
		return server{}, domain.Wrap(domain.ErrRejected, err, "the mailbox's password is not stored: set the mailbox again")
	}
	if err != nil {
		return server{}, err
	}
	account, err := domain.SubmissionOf(data)
	if err != nil {
		return server{}, domain.Wrap(domain.ErrRejected, err, "%s", domain.Message(err))
	}
	return serverOf(account), nil
}

func serverOf(a domain.Submission) server {
	return server{host: a.Host, port: a.Port, tls: a.TLS, user: a.User, password: a.Password, from: a.From}
}

// CheckSubmission implements ports.SubmissionChecker. What would pass in the background is a refusal here: the seller
// waits for an answer, and can look at what is wrong.
func (s *Sender) CheckSubmission(ctx context.Context, account domain.Submission) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	to := serverOf(account)
	leave, err := s.places.enter(to.address())
	if err != nil {
		return err
	}
	defer leave()
	at, err := s.open(ctx, to)
	if err == nil {
		at.close()
		return nil
	}
	if errors.Is(err, domain.ErrUnavailable) { // the seller is there and can look
		return domain.Wrap(domain.ErrRejected, errors.New(err.Error()), "%s", domain.Message(err))
	}
	return err
}
