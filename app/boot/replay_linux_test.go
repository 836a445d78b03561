package boot_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
)

// On a terminal the progress is one line, written over again and again, and gone at the end.
func TestReplayShowsItsProgressOnATerminal(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	p := newProduct(t)
	const messages = 2000
	p.store(t, mailtest.Buyers(mailtest.Mails(13, 3*messages))[:messages])
	screen, terminal := openTerminal(t)
	shown := make(chan string)
	go func() {
		b, _ := io.ReadAll(screen) // ends with an error when nobody has the terminal any more
		shown <- string(b)
	}()
	args := []string{"replay", "--tenant", "demo", "--since", "2000-01-01"}
	w := start(t, "worker", p.settings, args...)
	is.Equal(w.wait(t), 0)
	is.True(!strings.Contains(w.log.String(), "\r")) // this one had none

	onTerminal := exec.CommandContext(t.Context(), w.Path, args...)
	onTerminal.Env, onTerminal.Stderr = w.Env, terminal
	is.NoErr(onTerminal.Run())
	is.NoErr(terminal.Close())
	text := <-shown
	is.True(strings.Contains(text, fmt.Sprintf(" of %d messages read, 0 differ", messages)))
	is.True(strings.HasSuffix(text, "\r\x1b[K"))
}

// openTerminal makes a pseudo-terminal: what is written to terminal can be read from screen.
func openTerminal(t *testing.T) (screen, terminal *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = screen.Close() })
	var number, unlocked int32
	for request, value := range map[uintptr]*int32{syscall.TIOCSPTLCK: &unlocked, syscall.TIOCGPTN: &number} {
		if _, _, failed := syscall.Syscall(syscall.SYS_IOCTL, screen.Fd(), request, uintptr(unsafe.Pointer(value))); failed != 0 {
			t.Fatal(failed)
		}
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return screen, terminal
}
