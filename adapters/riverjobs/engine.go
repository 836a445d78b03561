package riverjobs

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
)

// Options tune an Engine.
type Options struct {
	Workers  int           // polls at once; at least 1
	Interval time.Duration // the interval of the polls, which bounds how far off a job may be due
	Slice    time.Duration // how long a turn takes new pages before others have theirs; 5 s when 0
	Version  string        // of this program, for operators
	Trace    TraceFunc     // nil for no traces
	Log      *slog.Logger  // discarded when nil
}

// TraceFunc runs do, which is a job about a connection, where somebody watches. It returns do's error as it is.
type TraceFunc func(ctx context.Context, kind, tenant, connection string, do func(context.Context) error) error

// Engine works the jobs of the queue. Any number of engines, in one process or many, share the work: a job is worked by one
// of them at a time, the oldest due first.
type Engine struct {
	client   *river.Client[*sql.Tx]
	liveness *liveness
	log      *slog.Logger
}

// contextWorkers is how many connections' marketplaces are asked about their orders at once. They wait for the network most of
// their time, and for token buckets not at all: these put them off.
const contextWorkers = 16

// replyWorkers is how many connections' answers leave at once. Each sends its own one after the other, for a slice of time,
// then lets others have their turn: so no seller waits for another's backlog.
const replyWorkers = 16

// upkeepInterval is how often the connections are walked for missing poll jobs, besides at every start.
const upkeepInterval = 10 * time.Minute

// NewEngine returns an engine that works the jobs in db with the use cases of a. listener is a pool of one connection by
// which workers learn of new jobs at once. It starts nothing; the caller closes db and listener after Run has returned.
func NewEngine(db *sql.DB, listener *pgxpool.Pool, a *app.App, o Options) (*Engine, error) {
	log := cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	id := workerID()
	live := &liveness{db: db, id: id, version: o.Version, interval: o.Interval, longest: domain.Pace{Interval: o.Interval}.Longest(), log: log}
	if o.Trace == nil {
		o.Trace = func(ctx context.Context, _, _, _ string, do func(context.Context) error) error { return do(ctx) }
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &pollWorker{turns: a.PollTurn, slice: cmp.Or(o.Slice, 5*time.Second), hand: &live.hand, trace: o.Trace, log: log})
	river.AddWorker(workers, &contextWorker{turns: a.ContextTurn, slice: cmp.Or(o.Slice, 5*time.Second), hand: &live.hand, trace: o.Trace, log: log})
	river.AddWorker(workers, &repliesWorker{replies: a.SendReplies, slice: cmp.Or(o.Slice, 5*time.Second), hand: &live.hand, trace: o.Trace, log: log})
	river.AddWorker(workers, &upkeepWorker{reschedule: a.Reschedule, warn: a.WarnExpiring, hand: &live.hand})
	client, err := river.NewClient(riverdatabasesql.NewWithPgxListener(db, listener), &river.Config{
		ID: id, Schema: schema, Workers: workers, Logger: quiet(log), RetryPolicy: retryPolicy{&live.clock},
		FetchCooldown: fetchCooldown, FetchPollInterval: fetchPollInterval,
		Test:       river.TestConfig{Time: &live.clock}, // the one way to give it a clock
		JobTimeout: jobTimeout, RescueStuckJobsAfter: riverRescueAfter, CompletedJobRetentionPeriod: time.Hour,
		Queues: map[string]river.QueueConfig{pollQueue: {MaxWorkers: max(1, o.Workers)}, contextQueue: {MaxWorkers: contextWorkers}, repliesQueue: {MaxWorkers: replyWorkers}, upkeepQueue: {MaxWorkers: 1}},
		PeriodicJobs: []*river.PeriodicJob{river.NewPeriodicJob(
			river.PeriodicInterval(upkeepInterval),
			func() (river.JobArgs, *river.InsertOpts) { return upkeepArgs{}, nil },
			&river.PeriodicJobOpts{RunOnStart: true},
		)},
	})
	if err != nil {
		return nil, fmt.Errorf("prepare the engine: %w", err)
	}
	return &Engine{client, live, log}, nil
}

// workerID signs the jobs of this engine. No two engines share one, whatever machine they are on.
func workerID() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return host[:min(len(host), 60)] + "-" + uuid.NewString()[:8]
}

// Run works jobs until ctx ends, and returns when the jobs in hand have ended: pages under way are given up, which loses
// nothing. An error means that the engine could not start, in several attempts.
func (e *Engine) Run(ctx context.Context) error {
	beating, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	if err := e.patiently(ctx, e.liveness.beat); err != nil {
		return err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.liveness.run(beating)
	}()
	err := e.work(ctx)
	stop() // only now: until here this worker's jobs are its own
	<-done
	return err
}

// startAttempts is how often the engine tries to start, some half a minute in all: a database that is slow for a moment is no
// reason to end the process.
const startAttempts = 6

// patiently tries to start something until it works. It returns nil when ctx ends meanwhile.
func (e *Engine) patiently(ctx context.Context, start func(context.Context) error) error {
	for n := range startAttempts {
		err := start(ctx)
		if err == nil || ctx.Err() != nil {
			return nil
		}
		if n == startAttempts-1 {
			return fmt.Errorf("start the engine: %w", err)
		}
		e.log.WarnContext(ctx, "the engine does not start: it is tried again", "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second << n):
		}
	}
	return nil
}

// stopTimeout is how long the jobs in hand may take to give up.
const stopTimeout = 5 * time.Second

// work has the client work until ctx ends. The client does not get ctx itself: it still has to note how the last jobs ended.
func (e *Engine) work(ctx context.Context) error {
	working := context.WithoutCancel(ctx)
	if err := e.patiently(ctx, func(context.Context) error { return e.client.Start(working) }); err != nil {
		return err
	}
	<-ctx.Done()
	stopping, cancel := context.WithTimeout(working, stopTimeout)
	defer cancel()
	if err := e.client.StopAndCancel(stopping); err != nil {
		e.log.WarnContext(working, "jobs did not end in time: another worker takes them over", "error", err)
	}
	return nil
}
