package smtp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/adapters/smtp"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports/porttest"
)

// TestServersDiffer tries what servers offer and ask for, and what is wrong with some.
func TestServersDiffer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		implicit bool
		change   func(s *script)
		mailbox  error // what an attempt by a seller's account comes to; nil if it works
		relay    error
		says     string // in the seller's message
	}{
		"no extensions but what it must have": {true, offer("AUTH PLAIN"), nil, nil, ""},
		"8BITMIME and PIPELINING":             {true, offer("PIPELINING", "8BITMIME", "AUTH PLAIN", "SMTPUTF8", "DSN", "CHUNKING"), nil, nil, ""},
		"AUTH LOGIN alone":                    {true, offer("AUTH LOGIN"), nil, nil, ""},
		"no AUTH that we know":                {true, offer("AUTH CRAM-MD5"), domain.ErrRejected, domain.ErrUnavailable, "another kind of TLS"},
		"no AUTH":                             {true, offer("SIZE 100000"), domain.ErrRejected, domain.ErrUnavailable, "another kind of TLS"},
		"no STARTTLS":                         {false, offer("AUTH PLAIN"), domain.ErrRejected, domain.ErrUnavailable, "use implicit TLS"},
		"another password":                    {true, func(s *script) { s.password = "wrong" }, domain.ErrRejected, domain.ErrUnavailable, "password"},
		"SIZE too small":                      {true, offer("AUTH PLAIN", "SIZE 500"), domain.ErrRejected, domain.ErrRejected, "smaller files"},
		"SIZE without a number":               {true, offer("AUTH PLAIN", "SIZE"), nil, nil, ""},
		"SIZE 0, which is no limit":           {true, offer("AUTH PLAIN", "SIZE 0"), nil, nil, ""},
		"TLS that is too old":                 {true, play(stepTLS, "old"), domain.ErrUnavailable, domain.ErrUnavailable, "connection"},
		"TLS that ends in the handshake":      {true, play(stepTLS, cut), domain.ErrUnavailable, domain.ErrUnavailable, "connection"},
		"a certificate of nobody we know":     {true, func(s *script) { s.roots = nil }, domain.ErrUnavailable, domain.ErrUnavailable, "certificate"},
		"the same after STARTTLS":             {false, func(s *script) { s.roots = nil }, domain.ErrUnavailable, domain.ErrUnavailable, "certificate"},
		"clear text where TLS is expected":    {true, func(s *script) { s.implicit = false }, domain.ErrUnavailable, domain.ErrUnavailable, "connection"},
		"it wants a log-in after all":         {true, play(stepMAIL, "530 5.7.0 log in"), domain.ErrRejected, domain.ErrUnavailable, ""},
	} {
		for _, relay := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, relay %t", name, relay), func(t *testing.T) {
				t.Parallel()
				is := is.New(t)
				s := newScript(c.implicit)
				mode := s.submission()
				c.change(s)
				s.mode = mode.TLS
				sender, connection := newSender(t, s.listen(t), relay)
				m := answer()
				m.Connection = connection
				handed, _, err := send(t.Context(), sender, m)
				want := map[bool]error{true: c.relay, false: c.mailbox}[relay]
				if want == nil {
					is.NoErr(err)
					is.Equal(len(s.all()), 1)
					return
				}
				is.Equal(domain.KindOf(err), want)
				is.True(strings.Contains(domain.Message(err), c.says))
				is.True(!strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), "right")) // the password, which the server repeats
				is.Equal(handed, 0)
				is.Equal(len(s.all()), 0)
			})
		}
	}
}

func offer(extensions ...string) func(*script) { return func(s *script) { s.offers = extensions } }

func play(step, what string) func(*script) { return func(s *script) { s.says[step] = what } }

func TestServerIsToldTheExactSize(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := newScript(true).listen(t)
	sender, c := newSender(t, s, true)
	m := answer()
	m.Connection = c
	m.Files = []domain.OutgoingFile{file("a.pdf", "application/pdf", bytes.Repeat([]byte{7}, 12345))}
	_, receipt, err := send(t.Context(), sender, m)
	is.NoErr(err)
	got := s.all()[0]
	is.Equal(got.from, fmt.Sprintf("MAIL FROM:<%s> SIZE=%d", m.From, len(got.raw)))
	is.Equal(got.to, fmt.Sprintf("RCPT TO:<%s>", m.To))
	is.Equal(receipt.Detail, "2.0.0 Ok: queued as 4F2A for") // without the address
}

func TestNothingIsAskedOfAServerThatMayNotBeCalled(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := newScript(true).listen(t)
	secrets := memory.NewSecretStore()
	sender := smtp.NewSender(secrets, smtp.Options{RootCAs: s.roots}) // no loopback
	err := sender.CheckSubmission(t.Context(), s.submission())
	is.Equal(domain.KindOf(err), domain.ErrRejected)
	is.Equal(s.opened, 0)
}

func TestNoPasswordLeavesInClearText(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := newScript(false).listen(t)
	account := s.submission()
	account.TLS = domain.TLSNone
	local := smtp.NewSender(memory.NewSecretStore(), smtp.Options{Policy: domain.NetworkPolicy{Loopback: true}})
	is.NoErr(local.CheckSubmission(t.Context(), account)) // in development, on this machine

	away := smtp.NewSender(memory.NewSecretStore(), smtp.Options{Policy: domain.NetworkPolicy{Loopback: true}})
	away.DialBy(s.dial) // which looks like another machine
	err := away.CheckSubmission(t.Context(), account)
	is.Equal(domain.KindOf(err), domain.ErrRejected)
}

func TestConnectionsWithoutAWayOut(t *testing.T) {
	t.Parallel()
	s := newScript(true).listen(t)
	_, push := newSender(t, s, true)
	_, box := newSender(t, s, false)
	for name, c := range map[string]struct {
		connection domain.ConnectionState
		from       string
		says       string
	}{
		"an inbound address and no relay":       {push, "a@in.example.com", "KEYBUZZ_SMTP_SUBMISSION_ADDR"},
		"a mailbox whose secret is not there":   {box, "", "set the mailbox again"},
		"an address that is none of ours":       {push, "", "connect a mailbox"},
		"the mock":                              {domain.ConnectionState{Source: domain.SourceMock}, "", "connect a mailbox"},
		"a connection without a source":         {domain.ConnectionState{}, "", "connect a mailbox"},
		"a mailbox without a place for secrets": {domain.ConnectionState{Source: domain.SourceIMAP}, "", "set it again"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			sender := smtp.NewSender(memory.NewSecretStore(), smtp.Options{InboundHost: "in.example.com"})
			m := answer()
			m.Connection = c.connection
			if c.from != "" {
				m.From = c.from
			}
			handed, _, err := send(t.Context(), sender, m)
			is.Equal(domain.KindOf(err), domain.ErrRejected)
			is.True(strings.Contains(domain.Message(err), c.says))
			is.Equal(handed, 0)
		})
	}
	t.Run("a mailbox that has no SMTP account", func(t *testing.T) {
		t.Parallel()
		is := is.New(t)
		secrets := memory.NewSecretStore()
		path, err := domain.ParseSecretPath(box.VaultPath)
		is.NoErr(err)
		is.NoErr(secrets.Put(t.Context(), path, domain.Mailbox{Host: "h", User: "u", Password: domain.NewSecret("p")}.SecretData()))
		m := answer()
		m.Connection = box
		_, _, err = send(t.Context(), smtp.NewSender(secrets, smtp.Options{}), m)
		is.Equal(domain.KindOf(err), domain.ErrRejected)
		is.True(strings.Contains(domain.Message(err), "set submission"))
	})
}

func TestFromSaysByWhichServerAnAnswerLeaves(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	mailboxs, relays := newScript(true).listen(t), newScript(true).listen(t)
	account := mailboxs.submission() // of shop@example.com
	tenant, err := domain.ParseTenantID("t1")
	is.NoErr(err)
	c := domain.ConnectionState{ID: domain.NewID[domain.ConnectionID](), Tenant: tenant, Type: domain.Amazon, Source: domain.SourceIMAP}
	path, secrets := domain.NewSecretPath(c), memory.NewSecretStore()
	c.VaultPath = path.String()
	account, err = domain.NewSubmission(account)
	is.NoErr(err)
	is.NoErr(secrets.Put(t.Context(), path, account.SecretData()))
	sender := smtp.NewSender(secrets, smtp.Options{
		Policy: domain.NetworkPolicy{Loopback: true}, RootCAs: relays.roots, InboundHost: "in.example.com",
		Relay: &smtp.Relay{Host: "127.0.0.1", Port: relays.port(), TLS: domain.TLSImplicit},
	})
	defer sender.Close()
	for from, want := range map[string]struct {
		mailboxs, relays int
		kind             error
	}{
		"":                                 {1, 0, nil}, // the mailbox's own
		"Shop@Example.com":                 {1, 0, nil},
		"amazon.t1.fr.abc@In.Example.com":  {0, 1, nil}, // mail that is pushed to us beside the mailbox
		"other@example.com":                {0, 0, domain.ErrRejected},
		"a@sub.in.example.com":             {0, 0, domain.ErrRejected},
		"a@in.example.com\r\nBcc: b@x.com": {0, 0, domain.ErrRejected},
	} {
		before, beforeRelay := len(mailboxs.all()), len(relays.all())
		m := answer()
		m.Connection, m.From = c, from
		_, _, err := send(t.Context(), sender, m)
		is.Equal(domain.KindOf(err), want.kind)
		is.Equal(len(mailboxs.all())-before, want.mailboxs)
		is.Equal(len(relays.all())-beforeRelay, want.relays)
	}
	is.Equal(mailboxs.all()[0].from[:len("MAIL FROM:<shop@example.com>")], "MAIL FROM:<shop@example.com>")
}

func TestServerIsNotCalledByMoreThanItsShare(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := newScript(true).listen(t)
	sender := smtp.NewSender(memory.NewSecretStore(), smtp.Options{
		Policy: domain.NetworkPolicy{Loopback: true}, RootCAs: s.roots, PerServer: 1, InboundHost: "example.com",
		Relay: &smtp.Relay{Host: "127.0.0.1", Port: s.port(), TLS: domain.TLSImplicit},
	})
	defer sender.Close()
	m := answer()
	m.Connection.Source = domain.SourcePush
	_, err := sender.Send(t.Context(), m, func(ctx context.Context) error {
		handed, _, err := send(ctx, sender, m) // while the first one is at the server
		var told *domain.Error
		is.True(errors.As(err, &told))
		is.Equal(told.Kind, domain.ErrThrottled)
		is.True(told.RetryAfter > 0)
		is.Equal(handed, 0)
		return nil
	})
	is.NoErr(err)
	_, _, err = send(t.Context(), sender, m)
	is.NoErr(err)
	is.Equal(len(s.all()), 2)
}

func TestSubmissionCheckerContract(t *testing.T) {
	t.Parallel()
	porttest.TestSubmissionChecker(t, func(t *testing.T) porttest.SubmissionFixture {
		s := newScript(true).listen(t)
		sender := smtp.NewSender(memory.NewSecretStore(), smtp.Options{
			Policy: domain.NetworkPolicy{Loopback: true}, RootCAs: s.roots,
		})
		good := s.submission()
		change := func(f func(*domain.Submission)) domain.Submission {
			bad := good
			f(&bad)
			return bad
		}
		return porttest.SubmissionFixture{
			Checker: sender, Good: good,
			Bad: map[string]domain.Submission{
				"password": change(func(b *domain.Submission) { b.Password = domain.NewSecret("a wrong one") }),
				"policy":   change(func(b *domain.Submission) { b.Host = "10.0.0.1" }),
				"name":     change(func(b *domain.Submission) { b.Host = "no-such-host.invalid" }),
				"port":     change(func(b *domain.Submission) { b.Port = 1 }),
			},
			Sent: func() int { return len(s.all()) },
		}
	})
}
