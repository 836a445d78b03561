package mailroom

import (
	"context"
	"crypto/subtle"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"
)

// ServeSMTP takes answers on l until ctx is done, and returns when no connection is left. It stands for the seller's
// own relay and for Amazon's mail servers behind it. It hands nothing to the outside world: any recipient but a relay
// address of Amazon's is refused.
func (r *Room) ServeSMTP(ctx context.Context, l net.Listener) error {
	s := gosmtp.NewServer(gosmtp.BackendFunc(func(*gosmtp.Conn) (gosmtp.Session, error) { return &session{room: r}, nil }))
	s.Domain, s.TLSConfig, s.AllowInsecureAuth = "relay.stand-in.invalid", r.options.TLS, r.options.TLS == nil
	s.MaxMessageBytes, s.MaxRecipients, s.EnableDSN = r.options.MaxBytes, 1, true
	s.ReadTimeout, s.WriteTimeout = time.Minute, time.Minute
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	patience, stop := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer stop()
	if err := s.Shutdown(patience); err != nil {
		_ = s.Close()
	}
	if err := <-done; !errors.Is(err, gosmtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// session is one connection.
type session struct {
	room     *Room
	known    bool // it has logged in
	from, to string
}

var _ gosmtp.AuthSession = (*session)(nil)

// AuthMechanisms implements gosmtp.AuthSession.
func (s *session) AuthMechanisms() []string {
	if s.room.options.User == "" {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth implements gosmtp.AuthSession. A wrong password is 535, which our side must not take for a refusal of the
// message.
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		o := s.room.options
		if subtle.ConstantTimeCompare([]byte(user+"\x00"+password), []byte(o.User+"\x00"+o.Password)) != 1 {
			return gosmtp.ErrAuthFailed
		}
		s.known = true
		return nil
	}), nil
}

// Mail implements gosmtp.Session.
func (s *session) Mail(from string, _ *gosmtp.MailOptions) error {
	if s.room.options.User != "" && !s.known {
		return gosmtp.ErrAuthRequired
	}
	s.from = from
	return nil
}

// Rcpt implements gosmtp.Session.
func (s *session) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	_, host, _ := strings.Cut(strings.ToLower(to), "@")
	if !slices.ContainsFunc(sites, func(s site) bool { return host == s.relayHost() }) {
		return &gosmtp.SMTPError{
			Code: 550, EnhancedCode: gosmtp.EnhancedCode{5, 7, 1}, Message: "The stand-in hands nothing to the outside world",
		}
	}
	s.to = to
	return nil
}

// Data implements gosmtp.Session. What the room does with a message shows later, as at Amazon: the sender hears 250
// whatever it is. Only what is no mail at all is refused, which a relay on the way would do.
func (s *session) Data(body io.Reader) error {
	raw, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	if _, err := s.room.Take(s.from, s.to, raw); err != nil {
		return &gosmtp.SMTPError{Code: 554, EnhancedCode: gosmtp.EnhancedCode{5, 6, 0}, Message: err.Error()}
	}
	return nil
}

// Reset implements gosmtp.Session.
func (s *session) Reset() { s.from, s.to = "", "" }

// Logout implements gosmtp.Session.
func (s *session) Logout() error { return nil }
