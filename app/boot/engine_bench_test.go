package boot_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/rivertype"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
	"github.com/keybuzzio/marketplaces/adapters/riverjobs"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/app/boot"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// sellers is how many connections the engine is measured with.
const sellers = 100_000

// BenchmarkEngine has 100,000 sellers due at once at a source that answers at once and has nothing: what is left is the
// engine, the queue and the bookkeeping. The targets are 60 s for all of them by one process, within 150 MB, and a fair
// share each for two. Run it with -benchtime=1x.
func BenchmarkEngine(b *testing.B) {
	for _, processes := range []int{1, 2} {
		b.Run(fmt.Sprintf("%d processes", processes), func(b *testing.B) {
			for b.Loop() {
				benchmarkEngine(b, processes)
			}
		})
	}
}

func benchmarkEngine(b *testing.B, processes int) {
	url := pgtest.Durable(b)
	db := openPostgres(b, url)
	seedSellers(b, db, sellers)
	binary, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	before, begun := databaseTime(b, db), time.Now()
	var workers []*exec.Cmd
	var outs []*buffer
	var peaks []<-chan int
	for range processes {
		out := &buffer{}
		w := exec.CommandContext(b.Context(), binary)
		w.Env = []string{programVariable + "=" + instantProgram, "DATABASE_URL=" + url, "GOMEMLIMIT=64MiB"}
		w.Stdout, w.Stderr = out, os.Stderr
		if err := w.Start(); err != nil {
			b.Fatal(err)
		}
		workers, outs, peaks = append(workers, w), append(outs, out), append(peaks, watchMemory(w.Process.Pid))
	}
	left := sellers
	for deadline := begun.Add(10 * time.Minute); left > 0; time.Sleep(500 * time.Millisecond) {
		// How many there are does not matter until there are few: counting them all would cost more than working them.
		const few = `SELECT count(*) FROM (SELECT FROM river.river_job
			WHERE queue = 'poll' AND state IN ('available', 'running') AND NOT metadata ? 'snoozes' LIMIT 100) AS job`
		if err := db.QueryRowContext(b.Context(), few).Scan(&left); err != nil {
			b.Fatal(err)
		}
		if time.Now().After(deadline) {
			b.Fatalf("%d or more of %d were not polled", left, sellers)
		}
	}
	took := time.Since(begun)
	b.ReportMetric((databaseTime(b, db) - before).Seconds(), "cpu_database_s")
	for i, w := range workers {
		_ = w.Process.Signal(os.Interrupt)
		_ = w.Wait()
		polls, _ := strconv.Atoi(strings.TrimSpace(outs[i].String()))
		cpu := w.ProcessState.UserTime() + w.ProcessState.SystemTime()
		b.ReportMetric(100*float64(polls)/sellers, fmt.Sprintf("share_%d_%%", i+1))
		b.ReportMetric(cpu.Seconds(), fmt.Sprintf("cpu_%d_s", i+1))
		b.ReportMetric(float64(<-peaks[i])/1024, fmt.Sprintf("peak_%d_MB", i+1))
	}
	b.ReportMetric(took.Seconds(), "s_for_all")
	b.ReportMetric(sellers/took.Seconds(), "polls/s")
	b.ReportMetric(0, "ns/op")
}

// databaseTime is the processor's time that the database server has used, all its processes together (proc(5)).
func databaseTime(b *testing.B, db *sql.DB) time.Duration {
	b.Helper()
	var backend int
	if err := db.QueryRowContext(b.Context(), `SELECT pg_backend_pid()`).Scan(&backend); err != nil {
		b.Fatal(err)
	}
	postmaster := processStat(backend)[1]
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		b.Fatal(err)
	}
	var ticks int64
	for _, path := range stats {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		fields := processStat(pid)
		switch {
		case fields == nil: // it has ended
		case strconv.Itoa(pid) == postmaster: // with its children that have ended
			for _, f := range fields[11:15] {
				n, _ := strconv.ParseInt(f, 10, 64)
				ticks += n
			}
		case fields[1] == postmaster:
			for _, f := range fields[11:13] {
				n, _ := strconv.ParseInt(f, 10, 64)
				ticks += n
			}
		}
	}
	const tick = 10 * time.Millisecond // USER_HZ of Linux
	return time.Duration(ticks) * tick
}

// processStat returns what /proc says of a process behind its name: its state, its parent, and so on. nil if there is none.
func processStat(pid int) []string {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	return strings.Fields(string(line[bytes.LastIndexByte(line, ')')+1:]))
}

// instantProgram is a worker whose only source answers at once and has nothing. It prints how often it polled.
const instantProgram = "instant worker"

func instantWorker(ctx context.Context, _, _ []string, io boot.Streams) error {
	url := domain.NewSecret(os.Getenv("DATABASE_URL"))
	db, err := postgres.Open(ctx, url, postgres.Options{MaxConns: 20})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	listener, err := postgres.OpenListener(ctx, url)
	if err != nil {
		return err
	}
	defer listener.Close()
	queue, err := riverjobs.NewQueue(db, postgres.Translate)
	if err != nil {
		return err
	}
	repo := postgres.NewRepository(db, queue.In)
	var polls polledCounter
	a, err := app.New(app.Deps{
		Repository: repo, Directory: repo, PollLedger: repo, Queue: queue, Secrets: memory.NewSecretStore(), Sources: memory.NewSourceVault(), Mailboxes: anyMailbox{}, Observer: &polls,
		Clients: map[domain.MarketplaceType]ports.MarketplaceClient{domain.Amazon: noMessages{}},
	})
	if err != nil {
		return err
	}
	engine, err := riverjobs.NewEngine(db, listener, a, riverjobs.Options{Workers: 64, Interval: time.Minute})
	if err != nil {
		return err
	}
	err = engine.Run(ctx)
	_, _ = fmt.Fprintln(io.Out, polls.n.Load())
	return err
}

// polledCounter counts polls.
type polledCounter struct {
	ports.NoObserver
	n atomic.Int64
}

func (c *polledCounter) Polled(ports.Polled) { c.n.Add(1) }

// seedSellers stores n tenants with a connection and its poll job each, due now. Ids rise with time, as real ones do.
func seedSellers(b testing.TB, db *sql.DB, n int) {
	b.Helper()
	err := asOwner(b, db, func(tx *sql.Tx) error {
		for _, statement := range []string{
			`INSERT INTO marketplace.connections (id, tenant_id, type, status, source, created_at, updated_at)
				SELECT ('019ac000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, 'tenant-' || i, 'AMAZON', 'CONNECTED', 'MOCK', now(), now() FROM generate_series(1, ` + strconv.Itoa(n) + `) i`,
			`INSERT INTO marketplace.sync_states (id, tenant_id, connection_id, type)
				SELECT gen_random_uuid(), tenant_id, id, type FROM marketplace.connections`,
		} {
			if _, err := tx.Exec(statement); err != nil {
				return err
			}
		}
		return insertPolls(tx)
	})
	if err != nil {
		b.Fatal(err)
	}
	for _, statement := range []string{`ANALYZE marketplace.connections`, `ANALYZE marketplace.sync_states`, `ANALYZE river.river_job`} {
		if _, err := db.Exec(statement); err != nil {
			b.Fatal(err)
		}
	}
}

// storedPoll is a poll job as it is stored.
type storedPoll struct {
	Tenant     string `json:"tenant"`
	Connection string `json:"connection" river:"unique"`
}

func (storedPoll) Kind() string { return "poll" }

func (storedPoll) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: "poll", MaxAttempts: 8, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled,
	}}}
}

// insertPolls gives every connection its job.
func insertPolls(tx *sql.Tx) error {
	rows, err := tx.Query(`SELECT tenant_id, id::text FROM marketplace.connections`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	var jobs []river.InsertManyParams
	for rows.Next() {
		var p storedPoll
		if err := rows.Scan(&p.Tenant, &p.Connection); err != nil {
			return err
		}
		jobs = append(jobs, river.InsertManyParams{Args: p})
	}
	client, err := river.NewClient(riverdatabasesql.New(nil), &river.Config{Schema: "river"})
	if err != nil {
		return err
	}
	for len(jobs) > 0 {
		n := min(len(jobs), 5000)
		if _, err := client.InsertManyFastTx(context.Background(), tx, jobs[:n]); err != nil {
			return err
		}
		jobs = jobs[n:]
	}
	return rows.Err()
}

// asOwner runs fn in a transaction that sees all tenants, as nobody but the tables' owner can arrange.
func asOwner(t testing.TB, db *sql.DB, fn func(*sql.Tx) error) error {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	tables := []string{"connections", "sync_states"}
	for _, force := range []string{"NO FORCE", "FORCE"} {
		for _, table := range tables {
			if _, err := tx.Exec(`ALTER TABLE marketplace.` + table + ` ` + force + ` ROW LEVEL SECURITY`); err != nil {
				return err
			}
		}
		if force == "NO FORCE" {
			if err := fn(tx); err != nil {
				return err
			}
		}
	}
	return tx.Commit()
}

func openPostgres(t testing.TB, url string) *sql.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), domain.NewSecret(url), postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
