// Package riverjobs is the queue: River (riverqueue.com/docs) on the same Postgres as everything else, in the schema river.
//
// Start at [Queue], which schedules polls in the repository's transactions and shows what waits, and at [Engine], which
// works them. A connection's poll job is one row for as long as the connection is CONNECTED: each turn of it puts it off
// until the next is due, so that there is never a second job nor a moment without one.
package riverjobs

import (
	"context"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// schema is where River's tables are; package migrations makes them.
const schema = "river"

// Each kind of job has a queue of its own. So an older binary, during a rolling deployment, takes no job of a kind that it
// does not know.
const (
	pollQueue    = "poll"
	contextQueue = "context"
	repliesQueue = "replies"
	upkeepQueue  = "upkeep"
)

// pollArgs name the connection to poll. The kind and the names in JSON are stored data: they never change, and what is
// added later must be able to be missing.
type pollArgs struct {
	Tenant     string `json:"tenant"`
	Connection string `json:"connection" river:"unique"`
}

// Kind implements river.JobArgs.
func (pollArgs) Kind() string { return "poll" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (pollArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{
		Queue: pollQueue, MaxAttempts: maxAttempts, UniqueOpts: onceUntilOver,
	}
}

// onceUntilOver allows one job of the same arguments until it is over.
var onceUntilOver = river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning,
	rivertype.JobStateScheduled,
}}

// contextArgs name the connection whose accounts and orders its marketplace is asked about. As with pollArgs, they are stored
// data.
type contextArgs struct {
	Tenant     string `json:"tenant"`
	Connection string `json:"connection" river:"unique"`
}

// Kind implements river.JobArgs.
func (contextArgs) Kind() string { return "context" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (contextArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: contextQueue, MaxAttempts: maxAttempts, UniqueOpts: onceUntilOver}
}

// repliesArgs name the connection whose answers leave. As with pollArgs, they are stored data.
type repliesArgs struct {
	Tenant     string `json:"tenant"`
	Connection string `json:"connection" river:"unique"`
}

// Kind implements river.JobArgs.
func (repliesArgs) Kind() string { return "replies" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (repliesArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: repliesQueue, MaxAttempts: maxAttempts, UniqueOpts: onceUntilOver}
}

// upkeepArgs have the connections walked for missing poll jobs, and authorizations that end soon warned of.
type upkeepArgs struct{}

// Kind implements river.JobArgs.
func (upkeepArgs) Kind() string { return "upkeep" }

// InsertOpts implements river.JobArgsWithInsertOpts. One walk at a time.
func (upkeepArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{
		Queue: upkeepQueue, MaxAttempts: 1, UniqueOpts: onceUntilOver,
	}
}

// fetchCooldown is the least time between two looks for jobs. tellCooldown is that of clients which insert: they tell workers of new
// jobs no more often. It is River's least: a worker may have looked by the time that a job comes of which it is not told, and then
// looks again after fetchPollInterval only.
const (
	fetchCooldown     = 10 * time.Millisecond
	fetchPollInterval = 500 * time.Millisecond
	tellCooldown      = river.FetchCooldownMin
)

// Translate gives a database error its kind: the repository's own translation, since both work on one database.
type Translate func(ctx context.Context, op string, err error) error

// quiet lets through what River has to say to operators, and not that it started.
func quiet(log *slog.Logger) *slog.Logger { return slog.New(atLeastWarn{log.Handler()}) }

type atLeastWarn struct{ slog.Handler }

// Enabled implements slog.Handler.
func (h atLeastWarn) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}

// WithAttrs implements slog.Handler.
func (h atLeastWarn) WithAttrs(attrs []slog.Attr) slog.Handler {
	return atLeastWarn{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h atLeastWarn) WithGroup(name string) slog.Handler {
	return atLeastWarn{h.Handler.WithGroup(name)}
}
