package mail_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail"
	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
	"github.com/keybuzzio/marketplaces/domain"
)

func containsSecret(text string, m domain.Mailbox) bool {
	return strings.Contains(text, m.Password.Reveal())
}

// resolver answers every question for an IPv4 address with the address that answer holds.
func resolver(t *testing.T, answer *atomic.Value) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			m.Response, m.Authoritative, m.Additionals = true, true, nil
			if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
				m.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
					Body:   &dnsmessage.AResource{A: answer.Load().(netip.Addr).As4()},
				}}
			}
			if reply, err := m.Pack(); err == nil {
				_, _ = conn.WriteTo(reply, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func TestNameThatChangesItsAddress(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := mailtest.NewMemoryServer(t)
	s.Deliver(t, mailtest.Mails(21, 3)...)
	var answer atomic.Value
	answer.Store(netip.MustParseAddr("127.0.0.1"))
	m := s.Mailbox()
	m.Host = "mail.shop.test"
	a := newAccount(t, m)
	c := a.client(mail.Options{Resolver: resolver(t, &answer)})
	is.NoErr(c.CheckMailbox(t.Context(), m)) // an address that may be called

	for _, private := range []string{"10.0.0.7", "169.254.169.254", "192.168.0.1"} {
		answer.Store(netip.MustParseAddr(private)) // and another one when it counts
		_, _, err := readAll(t.Context(), c, a.connection, "", nil)
		is.True(errors.Is(err, domain.ErrRejected))
		is.True(errors.Is(c.CheckMailbox(t.Context(), m), domain.ErrRejected))
	}
	answer.Store(netip.MustParseAddr("127.0.0.1"))
	got, _, err := readAll(t.Context(), c, a.connection, "", nil)
	is.NoErr(err)
	is.Equal(len(got), 3)
}

func TestForbiddenHosts(t *testing.T) {
	t.Parallel()
	s := mailtest.NewMemoryServer(t)
	a := newAccount(t, s.Mailbox())
	for name, c := range map[string]struct {
		host string
		tls  domain.TLSMode
		o    mail.Options
	}{
		"loopback in production":              {"127.0.0.1", domain.TLSImplicit, mail.Options{}},
		"this machine by name":                {"localhost", domain.TLSImplicit, mail.Options{}},
		"clear text in production":            {"127.0.0.1", domain.TLSNone, mail.Options{Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}},
		"private in development":              {"10.255.255.1", domain.TLSImplicit, mail.Options{Loopback: true}},
		"public when only networks may":       {"192.0.1.1", domain.TLSImplicit, mail.Options{Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}},
		"private behind an IPv4-mapped":       {"::ffff:10.0.0.1", domain.TLSImplicit, mail.Options{}},
		"number that is this machine":         {"2130706433", domain.TLSImplicit, mail.Options{Timeout: time.Second}},
		"cloud metadata, as a mailbox's host": {"169.254.169.254", domain.TLSStart, mail.Options{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			m := s.Mailbox()
			m.Host, m.TLS = c.host, c.tls
			err := mail.NewClient(a.secrets, c.o).CheckMailbox(t.Context(), m)
			is.True(errors.Is(err, domain.ErrRejected))
			is.True(!errors.Is(err, domain.ErrUnavailable))
		})
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	s := mailtest.NewDovecot(t)
	s.Deliver(t, mailtest.Mails(22, 5)...)
	for _, mode := range []domain.TLSMode{domain.TLSImplicit, domain.TLSStart} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			m, _ := s.MailboxOver(mode)
			a := newAccount(t, m)
			got, _, err := readAll(t.Context(), a.client(mail.Options{RootCAs: s.Roots()}), a.connection, "", nil)
			is.NoErr(err)
			is.Equal(len(got), 5)

			err = a.client(mail.Options{}).CheckMailbox(t.Context(), m) // nobody vouches for the certificate
			is.True(errors.Is(err, domain.ErrRejected))
			is.Equal(domain.Message(err), "the mail server's certificate cannot be trusted")

			m.TLS = domain.TLSImplicit
			m.Port = s.Mailbox().Port
			err = a.client(mail.Options{RootCAs: s.Roots()}).CheckMailbox(t.Context(), m) // TLS where none is spoken
			is.True(errors.Is(err, domain.ErrRejected))
		})
	}
	t.Run("STARTTLS that is not offered", func(t *testing.T) {
		t.Parallel()
		is := is.New(t)
		m := mailtest.NewMemoryServer(t).Mailbox()
		m.TLS = domain.TLSStart
		a := newAccount(t, m)
		_, _, err := readAll(t.Context(), a.client(mail.Options{}), a.connection, "", nil)
		is.True(errors.Is(err, domain.ErrRejected)) // the password never goes over a clear line
	})
}

// TestHostileServer has a server that says what it likes.
func TestHostileServer(t *testing.T) {
	t.Parallel()
	const greeting = "* OK [CAPABILITY IMAP4rev1] hello\r\n"
	for name, c := range map[string]struct {
		script func(conn net.Conn, tag, command string) // answers what comes behind EXAMINE
		greet  string
	}{
		"says nothing":            {greet: " "},
		"says goodbye":            {greet: "* BYE\r\n"},
		"speaks no IMAP":          {greet: "220 smtp.example ESMTP\r\n"},
		"goes on without an end":  {greet: greeting, script: func(c net.Conn, _, _ string) { forever(c, "* 1 EXISTS\r\n") }},
		"a line without an end":   {greet: greeting, script: func(c net.Conn, _, _ string) { forever(c, strings.Repeat("a", 1000)) }},
		"a number without an end": {greet: greeting, script: func(c net.Conn, _, _ string) { forever(c, strings.Repeat("1", 1000)) }},
		"the highest of numbers": {greet: greeting, script: func(c net.Conn, tag, _ string) {
			say(c, "* SEARCH 4294967295 0\r\n* ESEARCH (TAG \""+tag+"\") UID ALL 1:4294967295\r\n"+tag+" BAD no\r\n")
		}},
		"a mail without an end": {greet: greeting, script: func(c net.Conn, _, _ string) {
			say(c, "* 1 FETCH (UID 1 BODY[] {99999999999}\r\n")
			forever(c, strings.Repeat("a", 1000))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			m := serveScript(t, c.greet, "* OK [UIDNEXT 4] n\r\n", c.script)
			a := newAccount(t, m)
			_, _, err := readAll(t.Context(), a.client(mail.Options{Timeout: time.Second}), a.connection, "", nil)
			is.True(errors.Is(err, domain.ErrUnavailable))
		})
	}
}

func forever(w io.Writer, s string) {
	for {
		if _, err := io.WriteString(w, s); err != nil {
			return
		}
	}
}
