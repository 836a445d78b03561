package mailserver_test

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/mailserver"
	"github.com/keybuzzio/marketplaces/ports"
)

// pipes is a listener whose connections are in memory, so that time can be the test's.
type pipes struct {
	next   chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{next: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.next:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{} }

// dial returns a client whose greeting was read.
func (p *pipes) dial(t testing.TB) *client {
	t.Helper()
	ours, theirs := net.Pipe()
	t.Cleanup(func() { _ = ours.Close() })
	p.next <- theirs
	c := newClient(t, ours)
	c.want("220")
	return c
}

const begin = "> LHLO mx\n< 250\n> MAIL FROM:<a@example.com>\n< 250\n> RCPT TO:<LIVE>\n< 250\n"

// inTime runs a test on its own time with a server that speaks LMTP.
func inTime(t *testing.T, test func(t *testing.T, s *stage, p *pipes, stop func() error)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, p := newStage(t), newPipes()
		test(t, s, p, s.serveOn(t, p, mailserver.Options{LMTP: true}))
	})
}

// Who says nothing, or a byte now and then, is heard for a minute.
func TestSlowCommand(t *testing.T) {
	inTime(t, func(t *testing.T, _ *stage, p *pipes, _ func() error) {
		is, began := is.New(t), time.Now()
		w := p.dial(t)
		w.want("421")
		is.Equal(time.Since(began), time.Minute)
		w.want(closed)

		began, w = time.Now(), p.dial(t)
		done := w.drip(time.Second)
		for w.reply() != "" {
		}
		is.Equal(time.Since(began), time.Minute)
		<-done
	})
}

// drip sends a byte after each pause until nobody takes it any more.
func (c *client) drip(pause time.Duration) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			if _, err := io.WriteString(c, "X"); err != nil {
				return
			}
			time.Sleep(pause)
		}
	}()
	return done
}

// A text may pause for a minute and take five.
func TestSlowText(t *testing.T) {
	for name, c := range map[string]struct {
		pause time.Duration
		ends  time.Duration
	}{
		"stops":          {pause: time.Hour, ends: time.Minute},
		"pauses":         {pause: 61 * time.Second, ends: time.Minute},
		"comes in drops": {pause: 20 * time.Second, ends: 5 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			inTime(t, func(t *testing.T, s *stage, p *pipes, _ func() error) {
				is, w := is.New(t), p.dial(t)
				w.talk(s.fill(begin + "> DATA\n< 354"))
				began := time.Now()
				done := w.drip(c.pause)
				w.want("421 4.4.2")
				is.Equal(time.Since(began), c.ends)
				w.want(closed)
				<-done
				is.Equal(len(s.read.all()), 0)
				is.Equal(s.observer.count(ports.DeliveryDeferred), 1)
			})
		})
	}
}

// Commands in a text that came too slowly are no commands.
func TestCommandsBehindAGap(t *testing.T) {
	inTime(t, func(t *testing.T, s *stage, p *pipes, _ func() error) {
		is, w := is.New(t), p.dial(t)
		w.talk(s.fill(begin + "> DATA\n< 354"))
		w.send("X: y\r\n\r\n")
		w.want("421 4.4.2")
		w.send(s.fill("RSET\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<OTHER>\r\nDATA\r\nX: y\r\n.\r\n"))
		w.want(closed)
		is.Equal(len(s.read.all()), 0)
	})
}

// A sender that takes CR CR LF for the end of a line may wait for our answer where we see no end of the text: it gets one.
func TestEndThatIsNone(t *testing.T) {
	inTime(t, func(t *testing.T, s *stage, p *pipes, _ func() error) {
		is, w := is.New(t), p.dial(t)
		w.talk(s.fill(begin + "> DATA\n< 354"))
		began := time.Now()
		w.send("X: y\r\r\n.\r\n")
		w.want("550 5.6.11")
		is.Equal(time.Since(began), time.Minute)
		w.want(closed)
		is.Equal(len(s.read.all()), 0)
	})
}

// Large mails take turns with the memory that there is for them; who waits too long keeps his mail.
func TestBusy(t *testing.T) {
	inTime(t, func(t *testing.T, s *stage, p *pipes, _ func() error) {
		is := is.New(t)
		release, err := s.Deliver.Reserve(t.Context(), 40<<20)
		is.NoErr(err)
		large := "X: y\r\n\r\n" + strings.Repeat(strings.Repeat("x", 98)+"\r\n", 5000) + ".\r\n"
		w := p.dial(t)
		w.talk(s.fill(begin + "> DATA\n< 354"))
		w.send(large)
		w.want("452 4.3.1")
		small := p.dial(t)
		small.talk(s.fill(begin + "> DATA\n< 354"))
		small.send(mailOf(1) + ".\r\n")
		small.want("250") // others are served
		release()
		w.talk(s.fill(begin + "> DATA\n< 354"))
		w.send(large)
		w.want("250")
		all, err := s.Deliver.Reserve(t.Context(), 40<<20)
		is.NoErr(err) // nothing of it is held any more
		all()
	})
}

// A server that stops answers the mail that is under way, and takes no other.
func TestStop(t *testing.T) {
	inTime(t, func(t *testing.T, s *stage, p *pipes, stop func() error) {
		is := is.New(t)
		stopped := make(chan time.Duration, 1)
		idle, texting, waiting := p.dial(t), p.dial(t), p.dial(t)
		texting.talk(s.fill(begin + "> DATA\n< 354"))
		texting.send(mailOf(2)[:50])
		free := make(chan struct{})
		s.repo.cue(func(context.Context) error { <-free; return nil }, nil)
		waiting.talk(s.fill(begin + "> DATA\n< 354"))
		waiting.send(mailOf(1) + ".\r\n")
		synctest.Wait()
		began := time.Now()
		go func() { _ = stop(); stopped <- time.Since(began) }()
		idle.want("421")
		idle.want(closed)
		time.Sleep(3 * time.Second)
		close(free)
		waiting.want("250") // it was under way
		texting.send(mailOf(2)[50:] + ".\r\n")
		texting.want("250")
		waiting.want("421")
		texting.want("421")
		is.Equal(<-stopped, 3*time.Second)
		is.Equal(s.observer.count(ports.DeliveryStored), 2)
	})
}

// What a stop cannot wait for is given up: its sender is told, or nothing, but never that it is stored.
func TestStopGivesUp(t *testing.T) {
	inTime(t, func(t *testing.T, s *stage, p *pipes, stop func() error) {
		is := is.New(t)
		stopped := make(chan time.Duration, 1)
		texting, waiting := p.dial(t), p.dial(t)
		texting.talk(s.fill(begin + "> DATA\n< 354"))
		texting.send("X: y\r\n")
		s.repo.cue(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, nil)
		waiting.talk(s.fill(begin + "> DATA\n< 354"))
		waiting.send(mailOf(1) + ".\r\n")
		synctest.Wait()
		began := time.Now()
		go func() { _ = stop(); stopped <- time.Since(began) }()
		waiting.want("451 4.3.0")
		is.Equal(time.Since(began), 7*time.Second)
		waiting.want("421")
		texting.want(closed)
		is.Equal(<-stopped, 8*time.Second)
		is.Equal(s.observer.count(ports.DeliveryStored), 0)
	})
}

// await polls until ok, for as long as a test may take.
func await(t testing.TB, ok func() bool) {
	t.Helper()
	for range 60_000 { // five minutes
		if ok() {
			return
		}
		select {
		case <-t.Context().Done():
		case <-time.After(5 * time.Millisecond):
		}
	}
	t.Fatal("it did not happen in time")
}
