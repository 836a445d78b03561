package mailserver_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/mailserver"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// What is answered behind a text, by what becomes of each recipient's mail.
func TestAnswer(t *testing.T) {
	t.Parallel()
	always := func() func(context.Context) error { return down }
	second := func() func(context.Context) error { // the second transaction fails
		var n atomic.Int32
		return func(ctx context.Context) error {
			if n.Add(1) == 2 {
				return down(ctx)
			}
			return nil
		}
	}
	const all = "> RCPT TO:<LIVE>\n< 250\n> RCPT TO:<OTHER>\n< 250\n"
	for name, c := range map[string]struct {
		to         string
		disconnect []string                           // tenants who leave between RCPT and DATA
		update     func() func(context.Context) error // what transactions meet
		smtp       string                             // the answer
		lmtp       []string                           // the answers
	}{
		"both stored":              {to: all, smtp: "250 2.0.0", lmtp: []string{"250 2.0.0", "250 2.0.0"}},
		"no database":              {to: all, update: always, smtp: "451 4.3.0", lmtp: []string{"451 4.3.0", "451 4.3.0"}},
		"one deferred":             {to: all, update: second, smtp: "451 4.3.0", lmtp: []string{"250 2.0.0", "451 4.3.0"}},
		"one seller gone":          {to: all, disconnect: []string{"seller"}, smtp: "250 2.0.0", lmtp: []string{"550 5.2.1", "250 2.0.0"}},
		"both gone":                {to: all, disconnect: []string{"seller", "other"}, smtp: "550 5.2.1", lmtp: []string{"550 5.2.1", "550 5.2.1"}},
		"one deferred, one gone":   {to: all, disconnect: []string{"seller"}, update: second, smtp: "451 4.3.0", lmtp: []string{"550 5.2.1", "451 4.3.0"}},
		"two addresses of one":     {to: "> RCPT TO:<LIVE>\n< 250\n> RCPT TO:<SECOND>\n< 250\n", smtp: "250 2.0.0", lmtp: []string{"250 2.0.0", "250 2.0.0"}},
		"one address twice":        {to: "> RCPT TO:<LIVE>\n< 250\n> RCPT TO:<LIVE>\n< 250\n", smtp: "250 2.0.0", lmtp: []string{"250 2.0.0", "250 2.0.0"}},
		"one of them nobody's":     {to: "> RCPT TO:<a@in.example.com>\n< 550 5.1.1\n> RCPT TO:<LIVE>\n< 250\n", smtp: "250 2.0.0", lmtp: []string{"250 2.0.0"}},
		"one of them retired long": {to: "> RCPT TO:<RETIRED>\n< 550 5.2.1\n> RCPT TO:<OTHER>\n< 250\n", smtp: "250 2.0.0", lmtp: []string{"250 2.0.0"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, lmtp := range []bool{false, true} {
				s, want := newStage(t), []string{c.smtp}
				if lmtp {
					want = c.lmtp
				}
				w := dial(t, s.serve(t, mailserver.Options{LMTP: lmtp}))
				w.want("220")
				w.talk(s.fill(hello(lmtp) + "> MAIL FROM:<a@example.com>\n< 250\n" + c.to))
				for _, who := range c.disconnect {
					s.disconnect(t, who)
				}
				if c.update != nil {
					s.repo.cue(c.update(), nil)
				}
				w.send("DATA\r\n" + mailOf(1) + ".\r\n")
				w.want("354")
				for _, answer := range want {
					w.want(answer)
				}
				w.talk("> NOOP\n< 250\n> QUIT\n< 221\n<")
			}
		})
	}
}

func (s *stage) disconnect(t testing.TB, who string) {
	t.Helper()
	id, err := domain.ParseTenantID(who)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Disconnect.Run(t.Context(), app.DisconnectCommand{Tenant: id, Marketplace: domain.Amazon}); err != nil {
		t.Fatal(err)
	}
}

func TestManyRecipients(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	w := dial(t, s.serve(t, mailserver.Options{LMTP: true}))
	w.want("220")
	w.talk("> LHLO mx\n< 250\n> MAIL FROM:<a@example.com>\n< 250")
	for range 100 {
		w.talk(s.fill("> RCPT TO:<LIVE>\n< 250"))
	}
	w.talk(s.fill("> RCPT TO:<LIVE>\n< 452 4.5.3\n> DATA\n< 354"))
	w.send(mailOf(1) + ".\r\n")
	for range 100 {
		w.want("250")
	}
	is.Equal(s.observer.count(ports.DeliveryStored), 1)
	is.Equal(s.observer.count(ports.DeliveryDuplicate), 99)
}

// A mail that is larger than it may be is read to its end, so that its sender hears why, and none of it is kept.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	line := strings.Repeat("x", 98) + "\r\n"
	for _, lmtp := range []bool{false, true} {
		is, s := is.New(t), newStage(t)
		w := dial(t, s.serve(t, mailserver.Options{LMTP: lmtp, MaxSize: 1_000_000}))
		w.want("220")
		w.talk(s.fill(hello(lmtp) + "> MAIL FROM:<a@example.com>\n< 250\n> RCPT TO:<LIVE>\n< 250\n> DATA\n< 354"))
		w.send(strings.Repeat(line, 30_000) + ".\r\n")
		w.want("552 5.3.4")
		is.Equal(s.observer.count(ports.DeliveryRefused), 1)
		w.talk(s.fill("> MAIL FROM:<a@example.com>\n< 250\n> RCPT TO:<LIVE>\n< 250\n> DATA\n< 354")) // and goes on
		w.send(strings.Repeat(line, 9_999) + ".\r\n")
		w.want("250")
		is.Equal(len(s.read.all()), 1)
	}
}

// What is logged names connections and tenants, and no addresses, senders or words of a mail.
func TestLogHoldsNoMail(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	address := s.serve(t, mailserver.Options{})
	w := dial(t, address)
	w.want("220")
	w.talk(s.fill("> EHLO mx\n< 250\n> MAIL FROM:<secret-sender@example.com>\n< 250\n> RCPT TO:<secret-nobody@in.example.com>\n< 550\n> RCPT TO:<RETIRED>\n< 550\n> RCPT TO:<LIVE>\n< 250"))
	s.repo.cue(down, nil)
	w.send("DATA\r\nSubject: secret-subject\r\n\r\nsecret-text\r\n.\r\n")
	w.want("354")
	w.want("451")
	w.talk("> QUIT\n< 221\n<")
	await(t, func() bool { return strings.Contains(s.log.String(), "mail session ended") })
	log := s.log.String()
	is.True(!strings.Contains(log, "secret"))
	is.True(!strings.Contains(log, "in.example.com"))
	for _, has := range []string{
		`level=INFO msg="mail not taken" via=smtp peer=127.0.0.1 outcome=unknown code=550`,
		`level=INFO msg="mail not taken" via=smtp peer=127.0.0.1 outcome=retired code=550`,
		`level=WARN msg="mail not taken" via=smtp peer=127.0.0.1 outcome=deferred code=451`,
		`tenant=seller connection=` + s.live.Connection.String(),
		`unknown=1 retired=1 deferred=1`,
	} {
		if !strings.Contains(log, has) {
			t.Errorf("%q is missing in:\n%s", has, log)
		}
	}
}
