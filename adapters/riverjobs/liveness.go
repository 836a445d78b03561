package riverjobs

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"
)

// liveness tells the other workers that this one is alive, and takes over the jobs of those that are not: River itself
// waits for a job's longest time, and measures it by this machine's clock. It also watches the clocks.
//
// All times are the database's. A worker that was stopped or cut off for longer than deadAfter loses its jobs; if it then
// goes on, what it has in hand is thrown away by the ingest, whose cursor has moved.
type liveness struct {
	db       *sql.DB
	id       string
	version  string
	interval time.Duration
	longest  time.Duration // no job may be due later than that from now
	log      *slog.Logger
	hand     hand
	clock    clock
	jumped   time.Duration // how far the database's clock jumped back, when it last did
	jumpedAt time.Time
	offset   time.Duration // the database's clock minus ours, as last complained about
}

const (
	beatInterval = 5 * time.Second
	deadAfter    = 20 * time.Second
	// beatTimeout is how long a beat may take: one that hangs must not keep the next from being tried.
	beatTimeout = 10 * time.Second
	// tolerance is how far off clocks may be without a word about it: as far as half a beat that took long.
	tolerance = 5 * time.Second
	// jumpBack is how far the database's clock must have jumped back for jobs to be brought forward. What is less delays
	// polls by no more than that, once.
	jumpBack = time.Minute
)

// run beats until ctx ends, and then says goodbye so that nobody waits for this worker.
func (l *liveness) run(ctx context.Context) {
	ticker := time.NewTicker(beatInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			_, _ = l.db.ExecContext(ctx, `DELETE FROM river.keybuzz_workers WHERE id = $1`, l.id) // it is forgotten all the same
			return
		case <-ticker.C:
			if err := l.beat(ctx); err != nil && ctx.Err() == nil {
				l.log.WarnContext(ctx, "worker could not say that it is alive", "error", err)
			}
		}
	}
}

// beat says that this worker is alive, and takes over what dead ones left.
func (l *liveness) beat(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, beatTimeout)
	defer cancel()
	var now time.Time
	var steady bool
	asked := time.Now()
	err := l.db.QueryRowContext(ctx, `
		WITH before AS (
			SELECT seen_at FROM river.keybuzz_workers WHERE id = $1
		), beat AS (
			INSERT INTO river.keybuzz_workers (id, version) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET seen_at = now()
		)
		SELECT clock_timestamp(), coalesce((SELECT seen_at FROM before) > now() - make_interval(secs => $3), false)`,
		l.id, l.version, 2*beatInterval.Seconds()).Scan(&now, &steady)
	if err != nil {
		return fmt.Errorf("beat: %w", err)
	}
	asked = asked.Add(time.Since(asked) / 2)
	l.watch(ctx, now.Sub(asked))
	if jump := l.clock.read(asked, now); jump < -jumpBack {
		// What was due before the jump is due that much later now. It takes a few beats until all workers know.
		l.jumped, l.jumpedAt = -jump, asked
	}
	longest := l.longest
	if l.jumped > 0 && time.Since(l.jumpedAt) < deadAfter {
		longest = min(longest, l.jumped/2)
	}
	if err := l.bringForward(ctx, longest); err != nil {
		return err
	}
	// When this worker could not beat for a while, the others could not either: the database was away. They get their time
	// to say that they are alive.
	if !steady {
		return nil
	}
	return l.takeOver(ctx)
}

// watch notes how far this machine's clock is off. Small differences are the network's.
func (l *liveness) watch(ctx context.Context, offset time.Duration) {
	if (l.offset - offset).Abs() <= tolerance {
		return
	}
	if l.offset = offset; offset.Abs() > tolerance {
		l.log.WarnContext(ctx, "this machine's clock is not the database's: set it right", "off_by", -offset)
	}
}

// bringForward makes the jobs due that a wrong clock put off for longer than longest, one after another within an interval.
func (l *liveness) bringForward(ctx context.Context, longest time.Duration) error {
	res, err := l.db.ExecContext(ctx, `
		UPDATE river.river_job SET state = 'available', scheduled_at = now() + random() * make_interval(secs => $3)
		WHERE state IN ('available', 'scheduled', 'retryable') AND scheduled_at > now() + make_interval(secs => $2) AND queue = $1 AND kind = $1`,
		pollQueue, longest.Seconds(), l.interval.Seconds())
	if err != nil {
		return fmt.Errorf("bring jobs forward: %w", err)
	}
	if n, err := res.RowsAffected(); err == nil && n > 0 {
		l.log.WarnContext(ctx, "jobs that a wrong clock put off are due", "count", n)
	}
	return nil
}

// ourQueues are the queues that hold jobs of ours, and the kinds of those jobs. A host may have its own client on the same
// tables: its jobs are never touched.
var ourQueues = []string{pollQueue, contextQueue, repliesQueue, upkeepQueue}

// takeOver makes the jobs of dead workers due, those that are said to be this worker's and are not, and those that whoever
// is at them cannot end.
func (l *liveness) takeOver(ctx context.Context) error {
	res, err := l.db.ExecContext(ctx, `
		UPDATE river.river_job j SET state = 'available', scheduled_at = now(),
			-- A job that ends its workers must not do so for ever: an attempt that died with one keeps counting.
			attempt = CASE WHEN attempted_by[array_upper(attempted_by, 1)] = $2 THEN greatest(attempt - 1, 0) ELSE attempt END
		WHERE state = 'running' AND attempted_at < now() - make_interval(secs => $1) AND queue = ANY ($5) AND kind = ANY ($5) AND (
			queue <> '`+upkeepQueue+`' AND attempted_at < now() - make_interval(secs => $4) OR id <> ALL ($3::bigint[]) AND NOT EXISTS (
				SELECT FROM river.keybuzz_workers w
				WHERE w.id = j.attempted_by[array_upper(j.attempted_by, 1)] AND w.id <> $2
					AND w.seen_at > now() - make_interval(secs => $1)))`,
		deadAfter.Seconds(), l.id, l.hand.held(), rescueAfter.Seconds(), ourQueues)
	if err != nil {
		return fmt.Errorf("take over jobs: %w", err)
	}
	if n, err := res.RowsAffected(); err == nil && n > 0 {
		l.log.WarnContext(ctx, "jobs that nobody was at are due again", "count", n)
	}
	_, err = l.db.ExecContext(ctx, `DELETE FROM river.keybuzz_workers WHERE seen_at < now() - interval '1 day'`)
	if err != nil {
		return fmt.Errorf("forget dead workers: %w", err)
	}
	return nil
}
