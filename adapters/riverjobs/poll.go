package riverjobs

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
)

// The bounds of a poll job.
const (
	// maxAttempts is how often in a row a job may end in an internal error before it is discarded.
	maxAttempts = 8
	// jobTimeout ends a turn that does not end by itself. It lets a page through even from a slow mail server.
	jobTimeout = 2 * time.Minute
	// rescueAfter is the last resort for jobs that whoever is at them does not end. Those of workers that died are taken over
	// sooner: see liveness.
	rescueAfter = 2 * jobTimeout
	// riverRescueAfter keeps River from doing the same by the clock of this machine.
	riverRescueAfter = 7 * 24 * time.Hour
	// timeoutPause keeps a source that takes all its time and gives nothing from being read without a break.
	timeoutPause = time.Minute
)

// pollWorker works poll jobs: it decodes, calls the use case and says when the job is due again.
type pollWorker struct {
	river.WorkerDefaults[pollArgs]
	turns *app.PollJob
	slice time.Duration
	hand  *hand
	trace TraceFunc
	log   *slog.Logger
}

// Work implements river.Worker.
func (w *pollWorker) Work(ctx context.Context, job *river.Job[pollArgs]) error {
	defer w.hand.hold(job.ID)()
	tenant, err := domain.ParseTenantID(job.Args.Tenant)
	if err != nil {
		return river.JobCancel(err)
	}
	connection, err := domain.ParseID[domain.ConnectionID](job.Args.Connection)
	if err != nil {
		return river.JobCancel(err)
	}
	if job.Attempt > job.MaxAttempts { // it ended the workers that had it, one after the other
		if err := w.giveUp(ctx, job, tenant, connection); err != nil {
			return err
		}
		return river.JobCancel(errors.New("the worker ended"))
	}
	var turn app.JobRun
	err = w.trace(ctx, job.Kind, job.Args.Tenant, job.Args.Connection, func(ctx context.Context) (err error) {
		turn, err = w.turns.Run(ctx, app.PollCommand{Tenant: tenant, Connection: connection, Slice: w.slice})
		return err
	})
	switch {
	case err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return w.again(job, timeoutPause)
	case err != nil && ctx.Err() != nil: // this worker stops: the next may have it at once
		return w.again(job, 0)
	case err != nil:
		return w.failed(ctx, job, tenant, connection, err)
	case turn.Over:
		return nil
	}
	return w.again(job, turn.Again)
}

// again puts the job off.
func (w *pollWorker) again(job *river.Job[pollArgs], pause time.Duration) error {
	// River counts the attempts of a job's whole life, and puts the count back by one for a pause. A turn that went well
	// begins it anew, so that eight faults in eight years do not add up.
	job.Attempt = 1
	return river.JobSnooze(pause)
}

// failed ends a turn that met a bug. After the last attempt River discards the job.
func (w *pollWorker) failed(ctx context.Context, job *river.Job[pollArgs], tenant domain.TenantID, id domain.ConnectionID, cause error) error {
	if job.Attempt >= job.MaxAttempts {
		if err := w.giveUp(ctx, job, tenant, id); err != nil {
			return err
		}
	}
	// The log has the whole error. The queue, which operators look at, keeps what anybody may see.
	return errors.New(domain.Message(cause))
}

// giveUp has the connection say that its job ends. As long as that cannot be stored, the last attempt comes again: a CONNECTED
// connection without a job would be forgotten.
func (w *pollWorker) giveUp(ctx context.Context, job *river.Job[pollArgs], tenant domain.TenantID, id domain.ConnectionID) error {
	log := w.log.With("tenant", tenant.String(), "connection", id.String(), "job", job.ID, "attempts", job.Attempt)
	if err := w.turns.GiveUp(ctx, tenant, id); err != nil {
		log.ErrorContext(ctx, "poll job not given up: its connection could not be told", "error", err)
		return river.JobSnooze(timeoutPause)
	}
	log.ErrorContext(ctx, "poll job discarded: it failed too often for a fault of ours")
	return nil
}

// retryPolicy says when a job that ended in an internal error is tried again.
type retryPolicy struct{ clock *clock }

// NextRetry implements river.ClientRetryPolicy: after half a minute, then twice as long each time up to domain.MaxBackoff, a
// little more or less so that jobs which failed together are not tried together.
func (p retryPolicy) NextRetry(job *rivertype.JobRow) time.Time {
	pause := 30 * time.Second
	for range job.Attempt - 1 {
		pause = min(2*pause, domain.MaxBackoff)
	}
	return p.clock.Now().Add(time.Duration(float64(pause) * (1 + domain.Jitter*rand.Float64())))
}
