package boot_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/keybuzzio/marketplaces/app/boot"
)

// programVariable makes this test binary run as one of the programs, so that tests can kill it.
const programVariable = "KEYBUZZ_TEST_PROGRAM"

func TestMain(m *testing.M) {
	programs := map[string]func(context.Context, []string, []string, boot.Streams) error{
		"server": boot.Server, "worker": boot.Worker, instantProgram: instantWorker,
	}
	if run := programs[os.Getenv(programVariable)]; run != nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		err := run(ctx, os.Args[1:], os.Environ(), boot.Streams{Out: os.Stdout, Err: os.Stderr})
		stop()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// process is a program that runs as a process of its own.
type process struct {
	*exec.Cmd
	out, log *buffer
	done     chan struct{}
	err      error // of the process, once done
}

// start runs a program with nothing in its environment but the given settings. The test's end kills it.
func start(t *testing.T, program string, environ []string, args ...string) *process {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: exec.Command(binary, args...), out: &buffer{}, log: &buffer{}, done: make(chan struct{})}
	p.Env = append([]string{programVariable + "=" + program, "PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, environ...)
	p.Stdout, p.Stderr = p.out, p.log
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		_ = p.Process.Kill()
		<-p.done
		if t.Failed() {
			t.Logf("%s %s said:\n%s%s", program, strings.Join(args, " "), p.out, p.log)
		}
	})
	return p
}

// wait returns when the process has ended, with its exit code.
func (p *process) wait(t *testing.T) int {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(5 * time.Minute):
		t.Fatal("the program does not end")
	}
	return p.ProcessState.ExitCode()
}

// eventually waits until what is true.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); !cond(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// buffer is a bytes.Buffer that may be read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

var _ io.Writer = (*buffer)(nil)

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
