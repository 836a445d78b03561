package local

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// How Postgres is told to stop. After an immediate shutdown the next start repairs the data from the log.
const (
	fastShutdown      = syscall.SIGINT
	immediateShutdown = syscall.SIGQUIT
)

// process is a child that ends with this process.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed when it has
	err   error         // how it ended; set before ended is closed
}

// command prepares a program of Postgres: as the server's user, in a session of its own so that Ctrl-C reaches this
// process only, holding the lock of the server's processes, and with nothing of this process's environment but where
// programs are, because the rest can hold secrets, and settings for other servers (PGPORT).
func (l *launcher) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(l.bin, program), args...)
	cmd.Dir = l.dir
	cmd.Env = []string{"LC_ALL=C", "TZ=UTC"}
	for _, key := range []string{"PATH", "LD_LIBRARY_PATH"} {
		if value, ok := os.LookupEnv(key); ok {
			cmd.Env = append(cmd.Env, key+"="+value)
		}
	}
	cmd.Stdout, cmd.Stderr = l.output, l.output
	cmd.ExtraFiles = []*os.File{l.running.file}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if l.account.dropped {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: l.account.uid, Gid: l.account.gid}
	}
	endWithParent(cmd.SysProcAttr)
	return cmd
}

// start runs cmd. It does so on a thread that lasts as long as the child, because on Linux the parent whose end the
// kernel reports to the child is the thread that started it.
func start(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, ended: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.ended)
		}
	}()
	return p, <-started
}

// stop signals the process until it has ended: each signal has five seconds, and then it is killed.
func (p *process) stop(signals ...syscall.Signal) {
	for _, signal := range append(signals, syscall.SIGKILL) {
		_ = p.cmd.Process.Signal(signal)
		select {
		case <-p.ended:
			return
		case <-time.After(5 * time.Second):
		}
	}
	<-p.ended
}
