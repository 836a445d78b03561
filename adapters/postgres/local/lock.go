package local

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// lock is a held lock on a file. The kernel frees it when every process that has the file open from this opening, by
// inheritance too, has closed it or ended, however it ended: it never goes stale as a number in a file does.
type lock struct{ file *os.File }

// tryLock returns nil when somebody else holds the lock of path.
func tryLock(path string) (*lock, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, domain.Wrap(domain.ErrInvalid, err, "the private Postgres cannot use %s", path)
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return &lock{f}, nil
		case errors.Is(err, syscall.EINTR):
			continue
		}
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, nil
		}
		return nil, domain.Wrap(domain.ErrInvalid, err, "the private Postgres cannot lock %s", path)
	}
}

// waitLock waits for the lock of path until ctx is done. It looks every so often, because a wait in the kernel could not
// be given up.
func waitLock(ctx context.Context, path string, every time.Duration) (*lock, error) {
	for {
		l, err := tryLock(path)
		if l != nil || err != nil {
			return l, err
		}
		if err := pause(ctx, every); err != nil {
			return nil, err
		}
	}
}

// release lets go of this process's hold. Children that inherited the lock keep theirs.
func (l *lock) release() { _ = l.file.Close() }
