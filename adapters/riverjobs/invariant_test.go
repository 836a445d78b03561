package riverjobs_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// A connection has a poll job if and only if it is CONNECTED, at every moment, while people connect, disconnect and ask for
// polls all at once, sources refuse now and then, and two engines work.
func TestConnectedIsWhatHasAJob(t *testing.T) {
	t.Parallel()
	const tenants, people, deeds = 6, 4, 60
	is := is.New(t)
	s := newStage(t, source(moody))
	for i := range tenants {
		s.connect(t, fmt.Sprintf("t%d", i))
	}
	s.work(t)
	s.work(t)
	var all sync.WaitGroup
	t.Cleanup(all.Wait) // also when the test ends early: who goes on after its end would end all tests
	for i := range tenants {
		for j := range people {
			all.Go(func() {
				s.meddle(t, tenant(t, fmt.Sprintf("t%d", i)), rand.New(rand.NewPCG(uint64(i), uint64(j))), deeds)
			})
		}
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		all.Wait()
	}()
	looks := 0
	for done := false; !done; looks++ {
		select {
		case <-over:
			done = true // and a last look
		default:
		}
		is.Equal(s.odd(t), "")
	}
	t.Logf("looked %d times", looks)
	before := s.turns(t)
	eventually(t, "who is CONNECTED is polled, or refused and then not CONNECTED", func() bool {
		is.Equal(s.odd(t), "")
		// Who failed again and again waits for minutes; nobody needs to do so here.
		_, err := s.db.ExecContext(t.Context(), `UPDATE river.river_job SET scheduled_at = now(), state = 'available'
			WHERE kind = 'poll' AND state IN ('available', 'scheduled', 'retryable') AND scheduled_at > now()`)
		is.NoErr(err)
		after := s.turns(t)
		for connection, n := range before {
			if m, ok := after[connection]; ok && m <= n {
				return false
			}
		}
		return true
	})
}

// moody is a source that refuses, fails, stalls or has nothing, as it likes.
func moody(ctx context.Context, _ domain.ConnectionState, _ string) iter.Seq2[ports.Page, error] {
	return func(yield func(ports.Page, error) bool) {
		select {
		case <-ctx.Done():
			yield(ports.Page{}, ctx.Err())
			return
		case <-time.After(time.Duration(rand.IntN(20)) * time.Millisecond):
		}
		switch rand.IntN(6) {
		case 0:
			yield(ports.Page{}, domain.Errorf(domain.ErrRejected, "the password is wrong"))
		case 1:
			yield(ports.Page{}, domain.Errorf(domain.ErrUnavailable, "the mail server is away"))
		}
	}
}

// meddle does whatever a tenant's people may do, so often.
func (s *stage) meddle(t *testing.T, who domain.TenantID, random *rand.Rand, times int) {
	t.Helper()
	for n := 0; n < times && t.Context().Err() == nil; n++ {
		var err error
		switch random.IntN(4) {
		case 0:
			_, err = s.Disconnect.Run(t.Context(), app.DisconnectCommand{Tenant: who, Marketplace: domain.Amazon})
		case 1:
			_, err = s.Sync.Run(t.Context(), app.SyncCommand{Tenant: who, Marketplace: domain.Amazon})
		case 2:
			_, err = s.Connect.Run(t.Context(), app.ConnectCommand{Tenant: who, Marketplace: domain.Amazon})
		default:
			_, err = s.SetMailbox.Run(t.Context(), app.SetMailboxCommand{
				Tenant: who, Marketplace: domain.Amazon,
				Mailbox: domain.Mailbox{Host: "imap.example.com", User: "seller", Password: domain.NewSecret("right")},
			})
		}
		var known *domain.Error // a refusal of the source, or nothing to poll: part of the game
		if err != nil && !errors.As(err, &known) && t.Context().Err() == nil {
			t.Error(err)
		}
	}
}

// odd returns the connections that are CONNECTED without one job, or have one otherwise, all at one moment.
func (s *stage) odd(t *testing.T) string {
	t.Helper()
	var found []string
	must(t, s.look(t, func(scan func(...any) error) error {
		var line string
		err := scan(&line)
		found = append(found, line)
		return err
	}, `SELECT concat_ws(' ', c.tenant_id, c.status, c.last_error, string_agg(j.state::text, ','))
		FROM marketplace.connections c
		LEFT JOIN river.river_job j ON j.kind = 'poll' AND j.args ->> 'connection' = c.id::text
			AND j.state NOT IN ('completed', 'cancelled', 'discarded')
		GROUP BY c.id HAVING count(j.id) <> CASE c.status WHEN 'CONNECTED' THEN 1 ELSE 0 END`))
	return strings.Join(found, "; ")
}

// turns is how often the job of each connection that has one was put off.
func (s *stage) turns(t *testing.T) map[string]int {
	t.Helper()
	all := map[string]int{}
	must(t, s.look(t, func(scan func(...any) error) error {
		var job string
		var n int
		err := scan(&job, &n)
		all[job] = n
		return err
	}, `SELECT id::text, coalesce((metadata ->> 'snoozes')::int, 0) FROM river.river_job
		WHERE kind = 'poll' AND state NOT IN ('completed', 'cancelled', 'discarded')`))
	return all
}

// look scans the rows that an operator sees.
func (s *stage) look(t *testing.T, row func(scan func(...any) error) error, query string) error {
	t.Helper()
	tx, err := s.db.BeginTx(t.Context(), nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(t.Context(), `SELECT set_config('keybuzz.operations', 'on', true)`); err != nil {
		return err
	}
	rows, err := tx.QueryContext(t.Context(), query)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
