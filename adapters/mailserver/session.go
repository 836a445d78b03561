package mailserver

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// mediaType is that of what comes here.
const mediaType = "message/rfc822"

// session is what one client says after it has introduced itself. The protocol may read chunks of a text while it takes
// commands, so mu guards what both touch.
type session struct {
	*Server
	base  context.Context // done when mails that are under way are given up
	conn  *conn
	began time.Time

	mu         sync.Mutex
	size       int64 // that the mail is said to have; 0 when it is not said
	recipients []recipient
	answered   map[ports.DeliveryOutcome]int
}

// recipient is one whom the mail is for, by the name that the client used.
type recipient struct {
	name    string
	address domain.InboundAddressState
}

var _ smtp.LMTPSession = (*session)(nil)

func newSession(base context.Context, s *Server, c *smtp.Conn) *session {
	raw := c.Conn()
	if encrypted, ok := raw.(*tls.Conn); ok {
		raw = encrypted.NetConn()
	}
	return &session{Server: s, base: base, conn: raw.(*conn), began: time.Now(), answered: map[ports.DeliveryOutcome]int{}}
}

// Reset implements smtp.Session.
func (s *session) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.size, s.recipients = 0, nil
}

// Logout implements smtp.Session: the client is gone, or begins anew with TLS.
func (s *session) Logout() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	level := slog.LevelDebug
	args := []any{"peer", s.conn.peer.String(), "took", time.Since(s.began)}
	for _, outcome := range ports.DeliveryOutcomes {
		if n := s.answered[outcome]; n > 0 {
			level = slog.LevelInfo
			args = append(args, string(outcome), n)
		}
	}
	s.o.Log.Log(s.base, level, "mail session ended", args...)
	return nil
}

// Mail implements smtp.Session. Nothing is done with the sender: bounces have none, and the mail's text says who wrote.
func (s *session) Mail(_ string, o *smtp.MailOptions) error {
	if s.conn.over() {
		return errStopping
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.size = o.Size
	return nil
}

// Rcpt implements smtp.Session.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	ctx, stop := context.WithTimeout(s.base, routeTimeout)
	defer stop()
	began := time.Now()
	a, err := s.deliver.Route(ctx, to)
	if err != nil {
		return s.refuse(began, err, 1)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recipients = append(s.recipients, recipient{to, a})
	return nil
}

// Data implements smtp.Session: one answer for all recipients. When the mail must come again for one of them, it comes again
// for all, and is a duplicate for those who have it. It is refused when nobody can take it.
func (s *session) Data(r io.Reader) error {
	var deferred, refused error
	taken := false
	err := s.take(r, func(_ string, err error) {
		switch e, _ := err.(*smtp.SMTPError); {
		case e == nil:
			taken = true
		case e.Temporary():
			deferred = err
		default:
			refused = err
		}
	})
	switch {
	case err != nil:
		return err
	case deferred != nil:
		return deferred
	case !taken:
		return refused
	}
	return nil
}

// LMTPData implements smtp.LMTPSession: an answer for each recipient.
func (s *session) LMTPData(r io.Reader, status smtp.StatusCollector) error {
	return s.take(r, status.SetStatus)
}

// take reads the mail and delivers it to each recipient, whose answer it tells. An error is the answer for all of them.
func (s *session) take(r io.Reader, answer func(name string, err error)) error {
	s.mu.Lock()
	recipients, size := s.recipients, s.size
	s.mu.Unlock()
	raw, release, err := s.read(r, size)
	arrived := time.Now()
	if err != nil {
		return s.refuse(arrived, err, len(recipients))
	}
	defer release()
	ctx, stop := context.WithTimeout(s.base, deliverTimeout)
	defer stop()
	for _, to := range recipients {
		outcome, err := s.deliver.Run(ctx, app.DeliverCommand{
			Address: to.address, Via: s.via, Source: domain.Source{MediaType: mediaType, Bytes: raw}, Arrived: arrived,
		})
		s.count(outcome, 1)
		if err != nil {
			s.report(outcome, err, "size", len(raw), "tenant", to.address.Tenant.String(), "connection", to.address.Connection.String())
			err = answerTo(err)
		}
		answer(to.name, err)
	}
	return nil
}

// count notes how n mails were answered, for the line at the end.
func (s *session) count(outcome ports.DeliveryOutcome, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answered[outcome] += n
}
