// Package s3test starts an S3 server for a test: Versity's gateway on a folder, which `.ci/need versitygw` builds.
package s3test

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/keybuzzio/marketplaces/adapters/s3"
	"github.com/keybuzzio/marketplaces/domain"
)

// Server is a running S3 server with one empty bucket.
type Server struct {
	options s3.Options
	command *exec.Cmd
}

// Options say how to reach the bucket.
func (s *Server) Options() s3.Options { return s.options }

// Stop ends the server at once: from then on nothing answers at its address.
func (s *Server) Stop() {
	_ = s.command.Process.Kill()
	_ = s.command.Wait()
}

// New starts a server that ends with the test. Where the program is not there the test fails and says so.
func New(t testing.TB) *Server {
	t.Helper()
	binary := find()
	if binary == "" {
		t.Fatal("versitygw is not there: .ci/need versitygw builds it")
	}
	dir := t.TempDir()
	for _, folder := range []string{"data/raws", "about"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for range 5 { // another process may take the port before the server does
		if s := start(t, binary, dir); s != nil {
			t.Cleanup(s.Stop)
			return s
		}
	}
	t.Fatal("the S3 server does not start")
	return nil
}

// find looks where .ci/need puts it.
func find() string {
	if path, err := exec.LookPath("versitygw"); err == nil {
		return path
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	built, _ := filepath.Glob(filepath.Join(cache, "keybuzz-tools", "versitygw-v*"))
	if len(built) == 0 {
		return ""
	}
	return built[len(built)-1]
}

// start runs the server on a free port, nil if it does not answer.
func start(t testing.TB, binary, dir string) *Server {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	s := &Server{options: s3.Options{
		Endpoint: "http://" + address, Region: "eu-test-1", Bucket: "raws", AccessKeyID: "tester", SecretAccessKey: domain.NewSecret("tester-secret"),
	}}
	// Not of the test's context: cleanups may still want it.
	s.command = exec.CommandContext(context.WithoutCancel(t.Context()), binary, "--quiet", "--port", address, "--region", s.options.Region, "--access",
		s.options.AccessKeyID, "--secret", s.options.SecretAccessKey.Reveal(), "--health", "/health",
		"posix", "--sidecar", filepath.Join(dir, "about"), filepath.Join(dir, "data"))
	if err := s.command.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if healthy(t, s.options.Endpoint+"/health") {
			return s
		}
	}
	s.Stop()
	return nil
}

func healthy(t testing.TB, url string) bool {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	defer func() { _ = answer.Body.Close() }()
	return answer.StatusCode == http.StatusOK
}
