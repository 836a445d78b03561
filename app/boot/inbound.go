package boot

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"syscall"

	"github.com/keybuzzio/marketplaces/adapters/mailserver"
)

// postOffice is the mail servers of a process, with their addresses taken.
type postOffice struct {
	c    Config
	open []office
}

// office is one of them.
type office struct {
	setting, address string
	lmtp             bool
	listener         net.Listener
}

// listenMail takes the addresses at which mail is taken; none are set, none are taken. In development mode one that names no
// host is on loopback.
func listenMail(ctx context.Context, c Config) (*postOffice, error) {
	p := &postOffice{c: c}
	for _, o := range []office{
		{setting: "KEYBUZZ_LMTP_ADDR", address: c.LMTPAddr, lmtp: true}, {setting: "KEYBUZZ_SMTP_ADDR", address: c.SMTPAddr},
	} {
		if o.address == "" {
			continue
		}
		if host, port, err := net.SplitHostPort(o.address); err == nil && host == "" && c.Dev {
			o.address = net.JoinHostPort("127.0.0.1", port)
		}
		var config net.ListenConfig
		var err error
		o.listener, err = config.Listen(ctx, "tcp", o.address)
		if err != nil {
			p.close()
			if errors.Is(err, syscall.EADDRINUSE) {
				return nil, fmt.Errorf("%s: %s is in use: set another address, or stop what uses it", o.setting, o.address)
			}
			return nil, fmt.Errorf("%s: %w", o.setting, err)
		}
		p.open = append(p.open, o)
	}
	return p, nil
}

// close gives the addresses back that nobody serves. Closing again does nothing.
func (p *postOffice) close() {
	for _, o := range p.open {
		_ = o.listener.Close()
	}
}

// serve takes mail until ctx ends; mails that are under way then are answered first.
func (p *postOffice) serve(ctx context.Context, s *service, log *slog.Logger) error {
	options := mailserver.Options{Name: p.c.InboundDomain, Networks: p.c.InboundNetworks, Log: log}
	if p.c.InboundCert != "" {
		pair, err := tls.LoadX509KeyPair(p.c.InboundCert, p.c.InboundKey)
		if err != nil {
			return fmt.Errorf("KEYBUZZ_INBOUND_TLS_CERT: %w", err)
		}
		options.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	var serving sync.WaitGroup
	errs := make([]error, len(p.open))
	for i, o := range p.open {
		options := options
		options.LMTP = o.lmtp
		log.InfoContext(ctx, "mail is taken", "address", o.listener.Addr().String(), "lmtp", o.lmtp)
		serving.Go(func() { errs[i] = mailserver.New(s.app.Deliver, options).Serve(ctx, o.listener) })
	}
	serving.Wait()
	return errors.Join(errs...)
}
