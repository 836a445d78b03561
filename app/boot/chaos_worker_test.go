package boot_test

import (
	"context"
	"syscall"
	"testing"
	"time"
)

// killWorker kills a worker while it reads mailboxes.
func killWorker(t *testing.T, s *chaos) {
	killed := s.workers[0]
	s.inTheMiddle(t, killed, syscall.SIGKILL)
	killed.wait(t)
	s.workers = s.workers[1:]
}

// stopWorker stops a worker while it reads mailboxes, until well after others have taken its jobs over, and has it go on.
func stopWorker(t *testing.T, s *chaos) {
	begun, before := time.Now(), s.deliveredSoFar()
	stopped := s.workers[0]
	s.inTheMiddle(t, stopped, syscall.SIGSTOP)
	s.eventually(t, "another worker has its jobs", func(ctx context.Context) (bool, error) {
		n, err := s.running(ctx, stopped)
		return n == 0, err
	})
	s.storedSince(t, before) // by the other
	time.Sleep(time.Until(begun.Add(either(0*time.Second, time.Minute))))
	asleep := s.now(t)
	kill(t, stopped.Process.Pid, syscall.SIGCONT)
	s.eventually(t, "it works again", func(ctx context.Context) (works bool, err error) {
		err = s.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM river.river_job
			WHERE kind = 'poll' AND attempted_by[array_upper(attempted_by, 1)] = $1 AND attempted_at > $2)`, stopped.id, asleep).Scan(&works)
		return works, err
	})
}

// inTheMiddle signals a worker when it has jobs in hand. The mail server is slow until then, so that it has.
func (s *chaos) inTheMiddle(t *testing.T, w *chaosWorker, sig syscall.Signal) {
	t.Helper()
	harm(t, s.imap, "latency", map[string]any{"latency": 1000})
	s.eventually(t, "the worker has a job in hand", func(ctx context.Context) (bool, error) {
		n, err := s.running(ctx, w)
		return n > 0, err
	})
	kill(t, w.Process.Pid, sig)
	heal(t, s.imap)
	n, err := s.running(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the worker had %d jobs in hand", n)
	s.deliver(t, 2) // so that there is something to do for who takes over
}

// running is how many polls a worker has in hand.
func (s *chaos) running(ctx context.Context, w *chaosWorker) (n int, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT count(*) FROM river.river_job
		WHERE kind = 'poll' AND state = 'running' AND attempted_by[array_upper(attempted_by, 1)] = $1`, w.id).Scan(&n)
	return n, err
}
