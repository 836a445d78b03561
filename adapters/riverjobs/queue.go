package riverjobs

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/rivertype"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Queue schedules jobs and shows them. It works none: that is the Engine's. It implements ports.Queue. Safe for concurrent
// use.
type Queue struct {
	db        *sql.DB
	client    *river.Client[*sql.Tx]
	translate Translate
}

var _ ports.Queue = (*Queue)(nil)

// NewQueue returns the queue of db, which migrations.Up has prepared. It starts nothing; the caller closes db.
func NewQueue(db *sql.DB, translate Translate) (*Queue, error) {
	client, err := river.NewClient(riverdatabasesql.New(db), &river.Config{
		Schema: schema, FetchCooldown: tellCooldown, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, fmt.Errorf("prepare the queue: %w", err)
	}
	return &Queue{db, client, translate}, nil
}

// In returns the queue within a transaction of tenant: jobs that exist only if it commits.
func (q *Queue) In(tx *sql.Tx, tenant domain.TenantID) ports.Jobs { return jobs{q, tx, tenant} }

// jobs implements ports.Jobs.
type jobs struct {
	queue  *Queue
	tx     *sql.Tx
	tenant domain.TenantID
}

// Schedule implements ports.Jobs.
func (j jobs) Schedule(ctx context.Context, kind ports.JobKind, c domain.ConnectionID, at time.Time) error {
	args, err := argsOf(kind, j.tenant.String(), c.String())
	if err != nil {
		return err
	}
	return j.schedule(ctx, args, c, at)
}

// Cancel implements ports.Jobs.
func (j jobs) Cancel(ctx context.Context, kind ports.JobKind, c domain.ConnectionID) error {
	args, err := argsOf(kind, "", "")
	if err != nil {
		return err
	}
	return j.cancel(ctx, args.Kind(), c)
}

// argsOf returns the arguments of a connection's job. ErrInvalid for a kind that this queue does not have: kinds are written
// into statements.
func argsOf(kind ports.JobKind, tenant, connection string) (river.JobArgs, error) {
	switch kind {
	case ports.JobPoll:
		return pollArgs{tenant, connection}, nil
	case ports.JobOrders:
		return contextArgs{tenant, connection}, nil
	case ports.JobReplies:
		return repliesArgs{tenant, connection}, nil
	}
	return nil, domain.Errorf(domain.ErrInvalid, "the queue has no jobs of kind %q", kind)
}

// schedule sees to it that there is a job with args, which is about c, due at at or before; the zero time is now.
func (j jobs) schedule(ctx context.Context, args river.JobArgs, c domain.ConnectionID, at time.Time) error {
	inserted, err := j.insert(ctx, args, at)
	// A job that was there already is locked now, so it stays in its state.
	if err != nil || !inserted.UniqueSkippedAsDuplicate || inserted.Job.State == rivertype.JobStateRunning {
		return err
	}
	if !at.IsZero() && !inserted.Job.ScheduledAt.After(at) {
		return nil
	}
	// Workers are told of new jobs at once, and find a changed one when they next look.
	if err := j.cancel(ctx, args.Kind(), c); err != nil {
		return err
	}
	_, err = j.insert(ctx, args, at)
	return err
}

func (j jobs) insert(ctx context.Context, args river.JobArgs, at time.Time) (*rivertype.JobInsertResult, error) {
	var opts *river.InsertOpts
	if at.After(time.Now()) {
		opts = &river.InsertOpts{ScheduledAt: at}
	}
	inserted, err := j.queue.client.InsertTx(ctx, j.tx, args, opts)
	if err != nil {
		return nil, j.queue.translate(ctx, "schedule "+args.Kind(), err)
	}
	if inserted.UniqueSkippedAsDuplicate || opts != nil {
		return inserted, nil
	}
	// A new job is due by the database's clock; River has taken this machine's.
	_, err = j.tx.ExecContext(ctx, `
		UPDATE river.river_job SET scheduled_at = now() WHERE id = $1 AND args ->> 'tenant' = $2`, inserted.Job.ID, j.tenant.String())
	return inserted, j.queue.translate(ctx, "schedule "+args.Kind(), err)
}

// cancel deletes the job also while it runs, which River's own operations do not. The worker's word that it has ended then
// changes no row. The kind is written out, as the condition of the index of poll jobs has it: that index is no use to a plan
// that is made for any kind.
func (j jobs) cancel(ctx context.Context, kind string, c domain.ConnectionID) error {
	_, err := j.tx.ExecContext(ctx, `
		DELETE FROM river.river_job
		WHERE kind = '`+kind+`' AND args ->> 'connection' = $1 AND args ->> 'tenant' = $2
			AND state NOT IN ('completed', 'cancelled', 'discarded')`, c.String(), j.tenant.String())
	return j.queue.translate(ctx, "cancel "+kind, err)
}
