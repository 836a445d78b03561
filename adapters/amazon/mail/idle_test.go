package mail_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail"
	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
	"github.com/keybuzzio/marketplaces/domain"
)

// watched is a mailbox that is being watched.
type watched struct {
	arrived chan struct{}
	ended   chan error
	stop    func()
}

// watch watches an account's mailbox until the test ends.
func watch(t *testing.T, c *mail.Client, a *account) watched {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	w := watched{make(chan struct{}, 100), make(chan error, 1), stop}
	go func() { w.ended <- c.Watch(ctx, a.connection, func() { w.arrived <- struct{}{} }) }()
	return w
}

// tells reports whether something arrives in time.
func (w watched) tells(within time.Duration) bool {
	select {
	case <-w.arrived:
		return true
	case <-time.After(within):
		return false
	}
}

// end returns why the watching ended.
func (w watched) end(t *testing.T) error {
	t.Helper()
	select {
	case err := <-w.ended:
		return err
	case <-time.After(5 * time.Minute):
		t.Fatal("the watcher does not end")
		return nil
	}
}

// awaitFirst delivers mails until one is told of: what comes before the watcher is there is not.
func (w watched) awaitFirst(t *testing.T, s *mailtest.Server, m mailtest.Mail) {
	t.Helper()
	for range 1000 {
		s.Deliver(t, m)
		if w.tells(200 * time.Millisecond) {
			for w.tells(time.Second) { // of those delivered before
			}
			return
		}
	}
	t.Fatal("no mail is told of")
}

func TestWatch(t *testing.T) {
	mails := mailtest.Mails(51, 3)
	onServers(t, func(t *testing.T, s *mailtest.Server) {
		for name, options := range map[string]mail.Options{"one IDLE": {}, "many": {Renewal: 20 * time.Millisecond}} {
			t.Run(name, func(t *testing.T) {
				is := is.New(t)
				p := mailtest.NewProxy(t, s.Mailbox())
				a := newAccount(t, p.Mailbox())
				w := watch(t, a.client(options), a)
				w.awaitFirst(t, s, mails[0])

				s.MarkSeen(t, 1)
				is.True(!w.tells(100 * time.Millisecond)) // nothing has come
				for range 3 {
					s.Deliver(t, mails[1])
					is.True(w.tells(5 * time.Minute))
				}
				for w.tells(time.Second) {
				}
				s.Expunge(t, 1, 2)
				is.True(!w.tells(100 * time.Millisecond))
				s.Deliver(t, mails[2]) // fewer than there have been
				is.True(w.tells(5 * time.Minute))

				w.stop()
				is.Equal(w.end(t), context.Canceled)
				is.Equal(p.Held(), 0)
				is.Equal(p.Most(), 1)
			})
		}
	})
}

func TestWatchOverTLS(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := mailtest.NewDovecot(t)
	m, ok := s.MailboxOver(domain.TLSImplicit)
	is.True(ok)
	a := newAccount(t, m)
	w := watch(t, a.client(mail.Options{RootCAs: s.Roots()}), a)
	w.awaitFirst(t, s, mailtest.Mails(52, 1)[0])
	w = watch(t, a.client(mail.Options{}), a)
	is.True(errors.Is(w.end(t), domain.ErrUnavailable)) // whose certificate nobody vouches for
}

func TestWatchChangesNothing(t *testing.T) {
	onServers(t, func(t *testing.T, s *mailtest.Server) {
		is := is.New(t)
		s.Deliver(t, mailtest.Mails(53, 5)...)
		a := newAccount(t, s.Mailbox())
		w := watch(t, a.client(mail.Options{}), a)
		w.awaitFirst(t, s, mailtest.Mails(54, 1)[0])
		w.stop()
		is.Equal(w.end(t), context.Canceled)
		is.True(!strings.Contains(s.Look(t), "Seen"))
	})
}

func TestWatchFails(t *testing.T) {
	t.Parallel()
	const greeting = "* OK [CAPABILITY IMAP4rev1 IDLE] hello\r\n"
	idling := func(then string) func(net.Conn, string, string) {
		return func(conn net.Conn, _, command string) {
			if command == "IDLE" {
				say(conn, "+ idling\r\n"+then)
			}
			if strings.Contains(then, "BYE") {
				_ = conn.Close()
			}
		}
	}
	for name, c := range map[string]struct {
		greeting string
		script   func(conn net.Conn, tag, command string)
		want     error
	}{
		"no IDLE":             {"* OK [CAPABILITY IMAP4rev1] hello\r\n", idling(""), domain.ErrRejected},
		"IDLE refused":        {greeting, func(conn net.Conn, tag, _ string) { say(conn, tag+" NO not now\r\n") }, domain.ErrRejected},
		"IDLE unknown":        {greeting, func(conn net.Conn, tag, _ string) { say(conn, tag+" BAD what\r\n") }, domain.ErrRejected},
		"says good-bye":       {greeting, idling("* BYE idle for too long\r\n"), domain.ErrUnavailable},
		"silent to IDLE":      {greeting, func(net.Conn, string, string) {}, domain.ErrUnavailable},
		"silent to its end":   {greeting, idling(""), domain.ErrUnavailable},
		"says too much":       {greeting, idling(strings.Repeat("* 1 FETCH (FLAGS (\\Seen))\r\n", 60000)), domain.ErrUnavailable},
		"speaks another code": {greeting, idling("* \x00\r\n"), domain.ErrUnavailable},
		"hangs up":            {greeting, func(conn net.Conn, _, _ string) { _ = conn.Close() }, domain.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			a := newAccount(t, serveScript(t, c.greeting, "", c.script))
			options := mail.Options{}
			if strings.HasPrefix(name, "silent") {
				options.Timeout = 500 * time.Millisecond
			}
			if name == "silent to its end" {
				options.Renewal = 100 * time.Millisecond
			}
			w := watch(t, a.client(options), a)
			is.True(errors.Is(w.end(t), c.want))
			is.Equal(len(w.arrived), 0)
		})
	}
}

func TestWatchRefused(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := mailtest.NewMemoryServer(t)
	wrong := s.Mailbox()
	wrong.Password = domain.NewSecret("wrong-password")
	a := newAccount(t, wrong)
	err := watch(t, a.client(mail.Options{}), a).end(t)
	is.True(errors.Is(err, domain.ErrRejected))
	is.True(!containsSecret(err.Error(), wrong))

	p := mailtest.NewProxy(t, s.Mailbox())
	p.Down()
	a = newAccount(t, p.Mailbox())
	is.True(errors.Is(watch(t, a.client(mail.Options{}), a).end(t), domain.ErrUnavailable))

	a.connection.Source = domain.SourceMock
	is.True(errors.Is(watch(t, a.client(mail.Options{}), a).end(t), domain.ErrRejected))
}

// Those who stay with mailboxes of a server leave room for those who read.
func TestWatchersLeaveRoom(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := mailtest.NewMemoryServer(t)
	m := mailtest.Mails(55, 1)[0]
	a := newAccount(t, s.Mailbox())
	var told throttled
	c := a.client(mail.Options{PerHost: 4, Observer: &told})
	one, two := watch(t, c, a), watch(t, c, a)
	one.awaitFirst(t, s, m)
	two.awaitFirst(t, s, m)
	err := watch(t, c, a).end(t)
	is.True(errors.Is(err, domain.ErrThrottled))
	var said *domain.Error
	is.True(errors.As(err, &said) && said.RetryAfter > 0)
	is.Equal(len(told.waits["imap.connect"]), 1)

	var reading sync.WaitGroup
	for range 2 {
		reading.Go(func() {
			_, _, err := readAll(t.Context(), c, a.connection, "", nil)
			is.NoErr(err)
		})
	}
	reading.Wait()

	one.stop()
	is.Equal(one.end(t), context.Canceled)
	three := watch(t, c, a)
	three.awaitFirst(t, s, m) // the place is free again
}
