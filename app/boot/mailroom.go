package boot

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"time"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail"
	"github.com/keybuzzio/marketplaces/adapters/amazon/standin/mailroom"
	"github.com/keybuzzio/marketplaces/adapters/smtp"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// standInAuthServer vouches for the stand-in's mail in development mode, where no mail server stands before ours.
const standInAuthServer = "mx.stand-in.invalid"

// standInMail is the mail side of the stand-in for Amazon.
type standInMail struct {
	room  *mailroom.Room
	relay *smtp.Relay // takes answers; nil in a worker beside the server, whose stand-in has the buyers
}

// startMailroom starts the mail side of the stand-in, which ends with s. Its relay listens at
// KEYBUZZ_SMTP_SUBMISSION_ADDR, or at any port.
func (s *service) startMailroom(ctx context.Context, c Config, log *slog.Logger) error {
	s.mailroom = &standInMail{room: mailroom.New(mailroom.Options{
		Deliver: s.deliverStandIn, AuthServer: c.InboundAuth, Log: log, User: c.SubmissionUser, Password: c.SubmissionPassword.Reveal(),
	})}
	s.close = append(s.close, s.mailroom.room.Close)
	if c.program != "server" {
		return nil
	}
	if err := s.mailroom.room.Keep(filepath.Join(c.DataDir, "stand-in-messages.json")); err != nil {
		return fmt.Errorf("KEYBUZZ_DATA_DIR: the stand-in for Amazon cannot keep its messages: %w", err)
	}
	address := c.SubmissionAddr
	if address == "" {
		address = "127.0.0.1:0"
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("KEYBUZZ_SMTP_SUBMISSION_ADDR: the stand-in for Amazon cannot take mail there: %w", err)
	}
	at := listener.Addr().(*net.TCPAddr)
	s.mailroom.relay = &smtp.Relay{
		Host: at.IP.String(), Port: at.Port, TLS: domain.TLSNone, User: c.SubmissionUser, Password: c.SubmissionPassword,
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	go func() { done <- s.mailroom.room.ServeSMTP(serving, listener) }()
	s.close = append(s.close, func() {
		stop()
		if err := <-done; err != nil {
			log.WarnContext(ctx, "the stand-in for Amazon ended badly", "error", err)
		}
	})
	return nil
}

// deliverStandIn takes a message of the stand-in as the mail server before ours would hand it on.
func (s *service) deliverStandIn(ctx context.Context, m mailroom.Mail) error {
	select {
	case <-s.built:
	case <-ctx.Done():
		return ctx.Err()
	}
	arrived := time.Now()
	address, err := s.app.Deliver.Route(ctx, m.To)
	if err != nil {
		return err
	}
	_, err = s.app.Deliver.Run(ctx, app.DeliverCommand{
		Address: address, Via: ports.ViaSMTP, Source: domain.Source{MediaType: mail.MediaType, Bytes: m.Raw}, Arrived: arrived,
	})
	return err
}
