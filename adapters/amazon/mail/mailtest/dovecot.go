package mailtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/keybuzzio/marketplaces/domain"
)

// NewDovecot starts a Dovecot (2.3) of its own with an empty mailbox, over TLS too. It needs no rights and no settings of
// the machine, and runs as well when the test is root. Where Dovecot is not installed the test fails and says so.
func NewDovecot(t testing.TB) *Server {
	t.Helper()
	binary := findDovecot()
	if binary == "" {
		t.Fatal("Dovecot is not installed: apt-get install dovecot-imapd")
	}
	var err error
	for range 5 { // another process may take a port before Dovecot does
		var s *Server
		if s, err = startDovecot(t, binary); err == nil {
			s.do(t, func(c *imapclient.Client) error { return c.Create(folder, nil).Wait() })
			return s
		}
	}
	t.Fatalf("Dovecot does not start: %v", err)
	return nil
}

// findDovecot looks where distributions put it, which is not always in the PATH of a user.
func findDovecot() string {
	for _, name := range []string{"dovecot", "/usr/sbin/dovecot", "/usr/local/sbin/dovecot", "/opt/homebrew/sbin/dovecot"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func startDovecot(t testing.TB, binary string) (*Server, error) {
	dir, err := os.MkdirTemp("", "dovecot") // short, since the paths of sockets are limited
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	c := dovecotConfig{Dir: dir, Password: password, Port: freePort(t), TLSPort: freePort(t)}
	roots, err := c.write()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(binary, "-F", "-c", c.path("dovecot.conf"))
	var said bytes.Buffer
	cmd.Stderr = &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // its helpers too, which else wait for each other
		<-ended
	})
	if err := c.await(t.Context(), ended); err != nil {
		log, _ := os.ReadFile(c.path("log"))
		return nil, fmt.Errorf("%w: %s%s", err, said.Bytes(), log)
	}
	s := newServer(c.Port)
	s.tls = map[domain.TLSMode]int{domain.TLSImplicit: c.TLSPort, domain.TLSStart: c.Port}
	s.roots = roots
	return s, nil
}

// await returns when Dovecot greets on both ports.
func (c dovecotConfig) await(ctx context.Context, ended <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		if greets(c.Port) && listens(c.TLSPort) {
			return nil
		}
		select {
		case <-again.C:
		case <-ended:
			return errors.New("it ended")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// greets reports whether an IMAP server speaks on a port of this machine.
func greets(port int) bool {
	conn, err := net.DialTimeout("tcp", local(port), time.Second)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	greeting := make([]byte, 4)
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	_, err = io.ReadFull(conn, greeting)
	return err == nil && string(greeting) == "* OK"
}

func listens(port int) bool {
	conn, err := net.DialTimeout("tcp", local(port), time.Second)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

func local(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// freePort returns a port that was free a moment ago.
func freePort(t testing.TB) int {
	t.Helper()
	ln, err := net.Listen("tcp", local(0))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	return ln.Addr().(*net.TCPAddr).Port
}
