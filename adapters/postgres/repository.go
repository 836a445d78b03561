// Package postgres is the Repository and the Directory on PostgreSQL 13 or later, through bun over pgx.
//
// Start at [Open] for the connection and at [Repository] for the transactions. Every transaction carries its tenant in
// the setting keybuzz.tenant, which row-level security holds every query to; lists name the tenant as well, so that an
// index serves them. What is read for people goes through bun; a page of messages gets in by intake.go, one
// INSERT … SELECT FROM unnest per table.
package postgres

import (
	"context"
	"database/sql"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Repository is a ports.Repository and a ports.Directory on a database that [Open] opened and migrations.Up prepared.
type Repository struct{ db *bun.DB }

var (
	_ ports.Repository = (*Repository)(nil)
	_ ports.Directory  = (*Repository)(nil)
)

// NewRepository returns the repository of db. It starts nothing; the caller closes db.
func NewRepository(db *sql.DB) *Repository {
	return &Repository{bun.NewDB(db, pgdialect.New())}
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
	return r.transact(ctx, opts, "keybuzz.tenant", tenant.String(), func(ctx context.Context, tx bun.Tx) error {
		return fn(ctx, ports.Tx{
			Connections: connections{tx, tenant},
			SyncStates:  syncStates{tx, tenant},
			Tickets:     tickets{tx, tenant},
			Intake:      intake{tx, tenant},
		})
	})
}

// transact runs fn in a transaction that has setting set to value. fn's error comes back as it is.
func (r *Repository) transact(ctx context.Context, opts *sql.TxOptions, setting, value string, fn func(context.Context, bun.Tx) error) error {
	tx, err := r.db.BeginTx(ctx, opts)
	if err != nil {
		return translate(ctx, "begin", err)
	}
	// After a commit this does nothing; it is for errors and panics.
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, "SELECT set_config(?, ?, true)", setting, value); err != nil {
		return translate(ctx, "set "+setting, err)
	}
	if err := fn(ctx, tx); err != nil {
		return err
	}
	return translate(ctx, "commit", tx.Commit())
}
