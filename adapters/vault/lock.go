package vault

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

// lockRetry is how long to wait before asking again for a lock that another has. The kernel has no waiting that a
// context could end.
const lockRetry = 2 * time.Millisecond

// lock takes the exclusive lock of file name (flock(2), which a process loses when it dies) and returns how to give it
// back. Callers in one process exclude each other as those in several do.
func lock(ctx context.Context, name string) (unlock func(), err error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, unusable(err)
	}
	retry := time.NewTicker(lockRetry)
	defer retry.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = f.Close() }, nil // closing gives the lock back
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			_ = f.Close()
			return nil, unusable(err)
		}
		select {
		case <-retry.C:
		case <-ctx.Done():
			_ = f.Close()
			return nil, ctx.Err()
		}
	}
}
