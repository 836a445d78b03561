// Package postgres is the Repository, the Directory and the Operations on PostgreSQL 13 or later, through bun over pgx.
//
// Start at [Open] for the connection and at [Repository] for the transactions. Every transaction carries its tenant in
// the setting keybuzz.tenant, which row-level security holds every query to; lists name the tenant as well, so that an
// index serves them. What is read for people goes through bun; a page of messages gets in by intake.go, one
// INSERT … SELECT FROM unnest per table, all of them sent at once by batch.go.
package postgres

import (
	"context"
	"database/sql"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Repository is a ports.Repository, and a ports.Directory, ports.PollLedger, ports.Operations, ports.Routes, ports.PendingConsents
// and ports.UnarchivedSources over the same rows, on a database that [Open] opened and migrations.Up prepared.
type Repository struct {
	db   *bun.DB
	jobs JobsFunc
	book *pollBook

	bound bound
}

// JobsFunc gives a transaction of tenant its part of the queue. What it returns is used within the transaction only.
type JobsFunc func(tx *sql.Tx, tenant domain.TenantID) ports.Jobs

var (
	_ ports.Repository        = (*Repository)(nil)
	_ ports.Directory         = (*Repository)(nil)
	_ ports.PollLedger        = (*Repository)(nil)
	_ ports.Operations        = (*Repository)(nil)
	_ ports.Routes            = (*Repository)(nil)
	_ ports.UnarchivedSources = (*Repository)(nil)

	_ ports.PendingConsents = (*Repository)(nil)
)

// NewRepository returns the repository of db, with the queue of jobs. Where nothing works a queue, because every poll comes
// from a cron job, jobs is nil and jobs are forgotten. It starts nothing; the caller closes db. A pool whose role row-level
// security does not bind is refused by the first transaction: domain.ErrForbidden.
func NewRepository(db *sql.DB, jobs JobsFunc) *Repository {
	if jobs == nil {
		jobs = func(*sql.Tx, domain.TenantID) ports.Jobs { return noJobs{} }
	}
	r := &Repository{db: bun.NewDB(db, pgdialect.New()), jobs: jobs}
	r.book = newPollBook(r)
	return r
}

// noJobs forgets what it is told.
type noJobs struct{}

func (noJobs) Schedule(ctx context.Context, _ ports.JobKind, _ domain.ConnectionID, _ time.Time) error {
	return ctx.Err()
}
func (noJobs) Cancel(ctx context.Context, _ ports.JobKind, _ domain.ConnectionID) error {
	return ctx.Err()
}

// Update implements ports.Repository: a READ COMMITTED transaction.
func (r *Repository) Update(ctx context.Context, tenant domain.TenantID, fn ports.TxFunc) error {
	return r.run(ctx, tenant, nil, fn)
}

// View implements ports.Repository: a REPEATABLE READ transaction that is READ ONLY.
func (r *Repository) View(ctx context.Context, tenant domain.TenantID, fn ports.TxFunc) error {
	return r.run(ctx, tenant, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}, fn)
}

func (r *Repository) run(ctx context.Context, tenant domain.TenantID, opts *sql.TxOptions, fn ports.TxFunc) error {
	if tenant.IsZero() {
		return domain.Errorf(domain.ErrInvalid, "a transaction needs a tenant")
	}
	if err := r.bound.check(ctx, r.db.DB); err != nil {
		return err
	}
	conn, err := r.db.Conn(ctx)
	if err != nil {
		return translate(ctx, "connect", err)
	}
	defer func() { _ = conn.Close() }()
	return transact(ctx, conn, opts, "keybuzz.tenant", tenant.String(), func(ctx context.Context, tx bun.Tx) error {
		intake := intake{tx, tenant, conn.Conn, r.db}
		return fn(ctx, ports.Tx{
			Connections: connections{tx, tenant},
			SyncStates:  syncStates{tx, tenant},
			Polls:       polls{tx, tenant},
			Tickets:     tickets{intake},
			Pages:       intake,
			Jobs:        r.jobs(tx.Tx, tenant),
			Archive:     archive{intake},
			DeadLetters: rejects{intake},
			Audit:       audit{tx, tenant},
			Quarantine:  quarantine{intake},
			Addresses:   addresses{tx, tenant, r.db},
			Sources:     raws{intake},
			SourceKeys:  rawKeys{tx, tenant},

			Authorizations: authorizations{tx, tenant},
			Consents:       consents{tx, tenant},
			Orders:         orders{tx, tenant},
			Conversations:  conversations{intake},
			Replies:        replies{intake},
		})
	})
}

// transact runs fn in a transaction that has setting set to value. fn's error comes back as it is.
func (r *Repository) transact(ctx context.Context, opts *sql.TxOptions, setting, value string, fn func(context.Context, bun.Tx) error) error {
	if err := r.bound.check(ctx, r.db.DB); err != nil {
		return err
	}
	return transact(ctx, r.db, opts, setting, value, fn)
}

func transact(ctx context.Context, db interface {
	BeginTx(context.Context, *sql.TxOptions) (bun.Tx, error)
}, opts *sql.TxOptions, setting, value string, fn func(context.Context, bun.Tx) error,
) error {
	tx, err := db.BeginTx(ctx, opts)
	if err != nil {
		return translate(ctx, "begin", err)
	}
	// After a commit this does nothing; it is for errors and panics.
	defer func() { _ = tx.Rollback() }()
	set := "SELECT set_config($1, $2, true)"
	if opts == nil { // it writes
		set += plannedOnce
	}
	if _, err := tx.Tx.ExecContext(ctx, set, prepared(setting, value)...); err != nil {
		return translate(ctx, "set "+setting, err)
	}
	if err := fn(ctx, tx); err != nil {
		return err
	}
	return translate(ctx, "commit", tx.Commit())
}
