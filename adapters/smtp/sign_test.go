package smtp_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/adapters/smtp"
	"github.com/keybuzzio/marketplaces/domain"
)

// keys are signers and the DNS records of their public halves.
func keys(t *testing.T) map[string]struct {
	signer crypto.Signer
	record string
} {
	t.Helper()
	is := is.New(t)
	long, err := rsa.GenerateKey(rand.Reader, 2048)
	is.NoErr(err)
	der, err := x509.MarshalPKIXPublicKey(long.Public())
	is.NoErr(err)
	public, short, err := ed25519.GenerateKey(rand.Reader)
	is.NoErr(err)
	return map[string]struct {
		signer crypto.Signer
		record string
	}{
		"RSA":     {long, "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der)},
		"Ed25519": {short, "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public)},
	}
}

// verify returns what a verifier makes of a message whose key has this DNS record.
func verify(raw []byte, record string) ([]*dkim.Verification, error) {
	return dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		if name != "s1._domainkey.example.com" {
			return nil, errors.New("no such key")
		}
		return []string{record}, nil
	}})
}

func TestSignatureVerifies(t *testing.T) {
	t.Parallel()
	for name, key := range keys(t) {
		for variant, change := range map[string]func(m *domain.OutgoingMessage){
			"text":      func(*domain.OutgoingMessage) {},
			"base64":    func(m *domain.OutgoingMessage) { m.Text = texts["ja"] },
			"long text": func(m *domain.OutgoingMessage) { m.Text = texts["long lines"] },
			"files": func(m *domain.OutgoingMessage) {
				m.Files = []domain.OutgoingFile{file("é.pdf", "application/pdf", bytes.Repeat([]byte{1, 2}, 100_000))}
			},
		} {
			t.Run(name+", "+variant, func(t *testing.T) {
				t.Parallel()
				is := is.New(t)
				s := newScript(true).listen(t)
				sender := smtp.NewSender(memory.NewSecretStore(), smtp.Options{
					InboundHost: "example.com",
					Relay:       &smtp.Relay{Host: "127.0.0.1", Port: s.port(), TLS: domain.TLSImplicit}, RootCAs: s.roots,
					DKIM: &smtp.DKIM{Domain: "example.com", Selector: "s1", Key: key.signer},
				})
				defer sender.Close()
				m := answer()
				m.Connection.Source = domain.SourcePush
				change(&m)
				_, _, err := send(t.Context(), sender, m)
				is.NoErr(err)
				raw := s.all()[0].raw
				found, err := verify(raw, key.record)
				is.NoErr(err)
				is.Equal(len(found), 1)
				is.NoErr(found[0].Err)
				is.Equal(found[0].Domain, "example.com")
				is.True(strings.Contains(s.all()[0].from, " SIZE="+sizeOf(raw)))

				for part, changed := range map[string][]byte{ // and it vouches for what it should
					"text":            bytes.Replace(raw, []byte("\r\n\r\n"), []byte("\r\n\r\nx"), 1),
					"subject":         bytes.Replace(raw, []byte("Subject: "), []byte("Subject: x"), 1),
					"another subject": append([]byte("Subject: x\r\n"), raw...),
					"another sender":  append([]byte("From: x@example.com\r\n"), raw...),
				} {
					found, err := verify(changed, key.record)
					if err != nil || len(found) != 1 || found[0].Err == nil {
						t.Errorf("%s was changed and the signature verifies", part)
					}
				}
			})
		}
	}
}

func sizeOf(raw []byte) string { return strconv.Itoa(len(raw)) }

func TestOtherDomainsAreNotSigned(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := newScript(true).listen(t)
	_, key, err := ed25519.GenerateKey(rand.Reader)
	is.NoErr(err)
	sender := smtp.NewSender(memory.NewSecretStore(), smtp.Options{
		InboundHost: "example.com",
		Relay:       &smtp.Relay{Host: "127.0.0.1", Port: s.port(), TLS: domain.TLSImplicit}, RootCAs: s.roots,
		DKIM: &smtp.DKIM{Domain: "in.example.com", Selector: "s1", Key: key},
	})
	defer sender.Close()
	m := answer()
	m.Connection.Source = domain.SourcePush
	_, _, err = send(t.Context(), sender, m)
	is.NoErr(err)
	is.True(!bytes.Contains(s.all()[0].raw, []byte("DKIM-Signature")))
}

// brokenKey cannot sign.
type brokenKey struct{ crypto.Signer }

func TestKeyThatCannotSignKeepsTheMessageBack(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := newScript(true).listen(t)
	_, key, err := ed25519.GenerateKey(rand.Reader)
	is.NoErr(err)
	sender := smtp.NewSender(memory.NewSecretStore(), smtp.Options{
		InboundHost: "example.com",
		Relay:       &smtp.Relay{Host: "127.0.0.1", Port: s.port(), TLS: domain.TLSImplicit}, RootCAs: s.roots,
		DKIM: &smtp.DKIM{Domain: "example.com", Selector: "", Key: brokenKey{key}},
	})
	defer sender.Close()
	m := answer()
	m.Connection.Source = domain.SourcePush
	handed, _, err := send(t.Context(), sender, m)
	is.Equal(domain.KindOf(err), domain.ErrUnavailable) // nothing that the seller can mend
	is.Equal(handed, 0)
	is.Equal(len(s.all()), 0)
}
