// Package postfixtest starts a Postfix for a test: the mail server that stands before ours in earnest.
package postfixtest

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"
)

// The configuration: it takes mail for one domain and hands it on by LMTP; what is not taken now is tried again every
// few seconds, where in earnest it would be minutes.
var (
	//go:embed main.cf.tmpl
	mainText string
	//go:embed master.cf.tmpl
	masterText string

	mainFile   = template.Must(template.New("main.cf").Parse(mainText))
	masterFile = template.Must(template.New("master.cf").Parse(masterText))
)

// Options say what the Postfix is for.
type Options struct {
	Domain string   // whose mail it takes
	More   []string // further domains
	LMTP   string   // host:port that it hands it on to
}

// Server is a running Postfix.
type Server struct {
	dir     string
	address string
	command *exec.Cmd
	log     bytes.Buffer
}

// New starts a Postfix that ends with the test. It needs root, as Postfix does: elsewhere the test is skipped. Where
// Postfix is not installed it fails and says so.
func New(t testing.TB, o Options) *Server {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("Postfix runs as root only")
	}
	binary := find()
	if binary == "" {
		t.Fatal("Postfix is not installed: apt-get install postfix")
	}
	for range 5 { // another process may take the port before Postfix does
		s, err := start(t, binary, o)
		if err != nil {
			t.Fatal(err)
		}
		if s.await(t) {
			return s
		}
		s.stop()
		t.Logf("Postfix does not start: %s", s.log.String())
	}
	t.Fatal("Postfix does not start")
	return nil
}

// Address is where it takes mail by SMTP: host:port.
func (s *Server) Address() string { return s.address }

// Queued says how many mails it has that were not handed on.
func (s *Server) Queued(t testing.TB) int {
	t.Helper()
	n := 0
	for _, queue := range []string{"incoming", "active", "deferred", "maildrop", "hold", "corrupt"} {
		err := filepath.WalkDir(filepath.Join(s.dir, "spool", queue), func(_ string, d os.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				n++
			}
			return nil // a mail may move while we look
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return n
}

func find() string {
	for _, name := range []string{"postfix", "/usr/sbin/postfix"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func start(t testing.TB, binary string, o Options) (*Server, error) {
	dir, err := os.MkdirTemp("", "postfix") // its own users pass through, and paths of sockets are limited
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, address: free(t)}
	t.Cleanup(func() {
		s.stop()
		_ = os.RemoveAll(dir)
	})
	if err := s.configure(t, o); err != nil {
		return nil, err
	}
	s.command = exec.CommandContext(context.WithoutCancel(t.Context()), binary, "-c", filepath.Join(dir, "conf"), "start-fg")
	s.command.Stdout, s.command.Stderr = &s.log, &s.log
	s.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return s, s.command.Start()
}

// configure writes the folders that Postfix wants, with the owners that it wants.
func (s *Server) configure(t testing.TB, o Options) error {
	if err := os.Chmod(s.dir, 0o755); err != nil {
		return err
	}
	for _, folder := range []string{"conf", "spool", "data"} {
		if err := os.Mkdir(filepath.Join(s.dir, folder), 0o755); err != nil {
			return err
		}
	}
	if out, err := exec.CommandContext(t.Context(), "chown", "postfix", filepath.Join(s.dir, "data")).CombinedOutput(); err != nil {
		return errors.New("chown: " + string(out))
	}
	values := struct {
		Options
		Dir, Address, Daemons string
	}{o, s.dir, s.address, daemons()}
	for name, text := range map[string]*template.Template{"main.cf": mainFile, "master.cf": masterFile} {
		var b bytes.Buffer
		if err := text.Execute(&b, values); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(s.dir, "conf", name), b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// daemons is where distributions put Postfix's parts.
func daemons() string {
	for _, dir := range []string{"/usr/lib/postfix/sbin", "/usr/libexec/postfix"} {
		if _, err := os.Stat(dir); err == nil {
			return dir
		}
	}
	return "/usr/lib/postfix"
}

// await waits until it greets.
func (s *Server) await(t testing.TB) bool {
	t.Helper()
	var dialer net.Dialer
	for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		conn, err := dialer.DialContext(t.Context(), "tcp", s.address)
		if err != nil {
			continue
		}
		_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
		greeting := make([]byte, 3)
		_, err = conn.Read(greeting)
		_ = conn.Close()
		if err == nil && string(greeting) == "220" {
			return true
		}
	}
	return false
}

// stop ends it and all its parts.
func (s *Server) stop() {
	if s.command == nil || s.command.Process == nil {
		return
	}
	// The master leads a group of its own.
	pid, err := os.ReadFile(filepath.Join(s.dir, "spool", "pid", "master.pid"))
	if master, parsed := strconv.Atoi(strings.TrimSpace(string(pid))); err == nil && parsed == nil {
		_ = syscall.Kill(master, syscall.SIGTERM)
		_ = syscall.Kill(-master, syscall.SIGKILL)
	}
	_ = syscall.Kill(-s.command.Process.Pid, syscall.SIGKILL)
	_ = s.command.Wait()
	s.command = nil
}

func free(t testing.TB) string {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
