package portmock_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/ports"
	"github.com/keybuzzio/marketplaces/ports/portmock"
)

var (
	_ ports.Audit             = (*portmock.MockAudit)(nil)
	_ ports.Clock             = (*portmock.MockClock)(nil)
	_ ports.Directory         = (*portmock.MockDirectory)(nil)
	_ ports.Jobs              = (*portmock.MockJobs)(nil)
	_ ports.MailboxChecker    = (*portmock.MockMailboxChecker)(nil)
	_ ports.MarketplaceClient = (*portmock.MockMarketplaceClient)(nil)
	_ ports.Observer          = (*portmock.MockObserver)(nil)
	_ ports.Operations        = (*portmock.MockOperations)(nil)
	_ ports.Queue             = (*portmock.MockQueue)(nil)
	_ ports.RateLimiter       = (*portmock.MockRateLimiter)(nil)
	_ ports.Repository        = (*portmock.MockRepository)(nil)
	_ ports.Archive           = (*portmock.MockArchive)(nil)
	_ ports.Interpreter       = (*portmock.MockInterpreter)(nil)
	_ ports.PollLedger        = (*portmock.MockPollLedger)(nil)
	_ ports.Polls             = (*portmock.MockPolls)(nil)
	_ ports.DeadLetters       = (*portmock.MockDeadLetters)(nil)
	_ ports.SecretStore       = (*portmock.MockSecretStore)(nil)
	_ ports.Sender            = (*portmock.MockSender)(nil)
	_ ports.SubmissionChecker = (*portmock.MockSubmissionChecker)(nil)
)

// generate is how package ports has its fakes made: one directive per file that holds a port.
const generate = "//go:generate go tool mockgen "

// TestDrift generates every fake anew and compares it with the committed one.
func TestDrift(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	source, err := os.ReadFile("../ports.go")
	is.NoErr(err)
	made := map[string]bool{}
	for line := range strings.Lines(string(source)) {
		args, ok := strings.CutPrefix(strings.TrimSpace(line), generate)
		if !ok {
			continue
		}
		var flags []string
		var destination string
		for flag := range strings.FieldsSeq(args) {
			if d, ok := strings.CutPrefix(flag, "-destination=portmock/"); ok {
				destination = d
			} else {
				flags = append(flags, flag)
			}
		}
		made[destination] = true
		t.Run(destination, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			cmd := exec.CommandContext(t.Context(), "go", append([]string{"tool", "mockgen"}, flags...)...)
			cmd.Dir = ".."
			fresh, err := cmd.Output()
			is.NoErr(err)
			committed, err := os.ReadFile(destination)
			is.NoErr(err)
			is.Equal(string(code(committed)), string(code(fresh))) // run go generate ./ports/ and commit what it writes
		})
	}
	files, err := filepath.Glob("*.go")
	is.NoErr(err)
	for _, file := range files {
		is.True(made[file] || strings.HasSuffix(file, "_test.go")) // a fake that nothing generates any more
	}
}

// TestEveryPortHasAFake holds that no file of package ports with an interface was forgotten among the directives.
func TestEveryPortHasAFake(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	files, err := filepath.Glob("../*.go")
	is.NoErr(err)
	for _, file := range files {
		source, err := os.ReadFile(file)
		is.NoErr(err)
		if bytes.Contains(source, []byte(" interface {")) && !strings.HasSuffix(file, "_test.go") {
			_, err := os.Stat(filepath.Base(file))
			is.NoErr(err) // add a directive to ports.go
		}
	}
}

// code is a generated file without its head, which quotes the command and so the destination.
func code(file []byte) []byte {
	_, rest, _ := bytes.Cut(file, []byte("// Package portmock"))
	return rest
}
