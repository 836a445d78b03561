package boot_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
	"github.com/keybuzzio/marketplaces/domain"
)

// chaos is sellers whose mails arrive, a database, and workers that read the ones into the other; between them the lines
// that a test can harm.
type chaos struct {
	base     *chaosBase
	db       *sql.DB // the superuser's, past all harm
	postgres *toxiproxy.Proxy
	imap     *toxiproxy.Proxy
	workers  []*chaosWorker
	settings []string
	dovecot  *mailtest.Server

	mu        sync.Mutex
	more      uint64 // times that there were more
	unsent    []mailtest.Mail
	delivered []mailtest.Mail
}

// chaosWorker is a worker process.
type chaosWorker struct {
	*process
	id string // as it signs its jobs
}

// chaosSellers read one mailbox each, which happens to be the same.
var chaosSellers = []string{"seller-1", "seller-2", "seller-3"}

// chaosMails are what arrives first, one after another; later there are more, for as long as a test takes.
var chaosMails = sync.OnceValue(func() []mailtest.Mail { return slices.Clip(moreMails(0)) })

func moreMails(n uint64) []mailtest.Mail { return mailtest.Buyers(mailboxMails(1100+n, 1000)) }

// mailsBefore are waiting when the workers start.
const mailsBefore = 20

// newChaos has two workers work on what arrives.
func newChaos(t *testing.T, alone, clock bool) *chaos {
	t.Helper()
	s := &chaos{base: openBase(t, alone), dovecot: mailtest.NewDovecot(t), unsent: chaosMails()}
	s.db = s.base.admin(t)
	if clock {
		s.exec(t, settableClock)
	}
	s.postgres = newLine(t, relay(t, s.base.socket()))
	s.imap = newLine(t, s.dovecot.Mailbox().Address())
	s.deliver(t, mailsBefore)
	mailbox, data := s.dovecot.Mailbox(), t.TempDir()
	mailbox.Port = port(t, s.imap.Listen)
	for _, name := range chaosSellers {
		connectMailbox(t, s.base.url.String(), data, name, mailbox)
	}
	s.settings = []string{
		"DATABASE_URL=" + s.base.through(s.postgres.Listen), "KEYBUZZ_DEV_MODE=true", "KEYBUZZ_DATA_DIR=" + data, "PORT=0",
		"LOG_FORMAT=text", "KEYBUZZ_AMAZON_POLL_INTERVAL_SECONDS=1", "KEYBUZZ_WORKER_CONCURRENCY=4",
		"KEYBUZZ_IMAP_IDLE=0", // watching schedules anew, from where turns are counted again
	}
	s.startWorker(t)
	s.startWorker(t)
	return s
}

// survive has a fault happen while mails arrive, and checks what is left of it. It returns how long it took from the end of
// the fault until all messages were stored.
func (s *chaos) survive(t *testing.T, f fault) time.Duration {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	before, arriving := s.deliveredSoFar(), make(chan struct{})
	defer func() {
		stop()
		<-arriving // also when the test ends early: who goes on after its end would end all tests
	}()
	go func() {
		defer close(arriving)
		s.arrive(t, ctx)
	}()
	s.storedSince(t, before)
	begun := time.Now()
	f.do(t, s)
	stop()
	<-arriving
	over := time.Now()
	s.eventually(t, "all that was delivered is stored", s.stored)
	recovery := time.Since(over)
	t.Logf("%s for %.1f s: all %d messages of each seller stored %.1f s later", f.name, over.Sub(begun).Seconds(), s.deliveredSoFar(), recovery.Seconds())
	s.check(t)
	return recovery
}

// startWorker starts a worker and waits until it is known to the others.
func (s *chaos) startWorker(t *testing.T) *chaosWorker {
	t.Helper()
	w := &chaosWorker{process: start(t, "worker", s.settings)}
	s.eventually(t, "the worker says that it is there", func(ctx context.Context) (bool, error) {
		if exited(w.process) {
			t.Fatal("the worker has ended")
		}
		var ids []string
		err := s.query(ctx, func(rows *sql.Rows) error {
			var id string
			err := rows.Scan(&id)
			ids = append(ids, id)
			return err
		}, `SELECT id FROM river.keybuzz_workers`)
		for _, known := range s.workers {
			ids = slices.DeleteFunc(ids, func(id string) bool { return id == known.id })
		}
		if len(ids) > 0 {
			w.id = ids[0]
		}
		return w.id != "", err
	})
	s.workers = append(s.workers, w)
	return w
}

// stopWorkers ends the workers that are left in good order. One that met a data race says so when it ends.
func (s *chaos) stopWorkers(t *testing.T) {
	t.Helper()
	for _, w := range s.workers {
		kill(t, w.Process.Pid, syscall.SIGTERM)
	}
	for _, w := range s.workers {
		if code := w.wait(t); code != 0 {
			t.Errorf("a worker ended with %d", code)
		}
	}
}

// arrive delivers mails until ctx ends.
func (s *chaos) arrive(t *testing.T, ctx context.Context) {
	t.Helper()
	for ticker := time.NewTicker(200 * time.Millisecond); ; {
		select {
		case <-ctx.Done():
			ticker.Stop()
			return
		case <-ticker.C:
			s.deliver(t, 2)
		}
	}
}

// deliver has the next n mails arrive at every seller.
func (s *chaos) deliver(t *testing.T, n int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.unsent) < n {
		s.more++
		s.unsent = append(s.unsent, moreMails(s.more)...)
	}
	s.dovecot.Deliver(t, s.unsent[:n]...)
	s.delivered = append(s.delivered, s.unsent[:n]...)
	s.unsent = s.unsent[n:]
}

func (s *chaos) deliveredSoFar() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.delivered)
}

// stored reports whether every seller has as many messages as were delivered.
func (s *chaos) stored(ctx context.Context) (bool, error) {
	delivered := s.deliveredSoFar()
	n, err := s.least(ctx)
	return n >= delivered, err
}

// least is how many messages the seller with the fewest has.
func (s *chaos) least(ctx context.Context) (n int, err error) {
	err = s.db.QueryRowContext(ctx, `
		SELECT coalesce(min(n), 0) FROM (SELECT count(e.id) AS n FROM marketplace.connections c
			LEFT JOIN marketplace.external_messages e ON e.connection_id = c.id GROUP BY c.id) AS each`).Scan(&n)
	return n, err
}

// storedSince waits until every seller has more messages than before.
func (s *chaos) storedSince(t *testing.T, before int) {
	t.Helper()
	s.eventually(t, "messages are stored", func(ctx context.Context) (bool, error) {
		n, err := s.least(ctx)
		return n > before, err
	})
}

// check holds what must be true when a fault is over.
func (s *chaos) check(t *testing.T) {
	t.Helper()
	s.checkMessages(t)
	begun := s.now(t)
	s.eventually(t, "every seller is polled again, by one job that is not stuck, and CONNECTED without a complaint", func(ctx context.Context) (bool, error) {
		wrong, err := s.unwell(ctx, begun)
		return wrong == "", err
	})
	s.checkMessages(t) // and polling again has doubled nothing
}

// checkMessages holds that each seller has each message once, with its place in a ticket and its event.
func (s *chaos) checkMessages(t *testing.T) {
	t.Helper()
	type message struct{ tenant, body string }
	have, want := map[message]int{}, map[message]int{}
	for _, tenant := range chaosSellers {
		for _, m := range s.delivered {
			want[message{tenant, m.Want.Body}]++
		}
	}
	err := s.query(t.Context(), func(rows *sql.Rows) error {
		var m message
		var tickets, events int
		err := rows.Scan(&m.tenant, &m.body, &tickets, &events)
		have[m]++
		if tickets != 1 || events != 1 {
			t.Errorf("a message of %s is %d ticket messages and %d events", m.tenant, tickets, events)
		}
		return err
	}, `SELECT e.tenant_id, coalesce(min(m.body), ''), count(DISTINCT m.id), count(DISTINCT v.id)
		FROM marketplace.external_messages e
		LEFT JOIN marketplace.ticket_messages m ON m.external_message_id = e.id AND m.ticket_id = e.ticket_id
		LEFT JOIN marketplace.ticket_events v ON v.ticket_message_id = m.id AND v.type = 'MESSAGE_RECEIVED'
		GROUP BY e.id, e.tenant_id`)
	if err != nil {
		t.Fatal(err)
	}
	for m, n := range want {
		if have[m] != n {
			t.Errorf("%s has a message %d times that was delivered %d times", m.tenant, have[m], n)
		}
	}
	if len(have) != len(want) {
		t.Errorf("%d different messages, %d were delivered", len(have), len(want))
	}
	var strays int
	err = s.db.QueryRowContext(t.Context(), `SELECT
		(SELECT count(*) FROM marketplace.ticket_messages m WHERE NOT EXISTS
			(SELECT FROM marketplace.external_messages e WHERE e.id = m.external_message_id AND e.ticket_id = m.ticket_id)) +
		(SELECT count(*) FROM marketplace.tickets k WHERE NOT EXISTS (SELECT FROM marketplace.ticket_messages m WHERE m.ticket_id = k.id)) +
		(SELECT count(*) FROM marketplace.rejected_messages)`).Scan(&strays)
	if err != nil || strays != 0 {
		t.Errorf("%d rows that belong to nothing, or were rejected; error %v", strays, err)
	}
}

// The bounds of a healthy job, as the database's clock tells: how long it may run, and how long it may be due without running.
const (
	longestRun = 15 * time.Second
	longestDue = 10 * time.Second
)

// unwell returns the first connection that is not as it should be.
func (s *chaos) unwell(ctx context.Context, begun time.Time) (wrong string, err error) {
	err = s.query(ctx, func(rows *sql.Rows) error {
		var tenant, status, complaint string
		var jobs, stuck int
		var polled bool
		if err := rows.Scan(&tenant, &status, &complaint, &polled, &jobs, &stuck); err != nil {
			return err
		}
		if status != string(domain.ConnectionConnected) || complaint != "" || !polled || jobs != 1 || stuck != 0 {
			wrong = fmt.Sprintf("%s: %s %q polled=%t jobs=%d stuck=%d", tenant, status, complaint, polled, jobs, stuck)
		}
		return nil
	}, `SELECT c.tenant_id, c.status, concat(c.last_error, s.last_error), s.updated_at > $1,
			count(j.id), count(j.id) FILTER (WHERE j.state = 'running' AND j.attempted_at < now() - make_interval(secs => $2)
				OR j.state <> 'running' AND j.scheduled_at NOT BETWEEN now() - make_interval(secs => $3) AND now() + interval '1 minute')
		FROM marketplace.connections c JOIN marketplace.sync_states s ON s.connection_id = c.id
		LEFT JOIN river.river_job j ON j.kind = 'poll' AND j.args ->> 'connection' = c.id::text AND j.state <> 'completed'
		GROUP BY c.id, s.id`, begun, longestRun.Seconds(), longestDue.Seconds())
	return wrong, err
}

// now is the database's time.
func (s *chaos) now(t *testing.T) (now time.Time) {
	t.Helper()
	if err := s.db.QueryRowContext(t.Context(), `SELECT clock_timestamp()`).Scan(&now); err != nil {
		t.Fatal(err)
	}
	return now
}

// query scans every row.
func (s *chaos) query(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// eventually waits until what is true. The database may be away meanwhile.
func (s *chaos) eventually(t *testing.T, what string, cond func(context.Context) (bool, error)) {
	t.Helper()
	for deadline := time.Now().Add(6 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		ok, err := cond(ctx)
		cancel()
		if ok && err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("never: %s (error %v)\n%s", what, err, s.describe(t))
		}
	}
}

// describe says how the sellers' jobs are.
func (s *chaos) describe(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	err := s.query(t.Context(), func(rows *sql.Rows) error {
		var line string
		err := rows.Scan(&line)
		b.WriteString(line + "\n")
		return err
	}, `SELECT now()::text UNION ALL
		SELECT concat_ws(' ', c.tenant_id, c.status, c.last_error, j.state, j.attempt, j.scheduled_at, j.attempted_at, j.attempted_by, j.metadata, j.errors)
		FROM marketplace.connections c LEFT JOIN river.river_job j ON j.args ->> 'connection' = c.id::text UNION ALL
		SELECT concat_ws(' ', id, seen_at) FROM river.keybuzz_workers`)
	return fmt.Sprint(b.String(), err)
}
