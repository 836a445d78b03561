package smtp_test

import (
	"bufio"
	"bytes"
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

	mu       sync.Mutex
	says     map[string]string // by step
	offers   []string          // in EHLO, beside the host
	cutAt    int               // ends the connection after so many bytes of text; 0: does not
	password string            // what AUTH PLAIN must give
	got      []taken
	took     chan struct{}
	opened   int // connections so far
	commands []string
	lines    sync.WaitGroup
}

// newScript starts a server.
func newScript(t testing.TB, implicit bool) *script {
	t.Helper()
	is := is.New(t)
	web := httptest.NewUnstartedServer(http.NotFoundHandler())
	web.StartTLS() // for its certificate, which is for 127.0.0.1 and example.com
	t.Cleanup(web.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	is.NoErr(err)
	s := &script{
		listener: listener, tls: &tls.Config{Certificates: web.TLS.Certificates}, roots: x509.NewCertPool(), implicit: implicit,
		says: map[string]string{}, offers: []string{"SIZE 20000000", "AUTH PLAIN LOGIN", "STARTTLS", "ENHANCEDSTATUSCODES"},
		took: make(chan struct{}, 1000), password: "right",
	}
	s.roots.AddCert(web.Certificate())
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
			s.set(func() { s.opened++ })
			s.lines.Go(func() { s.serve(conn) })
		}
	})
	return s
}

func (s *script) port() int { return s.listener.Addr().(*net.TCPAddr).Port }

func (s *script) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// play has the server do something at a step from now on.
func (s *script) play(step, what string) { s.set(func() { s.says[step] = what }) }

// mend has it behave.
func (s *script) mend() { s.set(func() { s.says, s.cutAt = map[string]string{}, 0 }) }

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

// at does what the script says for a step, and reports whether the connection goes on with the good answer. answered means
// that another answer was given.
func (d *dialogue) at(step string) (good, alive bool) {
	var what string
	d.set(func() { what = d.says[step] })
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
	var what string
	d.set(func() { what = d.says[stepTLS] })
	switch what {
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
	var what string
	d.set(func() { what = d.says[stepDot] })
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
	d.set(func() { d.says["now"] = what })
	good, alive := d.at("now")
	if good {
		d.say("250 2.0.0 Ok: queued as 4F2A for <shop@example.com>")
	}
	return alive
}
