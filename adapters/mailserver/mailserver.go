// Package mailserver takes mails by LMTP (RFC 2033) and SMTP (RFC 5321) and hands them to [app.Deliver]. 250 is answered
// when the mail is committed and never before; what we cannot take now is answered with 4xx, so that its sender keeps it;
// 5xx is for what can never be taken.
//
// It stands behind a mail server of the operator's own, which checks DKIM and DMARC: nobody here does. So it takes mail
// from networks that are named, by default loopback and private ones, and from nobody else. Nobody logs in.
//
// A mail's text ends with CR LF . CR LF and with nothing else, and its lines with CR LF: a mail with a CR or an LF that
// stands alone is refused, and its connection closed, because servers that disagree on where a mail ends let one be
// smuggled within another. Postfix sends none to LMTP unless a sender put them there and cleanup_replace_stray_cr_lf is off.
package mailserver

import (
	"cmp"
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/ports"
)

// Options are what a Server need not be told; each has a working zero.
type Options struct {
	LMTP     bool           // LMTP, with an answer for each recipient; else SMTP
	Name     string         // by which it greets; localhost when ""
	Networks []netip.Prefix // whose mail it takes; loopback, link-local and private addresses when nil
	TLS      *tls.Config    // offers STARTTLS; nil offers none
	MaxSize  int64          // of a mail, in bytes: one that is as large or larger is refused; 30 MiB when 0

	MaxConns        int // at once; 500 when 0
	MaxConnsPerPeer int // at once and from one address; 50 when 0

	CommandTimeout time.Duration // for a command to come, an answer to be taken, and between two pieces of a text; a minute when 0
	TextTimeout    time.Duration // for a whole text to come; five minutes when 0

	Log *slog.Logger // discarded when nil
}

const (
	maxRecipients  = 100
	routeTimeout   = 20 * time.Second
	deliverTimeout = 5 * time.Minute // for all recipients of a mail: senders wait ten minutes for the answer
)

// How long stopping may take: together less than the 10 seconds after which a supervisor kills.
const (
	finishTimeout = 7 * time.Second // mails that are under way may finish
	answerTimeout = 1 * time.Second // then they are given up, and their senders told so
	closeTimeout  = 1 * time.Second // then connections are closed
)

// Server is a mail server that has not begun to serve.
type Server struct {
	deliver *app.Deliver
	via     ports.DeliveryWay
	o       Options
}

// New returns a server that hands to deliver.
func New(deliver *app.Deliver, o Options) *Server {
	s := &Server{deliver: deliver, via: ports.ViaSMTP, o: o}
	if o.LMTP {
		s.via = ports.ViaLMTP
	}
	s.o.Name = cmp.Or(o.Name, "localhost")
	s.o.MaxSize = cmp.Or(o.MaxSize, 30<<20)
	s.o.MaxConns = cmp.Or(o.MaxConns, 500)
	s.o.MaxConnsPerPeer = cmp.Or(o.MaxConnsPerPeer, 50)
	s.o.CommandTimeout = cmp.Or(o.CommandTimeout, time.Minute)
	s.o.TextTimeout = cmp.Or(o.TextTimeout, 5*time.Minute)
	s.o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler)).With("via", string(s.via))
	if o.Networks == nil {
		s.o.Networks = ownNetworks()
	}
	return s
}

// ownNetworks are those that no mail comes from that did not pass a server of the operator's.
func ownNetworks() []netip.Prefix {
	var own []netip.Prefix
	for _, s := range []string{"127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10"} {
		own = append(own, netip.MustParsePrefix(s))
	}
	return own
}

// Serve takes mails from those who connect to l until ctx is done, and closes l. Then it takes no new mail, answers those
// that are under way, gives up what needs too long, and returns nil within 10 seconds: what was not answered was not
// acknowledged. Any other end is an error.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	// Mails outlive ctx: its end begins the stop, it does not break off what is under way.
	base, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	gate := newGate(l, s.o)
	ended := make(chan error, 1)
	go func() { ended <- s.protocol(base).Serve(gate) }()
	var err error
	select {
	case err = <-ended:
		_ = l.Close()
	case <-ctx.Done():
		_ = l.Close()
		<-ended
	}
	gate.stop()
	if !gate.empty(finishTimeout) {
		giveUp()
		if !gate.empty(answerTimeout) {
			gate.closeAll()
			gate.empty(closeTimeout)
		}
	}
	return err
}

// protocol returns what speaks the protocol on a connection. It leaves to conn how long a client may take and how much it
// may send: its own limit of a line's length is for commands and texts alike, and its timeout for whole texts.
func (s *Server) protocol(base context.Context) *smtp.Server {
	p := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return newSession(base, s, c), nil }))
	p.LMTP, p.Domain, p.TLSConfig = s.o.LMTP, s.o.Name, s.o.TLS
	p.MaxRecipients, p.MaxMessageBytes, p.MaxLineLength = maxRecipients, s.o.MaxSize, 0
	p.ReadTimeout, p.WriteTimeout = s.o.CommandTimeout, s.o.CommandTimeout
	p.ErrorLog = protocolLog{s.o.Log}
	return p
}

// protocolLog logs what the protocol has to say without the values in it, which may be anything.
type protocolLog struct{ log *slog.Logger }

func (l protocolLog) Printf(format string, _ ...any) {
	level := slog.LevelWarn
	switch {
	case strings.HasPrefix(format, "error handling"):
		level = slog.LevelDebug // the client is gone
	case strings.HasPrefix(format, "panic"):
		level = slog.LevelError
	}
	l.log.Log(context.Background(), level, "mail connection failed", "error", strings.TrimSpace(format))
}

func (l protocolLog) Println(...any) {}
