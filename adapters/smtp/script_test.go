package smtp_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

// What a script can have the server do at a step, besides answering with a line of its own.
const (
	fine   = ""       // what a good server does
	cut    = "cut"    // ends the connection
	silent = "silent" // says nothing until the client leaves
	lost   = "lost"   // at the dot: takes the message, then ends the connection
	mute   = "mute"   // at the dot: takes the message, and says nothing until the client leaves
	drip   = "drip"   // an answer without end
)

// The steps of the dialogue.
const (
	stepGreeting = "greeting"
	stepEHLO     = "EHLO"
	stepSTARTTLS = "STARTTLS"
	stepTLS      = "TLS"
	stepAUTH     = "AUTH"
	stepMAIL     = "MAIL"
	stepRCPT     = "RCPT"
	stepDATA     = "DATA"
	stepDot      = "dot"
)

// taken is a message that a server has, as it came.
type taken struct {
	from, to string // the whole commands
	raw      []byte
}

// script is an SMTP server that does at each step what it was told to. It answers one command at a time, as servers
// without PIPELINING do.
type script struct {
	listener net.Listener
	tls      *tls.Config
	roots    *x509.CertPool
	implicit bool
	mode     domain.TLSMode // that accounts are told; by implicit if ""

	mu       sync.Mutex
	says     map[string]string // by step
	onlyOnce string            // the step after which it behaves again
	conns    []net.Conn
	pause    map[string]time.Duration // before what it does at a step
	offers   []string                 // in EHLO, beside the host
	cutAt    int                      // ends the connection after so many bytes of text; 0: does not
	password string                   // what AUTH PLAIN must give
	got      []taken
	took     chan struct{}
	opened   int           // connections so far
	ended    chan struct{} // one for each connection that has ended
	commands []string
	lines    sync.WaitGroup
}

// certified is a certificate for 127.0.0.1 and example.com, and who vouches for it.
var certified = sync.OnceValues(func() ([]tls.Certificate, *x509.CertPool) {
	web := httptest.NewTLSServer(http.NotFoundHandler())
	defer web.Close()
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	return web.TLS.Certificates, roots
})

// newScript returns a server that nobody can reach yet.
func newScript(implicit bool) *script {
	certificates, roots := certified()
	return &script{
		tls: &tls.Config{Certificates: certificates}, roots: roots, implicit: implicit,
		says: map[string]string{}, offers: []string{"SIZE 20000000", "AUTH PLAIN LOGIN", "STARTTLS", "ENHANCEDSTATUSCODES"},
		took: make(chan struct{}, 1000), ended: make(chan struct{}, 1000), password: "right",
	}
}

// listen has the server listen on this machine until the test ends.
func (s *script) listen(t testing.TB) *script {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	is.New(t).NoErr(err)
	s.listener = listener
	t.Cleanup(func() {
		_ = listener.Close()
		s.lines.Wait()
	})
	s.lines.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.start(conn)
		}
	})
	return s
}

// dial connects to the server without a network.
func (s *script) dial(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	s.start(there)
	return here, nil
}

// start serves a connection.
func (s *script) start(conn net.Conn) {
	s.set(func() {
		s.opened++
		s.conns = append(s.conns, conn)
	})
	s.lines.Go(func() {
		s.serve(conn)
		s.ended <- struct{}{}
	})
}

func (s *script) port() int {
	if s.listener == nil {
		return 25
	}
	return s.listener.Addr().(*net.TCPAddr).Port
}

func (s *script) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// play has the server do something at a step from now on.
func (s *script) play(step, what string) { s.set(func() { s.says[step] = what }) }

// once is play for the next time only.
func (s *script) once(step, what string) {
	s.play(step, what)
	s.set(func() { s.onlyOnce = step })
}

// drop ends all connections.
func (s *script) drop() {
	s.set(func() {
		for _, c := range s.conns {
			_ = c.Close()
		}
	})
}

// next returns what the script says for a step.
func (s *script) next(step string) (what string) {
	s.set(func() {
		what = s.says[step]
		if s.onlyOnce == step {
			s.onlyOnce = ""
			delete(s.says, step)
		}
	})
	return what
}

// mend has it behave.
func (s *script) mend() { s.set(func() { s.says, s.onlyOnce, s.cutAt = map[string]string{}, "", 0 }) }

// awaitEnd waits until a connection has ended.
func (s *script) awaitEnd() { <-s.ended }

func (s *script) all() []taken {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]taken(nil), s.got...)
}

// submission is the account at the server that takes its log-in.
func (s *script) submission() domain.Submission {
	mode := domain.TLSStart
	if s.implicit {
		mode = domain.TLSImplicit
	}
	if s.mode != "" {
		mode = s.mode
	}
	return domain.Submission{
		Host: "127.0.0.1", Port: s.port(), TLS: mode, User: "shop@example.com", Password: domain.NewSecret("right"),
	}
}

// dialogue is one connection.
type dialogue struct {
	*script
	conn     net.Conn
	in       *bufio.Reader
	from, to string
}

// at does what the script says for a step, and reports whether the connection goes on with the good answer. answered
// means that another answer was given.
func (d *dialogue) at(step string) (good, alive bool) {
	return d.as(step, d.next(step))
}

// as is at with another word of the script.
func (d *dialogue) as(step, what string) (good, alive bool) {
	var pause time.Duration
	d.set(func() { pause = d.pause[step] })
	if pause > 0 {
		time.Sleep(pause)
	}
	switch what {
	case fine:
		return true, true
	case cut:
		return false, false
	case silent:
		_, _ = io.Copy(io.Discard, d.in)
		return false, false
	case drip:
		for {
			if _, err := fmt.Fprintf(d.conn, "250-%s\r\n", strings.Repeat("x", 900)); err != nil {
				return false, false
			}
		}
	}
	d.say(what)
	return false, step != stepGreeting && !strings.HasPrefix(what, "421")
}

func (d *dialogue) say(line string) { _, _ = fmt.Fprintf(d.conn, "%s\r\n", line) }

func (s *script) serve(conn net.Conn) {
	d := &dialogue{script: s, conn: conn, in: bufio.NewReader(conn)}
	defer func() { _ = d.conn.Close() }()
	if s.implicit && !d.secure() {
		return
	}
	if good, alive := d.at(stepGreeting); !alive {
		return
	} else if good {
		d.say("220 mx.example.com ESMTP")
	}
	for {
		command, err := d.in.ReadString('\n')
		if err != nil {
			return
		}
		s.set(func() { s.commands = append(s.commands, strings.TrimSpace(command)) })
		verb, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(command)), " ")
		if verb == "QUIT" {
			d.say("221 2.0.0 Bye")
			return
		}
		good, alive := d.at(verb)
		if !alive || good && !d.answer(verb, strings.TrimSpace(command)) {
			return
		}
	}
}

// answer is what a good server does with a command.
func (d *dialogue) answer(verb, command string) (alive bool) {
	switch verb {
	case stepEHLO:
		d.mu.Lock()
		lines := append([]string{"mx.example.com"}, d.offers...)
		d.mu.Unlock()
		for i, line := range lines {
			d.say(map[bool]string{true: "250 ", false: "250-"}[i == len(lines)-1] + line)
		}
	case stepSTARTTLS:
		d.say("220 2.0.0 Ready")
		return d.secure()
	case stepAUTH:
		return d.auth(command)
	case stepMAIL:
		d.from = command
		d.say("250 2.1.0 Ok")
	case stepRCPT:
		d.to = command
		d.say("250 2.1.5 Ok")
	case stepDATA:
		d.say("354 Go ahead")
		return d.text()
	default:
		d.say("250 2.0.0 Ok")
	}
	return true
}

// auth takes a log-in by PLAIN or LOGIN.
func (d *dialogue) auth(command string) (alive bool) {
	fields := strings.Fields(command)
	given := ""
	if len(fields) > 2 && fields[1] == "PLAIN" {
		given = lastOf(decode(fields[2]))
	} else {
		for _, prompt := range []string{"334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"} {
			d.say(prompt)
			line, err := d.in.ReadString('\n')
			if err != nil {
				return false
			}
			given = decode(strings.TrimSpace(line))
		}
	}
	if given != d.password {
		d.say("535 5.7.8 Authentication failed for " + given)
		return true
	}
	d.say("235 2.7.0 Ok")
	return true
}

// secure brings up TLS.
func (d *dialogue) secure() (alive bool) {
	config := d.tls
	switch d.next(stepTLS) {
	case cut:
		return false
	case silent:
		_, _ = io.Copy(io.Discard, d.conn)
		return false
	case "old":
		config = &tls.Config{Certificates: d.tls.Certificates, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	}
	conn := tls.Server(d.conn, config)
	if err := conn.Handshake(); err != nil {
		return false
	}
	d.conn, d.in = conn, bufio.NewReader(conn)
	return true
}

// text takes a message.
func (d *dialogue) text() (alive bool) {
	var cutAt int
	d.set(func() { cutAt = d.cutAt })
	if cutAt > 0 {
		_, _ = io.CopyN(io.Discard, d.in, int64(cutAt))
		return false
	}
	raw, err := io.ReadAll(textproto.NewReader(d.in).DotReader())
	if err != nil {
		return false
	}
	what := d.next(stepDot)
	if what == fine || what == lost || what == mute || strings.HasPrefix(what, "2") {
		d.set(func() {
			d.got = append(d.got, taken{d.from, d.to, bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n"))})
		})
		d.took <- struct{}{}
	}
	switch what {
	case lost:
		return false
	case mute:
		what = silent
	}
	good, alive := d.as(stepDot, what)
	if good {
		d.say("250 2.0.0 Ok: queued as 4F2A for <shop@example.com>")
	}
	return alive
}
