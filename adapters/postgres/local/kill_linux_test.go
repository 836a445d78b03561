package local_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/postgres/local"
)

func TestKilledOwnerTakesTheServerWithIt(t *testing.T) {
	t.Parallel()
	needPostgres(t)
	// When to kill: as soon as a file is there, or else when the server answers.
	for name, file := range map[string]string{
		"at work":                       "",
		"while the data are being made": "new/PG_VERSION",
		"while the data are half made":  "new/postmaster.pid",
		"while the server is coming up": "data/postmaster.pid",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, dir := is.New(t), folder(t)
			owner := spawn(t, dir)
			if file == "" {
				owner.ready(t)
				is.True(running(t, dir) > 1)
			} else {
				is.True(poll(func() bool { _, err := os.Stat(filepath.Join(dir, file)); return err == nil }))
			}
			is.NoErr(owner.cmd.Process.Kill())
			is.True(poll(func() bool { return running(t, dir) == 0 })) // nothing is left
			is.NoErr(connect(t, start(t, dir, local.Options{Disposable: true}).URL()))
		})
	}
}

func TestKilledOwnerIsFollowed(t *testing.T) {
	t.Parallel()
	is, dir := is.New(t), folder(t)
	start(t, dir, local.Options{Disposable: true}).Stop()
	owner := spawn(t, dir)
	first := owner.ready(t)
	guest := spawn(t, dir)
	is.Equal(guest.ready(t), first)
	is.NoErr(owner.cmd.Process.Kill())
	heir := start(t, dir, local.Options{Disposable: true}) // whoever is first: one of the two starts it, the other joins
	second, err := identity(t.Context(), heir.URL())
	is.NoErr(err)
	is.True(first != second)
	guest.end(t)
	is.True(poll(func() bool { return connect(t, heir.URL()) == nil }))
}

func TestServerOutlivesTheThreadThatStartedIt(t *testing.T) {
	t.Parallel()
	needPostgres(t)
	is, dir := is.New(t), folder(t)
	var s *local.Server
	var err error
	thread := onThreadThatEnds(func() { s, err = local.Start(t.Context(), dir, local.Options{Disposable: true}) })
	is.NoErr(err)
	t.Cleanup(s.Stop)
	pid := postmaster(t, dir)
	task := "/proc/self/task/" + strconv.Itoa(thread)
	is.True(poll(func() bool { _, err := os.Stat(task); return os.IsNotExist(err) }))
	is.NoErr(connect(t, s.URL()))
	is.Equal(postmaster(t, dir), pid)
}

// onThreadThatEnds calls fn on a thread that ends afterwards, and returns its number.
func onThreadThatEnds(fn func()) (thread int) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // not unlocked: the thread ends with this goroutine
		if thread = syscall.Gettid(); thread == syscall.Getpid() {
			thread = onThreadThatEnds(fn) // this is the first thread, which never ends; the next one is another
			runtime.UnlockOSThread()
			return
		}
		fn()
	}()
	<-done
	return thread
}
