package smtp_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/adapters/smtp"
	"github.com/keybuzzio/marketplaces/domain"
)

// sink takes everything.
type sink struct{}

func (sink) Reset()                                 {}
func (sink) Logout() error                          { return nil }
func (sink) Mail(string, *gosmtp.MailOptions) error { return nil }
func (sink) Rcpt(string, *gosmtp.RcptOptions) error { return nil }
func (sink) Data(r io.Reader) error                 { _, err := io.Copy(io.Discard, r); return err }

// BenchmarkSend sends to a relay on this machine, sixteen at once.
func BenchmarkSend(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := gosmtp.NewServer(gosmtp.BackendFunc(func(*gosmtp.Conn) (gosmtp.Session, error) { return sink{}, nil }))
	go func() { _ = server.Serve(l) }()
	b.Cleanup(func() { _ = server.Close() })
	sender := smtp.NewSender(memory.NewSecretStore(), smtp.Options{
		InboundHost: "example.com", PerServer: 64, Relay: &smtp.Relay{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, TLS: domain.TLSNone},
	})
	b.Cleanup(sender.Close)
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<16) // 1 MB
	for name, files := range map[string][]domain.OutgoingFile{
		"text": nil, "a file of 1 MB": {file("a.pdf", "application/pdf", content)},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(8)
			b.RunParallel(func(p *testing.PB) {
				m := answer()
				m.Files = files
				for p.Next() {
					if _, err := sender.Send(context.Background(), m, func(context.Context) error { return nil }); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
