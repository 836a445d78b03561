package riverjobs

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
)

// upkeepWorker walks the connections for missing poll jobs, and warns of authorizations that end soon.
type upkeepWorker struct {
	river.WorkerDefaults[upkeepArgs]
	reschedule *app.Reschedule
	warn       *app.WarnExpiring
	hand       *hand
}

// Timeout implements river.Worker: none. After an update from a version without a queue there are many jobs to schedule.
func (*upkeepWorker) Timeout(*river.Job[upkeepArgs]) time.Duration { return -1 }

// Work implements river.Worker.
func (w *upkeepWorker) Work(ctx context.Context, job *river.Job[upkeepArgs]) error {
	defer w.hand.hold(job.ID)()
	_, err := w.reschedule.Run(ctx)
	_, warned := w.warn.Run(ctx)
	if err = errors.Join(err, warned); err != nil {
		return errors.New(domain.Message(err)) // the log has the whole error
	}
	return nil
}
