package smtp_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
	"github.com/matryer/is"

	amazonmail "github.com/keybuzzio/marketplaces/adapters/amazon/mail"
	"github.com/keybuzzio/marketplaces/adapters/mailserver/postfixtest"
	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/adapters/smtp"
	"github.com/keybuzzio/marketplaces/domain"
)

// mailboxes is an LMTP server that keeps what comes, and knows nobody whose name begins with "nobody".
type mailboxes struct {
	mu  sync.Mutex
	got map[string][]byte // by recipient
}

// lmtpSession is a delivery of Postfix's.
type lmtpSession struct {
	*mailboxes
	to string
}

func (s *lmtpSession) Reset()                                 { s.to = "" }
func (s *lmtpSession) Logout() error                          { return nil }
func (s *lmtpSession) Mail(string, *gosmtp.MailOptions) error { return nil }

func (s *lmtpSession) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	if strings.HasPrefix(to, "nobody") {
		return &gosmtp.SMTPError{Code: 550, EnhancedCode: gosmtp.EnhancedCode{5, 1, 1}, Message: "there is no such buyer"}
	}
	s.to = to
	return nil
}

func (s *lmtpSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got[s.to] = raw
	return err
}

func (m *mailboxes) find(to string) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.got[to]
}

// await waits until a message has come.
func (m *mailboxes) await(t *testing.T, to string) []byte {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if raw := m.find(to); raw != nil {
			return raw
		}
	}
	t.Fatalf("nothing came for %s", to)
	return nil
}

// TestPostfixAsRelay sends by a real mail server. What arrives is what was sent, its signature verifies, and what
// cannot be delivered comes back to the address that it was from, as a report about it.
func TestPostfixAsRelay(t *testing.T) {
	t.Parallel()
	is, boxes := is.New(t), &mailboxes{got: map[string][]byte{}}
	server := gosmtp.NewServer(gosmtp.BackendFunc(func(*gosmtp.Conn) (gosmtp.Session, error) { return &lmtpSession{mailboxes: boxes}, nil }))
	server.LMTP, server.Domain = true, "lmtp.test"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	is.NoErr(err)
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	postfix := postfixtest.New(t, postfixtest.Options{
		Domain: "example.com", More: []string{"marketplace.amazon.fr"}, LMTP: l.Addr().String(),
	})
	host, port, err := net.SplitHostPort(postfix.Address())
	is.NoErr(err)
	number, err := strconv.Atoi(port)
	is.NoErr(err)
	public, key, err := ed25519.GenerateKey(rand.Reader)
	is.NoErr(err)
	sender := smtp.NewSender(memory.NewSecretStore(), smtp.Options{
		InboundHost: "example.com", Relay: &smtp.Relay{Host: host, Port: number, TLS: domain.TLSNone},
		DKIM: &smtp.DKIM{Domain: "example.com", Selector: "s1", Key: key},
	})
	defer sender.Close()
	letter := func(to string) domain.OutgoingMessage {
		m := answer()
		m.To, m.MessageID = to+"@marketplace.amazon.fr", to+"@reply.example.com"
		m.Files = []domain.OutgoingFile{file("facture é.pdf", "application/pdf", bytes.Repeat([]byte("%PDF\r\n.\r\n"), 5000))}
		return m
	}

	const n = 20
	var sending sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		sending.Go(func() { _, _, errs[i] = send(t.Context(), sender, letter(fmt.Sprintf("buyer%d", i))) })
	}
	sending.Wait()
	for i := range n {
		if domain.KindOf(errs[i]) == domain.ErrThrottled { // more than its share at once
			_, _, errs[i] = send(t.Context(), sender, letter(fmt.Sprintf("buyer%d", i)))
		}
		is.NoErr(errs[i])
		raw := boxes.await(t, fmt.Sprintf("buyer%d@marketplace.amazon.fr", i))
		found, err := verify(raw, "v=DKIM1; k=ed25519; p="+base64.StdEncoding.EncodeToString(public))
		is.NoErr(err)
		is.Equal(len(found), 1)
		is.NoErr(found[0].Err)
		got, err := read(raw)
		is.NoErr(err)
		is.Equal(strings.TrimSpace(got.Text), answer().Text)
		is.Equal(len(got.Files["facture é.pdf"]), 45_000)
	}

	m := letter("nobody")
	_, receipt, err := send(t.Context(), sender, m)
	is.NoErr(err) // the relay took it
	is.True(strings.Contains(receipt.Detail, "queued as"))
	report := amazonmail.Interpreter{}.Parse(boxes.await(t, m.From), time.Now())
	is.Equal(report.Kind, domain.KindDeliveryFailure)
	is.Equal(report.References, []string{m.MessageID})
	is.Equal(report.Facts[domain.FactReason], "5.1.1")
}
