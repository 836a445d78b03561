package boot_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http/httptest"
	"net/smtp"
	"os"
	"path/filepath"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
)

// A mail server that speaks no LMTP hands mails over by SMTP, under the certificate that is set.
func TestMailBySMTPAndTLS(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	known := httptest.NewTLSServer(nil) // for its certificate
	t.Cleanup(known.Close)
	pair := known.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	is.NoErr(err)
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		is.NoErr(os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
		return path
	}
	p, address := newProduct(t), freeAddress(t)
	p.settings = append(p.settings, "KEYBUZZ_SMTP_ADDR="+address,
		"KEYBUZZ_INBOUND_TLS_CERT="+write("cert.pem", "CERTIFICATE", pair.Certificate[0]), "KEYBUZZ_INBOUND_TLS_KEY="+write("key.pem", "PRIVATE KEY", key))
	r := newReceiver(t, p)

	c, err := smtp.Dial(address)
	is.NoErr(err)
	roots := x509.NewCertPool()
	roots.AddCert(known.Certificate())
	is.NoErr(c.StartTLS(&tls.Config{RootCAs: roots, ServerName: "example.com"}))
	mails := mailtest.Buyers(mailtest.Typical(41, 5))
	for _, m := range mails {
		is.NoErr(c.Mail("bounce@example.com"))
		is.NoErr(c.Rcpt(r.address))
		w, err := c.Data()
		is.NoErr(err)
		_, err = w.Write(m.Raw)
		is.NoErr(err)
		is.NoErr(w.Close()) // it is committed
	}
	is.NoErr(c.Quit())
	is.Equal(r.counts(t), expect(mails))
	r.checkTickets(t, mails)
}
