package riverjobs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
)

// repliesWorker works replies jobs. The use case itself replaces the job by the next one, or by none; what River is told here
// meets no row then.
type repliesWorker struct {
	river.WorkerDefaults[repliesArgs]
	replies *app.SendReplies
	slice   time.Duration
	hand    *hand
	trace   TraceFunc
	log     *slog.Logger
}

// Work implements river.Worker.
func (w *repliesWorker) Work(ctx context.Context, job *river.Job[repliesArgs]) error {
	defer w.hand.hold(job.ID)()
	tenant, err := domain.ParseTenantID(job.Args.Tenant)
	if err != nil {
		return river.JobCancel(err)
	}
	connection, err := domain.ParseID[domain.ConnectionID](job.Args.Connection)
	if err != nil {
		return river.JobCancel(err)
	}
	err = w.trace(ctx, job.Kind, job.Args.Tenant, job.Args.Connection, func(ctx context.Context) error {
		_, err := w.replies.Run(ctx, app.SendCommand{Tenant: tenant, Connection: connection, Slice: w.slice})
		return err
	})
	switch {
	case err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return river.JobSnooze(timeoutPause)
	case err != nil && ctx.Err() != nil: // this worker stops: the next may have it at once
		return river.JobSnooze(0)
	case err != nil:
		w.log.ErrorContext(ctx, "replies job failed", "tenant", job.Args.Tenant, "connection", job.Args.Connection, "job", job.ID,
			"attempts", job.Attempt, "error", err)
		return errors.New(domain.Message(err)) // the queue keeps what anybody may see
	}
	return nil
}
