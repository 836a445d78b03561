package postgres

import (
	"context"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// pollBook is the ports.PollLedger. At 100,000 sellers a minute most of what the database is asked is where a poll begins and
// that it found nothing; a transaction for each of these would cost more than everything else together.
//
// Its transactions name the tenants of all calls that they serve in the setting keybuzz.tenants, and row-level security
// holds them to these. Every look-up names its connection's tenant besides.
type pollBook struct {
	begin coalescer[pollKey, found]
	end   coalescer[pollEnd, bool]
}

type pollKey struct {
	tenant domain.TenantID
	id     domain.ConnectionID
}

type pollEnd struct {
	began ports.PollState
	now   time.Time
}

// found is a poll's beginning, or why there is none.
type found struct {
	state ports.PollState
	err   error
}

const (
	// pollBatch bounds what one statement of the book carries.
	pollBatch = 200
	// pollBookTimeout bounds a statement of the book, which all callers in it wait for.
	pollBookTimeout = 30 * time.Second
)

func newPollBook(r *Repository) *pollBook {
	return &pollBook{
		begin: coalescer[pollKey, found]{most: pollBatch, run: r.beginPolls},
		end:   coalescer[pollEnd, bool]{most: pollBatch, run: r.endPolls},
	}
}

// BeginPoll implements ports.PollLedger.
func (r *Repository) BeginPoll(ctx context.Context, tenant domain.TenantID, id domain.ConnectionID) (ports.PollState, error) {
	if tenant.IsZero() {
		return ports.PollState{}, domain.Errorf(domain.ErrInvalid, "a poll needs a tenant")
	}
	f, err := r.book.begin.do(ctx, pollKey{tenant, id})
	if err != nil {
		return ports.PollState{}, err
	}
	return f.state, f.err
}

// EndPoll implements ports.PollLedger.
func (r *Repository) EndPoll(ctx context.Context, began ports.PollState, now time.Time) (saved bool, err error) {
	if began.Connection.Tenant.IsZero() {
		return false, domain.Errorf(domain.ErrInvalid, "a poll needs a tenant")
	}
	return r.book.end.do(ctx, pollEnd{began, now})
}

func (r *Repository) beginPolls(ctx context.Context, keys []pollKey) ([]found, error) {
	at := make(map[pollKey]int, len(keys))
	ids, tenants := make([]string, len(keys)), make([]string, len(keys))
	for i, key := range keys {
		at[key], ids[i], tenants[i] = i, key.id.String(), key.tenant.String()
	}
	all := make([]found, len(keys))
	for i := range all {
		all[i].err = errNone
	}
	err := r.bookkeeping(ctx, tenants, func(ctx context.Context, tx bun.Tx) error {
		// One look-up a key, from an index, whatever the statistics say: see intake.go.
		rows, err := tx.Tx.QueryContext(ctx, `
			SELECT stored.* FROM unnest($1::uuid[], $2::text[]) AS key (id, tenant), LATERAL (
				SELECT `+pollColumns+` FROM marketplace.sync_states s JOIN marketplace.connections c ON c.id = s.connection_id
				WHERE s.connection_id = key.id AND c.id = key.id AND c.tenant_id || '' = key.tenant LIMIT 1) AS stored`,
			prepared(ids, tenants)...)
		if err != nil {
			return translate(ctx, "begin polls", err)
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var row pollRow
			if err := rows.Scan(row.columns()...); err != nil {
				return translate(ctx, "begin polls", err)
			}
			key, f := row.found()
			all[at[key]] = f // one that cannot be read is its own caller's trouble, not the others'
		}
		return translate(ctx, "begin polls", rows.Err())
	})
	// The same connection may be asked for twice.
	for i, key := range keys {
		all[i] = all[at[key]]
	}
	return all, err
}

// found returns whose row it is, and what it says.
func (r *pollRow) found() (pollKey, found) {
	var key pollKey
	var err error
	if key.id, err = domain.ParseID[domain.ConnectionID](r.id); err != nil {
		return key, found{err: err}
	}
	if key.tenant, err = domain.ParseTenantID(r.tenant); err != nil {
		return key, found{err: err}
	}
	conn, s, err := r.restore()
	if err != nil {
		return key, found{err: err}
	}
	return key, found{state: ports.PollState{Connection: conn.State(), Sync: s.State()}}
}

// endPolls notes the ends of polls that nobody has touched or locked since they began. Both rows are locked before they are
// compared, as they are by then, and none is waited for.
func (r *Repository) endPolls(ctx context.Context, ends []pollEnd) ([]bool, error) {
	n := len(ends)
	ids, tenants, cursors := make([]string, n), make([]string, n), make([]string, n)
	updated, polled, now := make([]time.Time, n), make([]*time.Time, n), make([]time.Time, n)
	for i, e := range ends {
		ids[i], tenants[i], cursors[i] = e.began.Connection.ID.String(), e.began.Connection.Tenant.String(), e.began.Sync.Cursor
		updated[i], now[i] = e.began.Connection.UpdatedAt, e.now
		if !e.began.Sync.LastPolledAt.IsZero() {
			polled[i] = &ends[i].began.Sync.LastPolledAt
		}
	}
	saved := make(map[string]bool, n)
	err := r.bookkeeping(ctx, tenants, func(ctx context.Context, tx bun.Tx) error {
		rows, err := tx.Tx.QueryContext(ctx, `
			WITH key AS MATERIALIZED (
				SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::text[], $5::timestamptz[], $6::timestamptz[])
					AS key (id, tenant, updated_at, cursor, polled_at, now)
			), free AS MATERIALIZED (
				SELECT key.id, key.now FROM key, LATERAL (
					SELECT FROM marketplace.sync_states s JOIN marketplace.connections c ON c.id = s.connection_id
					WHERE s.connection_id = key.id AND c.id = key.id AND c.tenant_id || '' = key.tenant
						AND c.updated_at = key.updated_at AND coalesce(s.cursor, '') = key.cursor
						AND s.last_polled_at IS NOT DISTINCT FROM key.polled_at
					LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED) AS same
			), s AS (
				UPDATE marketplace.sync_states s
				SET last_polled_at = free.now, last_success_at = free.now, last_error = NULL, failures = 0, updated_at = now()
				FROM free WHERE s.connection_id = free.id
			), c AS (
				UPDATE marketplace.connections c SET last_sync_at = free.now, last_error = NULL, updated_at = free.now
				FROM free WHERE c.id = free.id
			)
			SELECT id::text FROM free`,
			prepared(ids, tenants, updated, cursors, polled, now)...)
		if err != nil {
			return translate(ctx, "end polls", err)
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				return translate(ctx, "end polls", err)
			}
			saved[id] = true
		}
		return translate(ctx, "end polls", rows.Err())
	})
	all := make([]bool, n)
	for i, id := range ids {
		all[i] = saved[id]
	}
	return all, err
}

// bookkeeping runs fn in a transaction that sees the connections of tenants.
func (r *Repository) bookkeeping(ctx context.Context, tenants []string, fn func(context.Context, bun.Tx) error) error {
	limited, cancel := context.WithTimeout(ctx, pollBookTimeout)
	defer cancel()
	err := r.transact(limited, nil, "keybuzz.tenants", strings.Join(tenants, ","), fn)
	if err != nil && limited.Err() != nil && ctx.Err() == nil { // no caller's time is up: the database hangs
		return domain.Wrap(domain.ErrUnavailable, err, "the database is not available")
	}
	return err
}
