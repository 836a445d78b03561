package smtp_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/adapters/smtp"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports/porttest"
)

func decode(s string) string {
	b, _ := base64.StdEncoding.DecodeString(s)
	return string(b)
}

func lastOf(plain string) string { return plain[strings.LastIndexByte(plain, 0)+1:] }

// answer is an answer that can leave.
func answer() domain.OutgoingMessage {
	return domain.OutgoingMessage{
		ID: "r1", From: "shop@example.com", To: "k3j4h5g6f7d8s9a@marketplace.amazon.fr",
		Subject: "Re : Commande 123-4567890-1234567, où est mon colis ?", Language: "fr", OrderID: "123-4567890-1234567",
		Text:      "Bonjour,\n\nvotre colis est parti hier. Il arrivera demain.\n\nCordialement",
		InReplyTo: "0102018e-abc@eu-west-1.amazonses.com", References: []string{"first@example.com", "0102018e-abc@eu-west-1.amazonses.com"},
		MessageID: "0197b2c3@reply.example.com", Date: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}
}

// newSender returns a sender by the relay that a script is, or by the account of a mailbox there.
func newSender(t testing.TB, s *script, relay bool) (*smtp.Sender, domain.ConnectionState) {
	t.Helper()
	is := is.New(t)
	tenant, err := domain.ParseTenantID("t1")
	is.NoErr(err)
	c := domain.ConnectionState{ID: domain.NewID[domain.ConnectionID](), Tenant: tenant, Type: domain.Amazon}
	options := smtp.Options{
		Policy: domain.NetworkPolicy{Loopback: true}, RootCAs: s.roots,
	}
	secrets := memory.NewSecretStore()
	account := s.submission()
	if relay {
		c.Source = domain.SourcePush
		options.InboundHost = "example.com"
		options.Relay = &smtp.Relay{
			Host: account.Host, Port: account.Port, TLS: account.TLS, User: account.User, Password: account.Password,
		}
	} else {
		path := domain.NewSecretPath(c)
		c.Source, c.VaultPath = domain.SourceIMAP, path.String()
		is.NoErr(secrets.Put(t.Context(), path, account.SecretData()))
	}
	sender := smtp.NewSender(secrets, options)
	t.Cleanup(sender.Close)
	if s.listener == nil {
		sender.DialBy(s.dial)
	}
	return sender, c
}

// read is a message as a reader that is not ours sees it: the standard library's.
func read(raw []byte) (porttest.TakenMessage, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return porttest.TakenMessage{}, err
	}
	mediaType, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return porttest.TakenMessage{}, err
	}
	if mediaType != "multipart/mixed" {
		text, err := content(m.Header.Get("Content-Transfer-Encoding"), m.Body)
		return porttest.TakenMessage{Text: unix(text)}, err
	}
	got := porttest.TakenMessage{Files: map[string][]byte{}}
	for parts := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return got, nil
		}
		if err != nil {
			return porttest.TakenMessage{}, err
		}
		b, err := content(p.Header.Get("Content-Transfer-Encoding"), p)
		if err != nil {
			return porttest.TakenMessage{}, err
		}
		_, disposition, err := mime.ParseMediaType(p.Header.Get("Content-Disposition"))
		if err != nil { // the text has none
			got.Text = unix(b)
			continue
		}
		got.Files[disposition["filename"]] = b
	}
}

// content undoes a transfer encoding.
func content(encoding string, r io.Reader) ([]byte, error) {
	if encoding == "base64" {
		return io.ReadAll(base64.NewDecoder(base64.StdEncoding, r))
	}
	return io.ReadAll(quotedprintable.NewReader(r))
}

// unix is a text with the line ends of answers.
func unix(text []byte) string { return strings.ReplaceAll(string(text), "\r\n", "\n") }

func TestSenderContract(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ implicit, relay bool }{
		"a mailbox's account, implicit TLS": {true, false},
		"a mailbox's account, STARTTLS":     {false, false},
		"the relay, implicit TLS":           {true, true},
		"the relay, STARTTLS":               {false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			porttest.TestSender(t, func(t *testing.T) porttest.SenderFixture {
				s := newScript(c.implicit).listen(t)
				sender, connection := newSender(t, s, c.relay)
				message := answer()
				message.Connection = connection
				play := func(step, what string) func() { return func() { s.play(step, what) } }
				return porttest.SenderFixture{
					Sender: sender, Message: message, Files: true,
					Taken: func() []porttest.TakenMessage {
						var all []porttest.TakenMessage
						for _, one := range s.all() {
							got, err := read(one.raw)
							is.New(t).NoErr(err)
							all = append(all, got)
						}
						return all
					},
					Mend: s.mend, Down: play(stepMAIL, cut), Busy: play(stepRCPT, "450 4.2.0 greylisted"),
					Refuse:    play(stepRCPT, "550 5.1.1 <"+message.To+">: unknown"),
					BusyAfter: play(stepDot, "451 4.3.0 later"), RefuseAfter: play(stepDot, "554 5.7.1 "+message.Text[:7]),
					CutAfter: play(stepDot, lost),
					Silent: func() <-chan struct{} {
						s.play(stepDot, mute)
						return s.took
					},
				}
			})
		})
	}
}

// send makes one attempt and counts the calls of handOver.
func send(ctx context.Context, s *smtp.Sender, m domain.OutgoingMessage) (handed int, receipt domain.Receipt, err error) {
	receipt, err = s.Send(ctx, m, func(context.Context) error {
		handed++
		return nil
	})
	return handed, receipt, err
}

// file is a file of m with this content.
func file(name, mediaType string, content []byte) domain.OutgoingFile {
	return domain.OutgoingFile{
		Name: name, MediaType: mediaType, Size: int64(len(content)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil },
	}
}
