package mailserver_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/mailserver"
)

func TestTooManyConnections(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]mailserver.Options{"in all": {MaxConns: 2}, "of one peer": {MaxConnsPerPeer: 2}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			address := s.serve(t, o)
			first, second := dial(t, address), dial(t, address)
			first.want("220")
			second.want("220")
			third := dial(t, address)
			third.want("421 4.7.0")
			third.want(closed)
			first.talk("> EHLO mx\n< 250\n> QUIT\n< 221\n<") // makes room
			second.talk("> EHLO mx\n< 250")
			await(t, func() bool { return strings.HasPrefix(dial(t, address).reply(), "220") })
		})
	}
}

func TestNetworks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		networks []netip.Prefix
		want     string
	}{
		"its own":      {nil, "220"},
		"named":        {[]netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("127.0.0.1/32")}, "220"},
		"not named":    {[]netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, "554 5.7.1"},
		"none at all":  {[]netip.Prefix{}, "554 5.7.1"},
		"all of IPv6s": {[]netip.Prefix{netip.MustParsePrefix("::/0")}, "554 5.7.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := dial(t, newStage(t).serve(t, mailserver.Options{Networks: c.networks}))
			w.want(c.want)
			if c.want != "220" {
				w.want(closed)
			}
		})
	}
}

// dialTLS returns a client that was told of TLS and of what came before it.
func (s *stage) dialTLS(t *testing.T, before string) *client {
	t.Helper()
	ca := httptest.NewTLSServer(nil) // for its certificate
	t.Cleanup(ca.Close)
	roots := x509.NewCertPool()
	roots.AddCert(ca.Certificate())
	w := dial(t, s.serve(t, mailserver.Options{TLS: &tls.Config{Certificates: ca.TLS.Certificates}}))
	w.want("220")
	w.send("EHLO mx\r\n")
	if !strings.Contains(w.want("250"), "STARTTLS") {
		t.Fatal("STARTTLS is not offered")
	}
	w.talk("> MAIL FROM:<a@example.com>\n< 250")
	w.send("STARTTLS\r\n" + before)
	w.want("220")
	return newClient(t, tls.Client(w.Conn, &tls.Config{RootCAs: roots, ServerName: "example.com"}))
}

func TestMailByTLS(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	w := s.dialTLS(t, "")
	w.talk(s.fill("> RCPT TO:<LIVE>\n< 502\n> EHLO mx\n< 250")) // all is forgotten
	large := "X: y\r\n\r\n" + strings.Repeat(strings.Repeat("x", 98)+"\r\n", 20_000)
	for _, text := range []string{mailOf(1), large, mailOf(2)} {
		w.talk(s.fill("> MAIL FROM:<a@example.com>\n< 250\n> RCPT TO:<LIVE>\n< 250\n> DATA\n< 354"))
		w.send(text + ".\r\n")
		w.want("250")
	}
	is.Equal(s.read.all(), []string{mailOf(1), large, mailOf(2)})
	w.send("NOOP " + strings.Repeat("x", 300_000) + "\r\n")
	for answer := w.reply(); answer != ""; answer = w.reply() { // some error, and no end of memory
		is.True(!strings.HasPrefix(answer, "3"))
	}
}

// What is sent before TLS counts for nothing behind it.
func TestNoCommandsBeforeTLS(t *testing.T) {
	t.Parallel()
	w := newStage(t).dialTLS(t, "RSET\r\n")
	w.send("EHLO mx\r\n")
	if all := w.want("250"); !strings.Contains(all, "PIPELINING") {
		t.Errorf("the answer to another command: %q", all)
	}
}
