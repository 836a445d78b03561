package mail_test

import (
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail"
	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// slowServer serves no reading until it is told to.
type slowServer struct {
	mailbox domain.Mailbox
	reached chan struct{} // gets one for each connection that reads
	goOn    chan struct{} // closed: from now on it serves
}

func newSlowServer(t *testing.T) *slowServer {
	t.Helper()
	s := &slowServer{reached: make(chan struct{}, 100), goOn: make(chan struct{})}
	mails := &awkward{}
	s.mailbox = serveScript(t, "* OK [CAPABILITY IMAP4rev1] hello\r\n", "* OK [UIDNEXT 4] n\r\n", func(conn net.Conn, tag, command string) {
		s.reached <- struct{}{}
		<-s.goOn
		mails.answer(conn, tag, command)
	})
	return s
}

// throttled is an Observer that keeps what it is told of limits.
type throttled struct {
	ports.NoObserver
	mu    sync.Mutex
	waits map[string][]time.Duration
}

func (o *throttled) Throttled(operation string, wait time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.waits == nil {
		o.waits = map[string][]time.Duration{}
	}
	o.waits[operation] = append(o.waits[operation], wait)
}

// joining makes another connection of the account's client, with a mailbox of its own.
func (a *account) joining(t *testing.T, m domain.Mailbox) domain.ConnectionState {
	t.Helper()
	other := newAccount(t, m)
	both := account{a.secrets, other.connection}
	both.set(t, m)
	return other.connection
}

func TestSlowHostIsLeftAlone(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	slow, quick := newSlowServer(t), mailtest.NewMemoryServer(t)
	quick.Deliver(t, mailtest.Mails(41, 3)...)
	a := newAccount(t, slow.mailbox)
	elsewhere := a.joining(t, quick.Mailbox())
	var told throttled
	c := a.client(mail.Options{PerHost: 2, Observer: &told})

	var reading sync.WaitGroup
	for range 2 {
		reading.Go(func() {
			got, _, err := readAll(t.Context(), c, a.connection, "", nil)
			is.NoErr(err)
			is.Equal(len(got), 3)
		})
		<-slow.reached
	}
	var others sync.WaitGroup
	for n := range 60 {
		others.Go(func() {
			if n%2 == 0 {
				got, _, err := readAll(t.Context(), c, elsewhere, "", nil)
				if err == nil { // that server has its two places, too
					is.Equal(len(got), 3)
				} else {
					is.True(errors.Is(err, domain.ErrThrottled))
				}
				return
			}
			got, cursor, err := readAll(t.Context(), c, a.connection, "from", nil)
			is.Equal(len(got), 0)
			is.Equal(cursor, "from")
			is.True(errors.Is(err, domain.ErrThrottled)) // at once, while the server is still silent
			is.True(!errors.Is(err, domain.ErrUnavailable))
		})
	}
	others.Wait()
	got, _, err := readAll(t.Context(), c, elsewhere, "", nil)
	is.NoErr(err)
	is.Equal(len(got), 3) // another server is read all the while
	is.True(len(told.waits["imap.connect"]) >= 30)
	for _, wait := range told.waits["imap.connect"] {
		is.True(wait >= time.Second && wait < 10*time.Second)
	}
	is.Equal(len(told.waits), 1)
	is.Equal(len(slow.reached), 0) // nobody else got through

	close(slow.goOn)
	reading.Wait()
	got, _, err = readAll(t.Context(), c, a.connection, "", nil)
	is.NoErr(err)
	is.Equal(len(got), 3) // the places are free again
}

func TestCheckWaitsForAPlace(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	slow := newSlowServer(t)
	a := newAccount(t, slow.mailbox)
	var told throttled
	c := a.client(mail.Options{PerHost: 1, Patience: time.Minute, Observer: &told})
	var waiting sync.WaitGroup
	read := func() {
		got, _, err := readAll(t.Context(), c, a.connection, "", nil)
		is.NoErr(err)
		is.Equal(len(got), 3)
	}
	waiting.Go(read)
	<-slow.reached
	for _, wait := range []func(){
		func() { is.NoErr(c.CheckMailbox(t.Context(), slow.mailbox)) }, // a person waits
		read, // and a read that has no queue behind it
	} {
		waiting.Go(func() {
			wait()
			select {
			case <-slow.goOn:
			default:
				t.Error("it got through while the only place was taken")
			}
		})
	}
	time.AfterFunc(200*time.Millisecond, func() { close(slow.goOn) })
	waiting.Wait()
	is.Equal(len(told.waits), 0) // nobody was put off
}

func TestPlacesComeBackWhateverHappens(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := mailtest.NewMemoryServer(t)
	s.Deliver(t, mailtest.Mails(42, 3)...)
	p := mailtest.NewProxy(t, s.Mailbox())
	a := newAccount(t, p.Mailbox())
	c := a.client(mail.Options{PerHost: 1, PageBytes: 1})
	wrong := p.Mailbox()
	wrong.Password = domain.NewSecret("wrong")
	for range 3 {
		p.CutAfter(100)
		_, _, err := readAll(t.Context(), c, a.connection, "", nil)
		is.True(errors.Is(err, domain.ErrUnavailable))
		is.True(errors.Is(c.CheckMailbox(t.Context(), wrong), domain.ErrRejected))
		for range c.Pages(t.Context(), a.connection, "") {
			break // the caller leaves
		}
		func() {
			defer func() { is.True(recover() != nil) }()
			for range c.Pages(t.Context(), a.connection, "") {
				panic("the caller fails")
			}
		}()
		got, _, err := readAll(t.Context(), c, a.connection, "", nil)
		is.NoErr(err)
		is.Equal(len(got), 3)
	}
}
