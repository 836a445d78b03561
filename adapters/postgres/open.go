package postgres

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/keybuzzio/marketplaces/domain"
)

// Options tune the connections to the database. The zero value is right for a server.
type Options struct {
	MaxConns int // connections at most; 10 when 0
}

// plainRole is what a login that row-level security does not bind (a superuser) becomes.
const plainRole = "keybuzz_marketplaces"

// Open opens the database at url, a postgres:// URL or a key=value string, and waits until it answers.
//
// Row-level security does not bind superusers. A login that is one acts as the owner of the schema instead, or as the
// role keybuzz_marketplaces, made here if need be, so that no tenant is ever protected by good manners only. domain.ErrInvalid if url cannot be
// understood; domain.ErrUnavailable if the database does not answer. Neither holds the URL, which may have a password.
func Open(ctx context.Context, url domain.Secret, o Options) (*sql.DB, error) {
	config, err := parse(url)
	if err != nil {
		return nil, err
	}
	// bun writes values into its statements, so a statement is never the same twice and preparing it only fills the
	// server's memory.
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	if err := demote(ctx, config); err != nil {
		return nil, err
	}
	db := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(prepareSession))
	maxConns := o.MaxConns
	if maxConns == 0 {
		maxConns = 10
	}
	db.SetMaxOpenConns(maxConns)
	db.SetMaxIdleConns(maxConns)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return db, nil
}

// OpenListener opens a pool for one connection that listens to what the database announces, with the same role as [Open]
// gives. It dials when it is first used.
func OpenListener(ctx context.Context, url domain.Secret) (*pgxpool.Pool, error) {
	conn, err := parse(url)
	if err != nil {
		return nil, err
	}
	// Not the URL again: pgx's errors may quote it.
	config, err := pgxpool.ParseConfig("")
	if err != nil {
		return nil, translate(ctx, "prepare the listener", err)
	}
	config.ConnConfig, config.MaxConns, config.AfterConnect = conn, 1, prepareSession
	pool, err := pgxpool.NewWithConfig(ctx, config)
	return pool, translate(ctx, "open the listener", err)
}

// CheckURL is the part of [Open] that calls nobody: domain.ErrInvalid if url cannot be understood.
func CheckURL(url domain.Secret) error {
	_, err := parse(url)
	return err
}

func parse(url domain.Secret) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(url.Reveal())
	if err != nil {
		// pgx's error may quote the URL.
		return nil, domain.Errorf(domain.ErrInvalid, "DATABASE_URL is not understood: give postgres://user:password@host:5432/database")
	}
	return config, nil
}

// demote sees to it, once, that a login which row-level security does not bind has a role to act as.
func demote(ctx context.Context, config *pgx.ConnConfig) error {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return translate(ctx, "connect", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	role, err := actAs(ctx, conn)
	if err != nil || role != plainRole {
		return translate(ctx, "read the role", err)
	}
	var there bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", plainRole).Scan(&there); err != nil || there {
		return translate(ctx, "read the role", err)
	}
	for _, statement := range []string{
		"CREATE ROLE " + plainRole + " NOLOGIN NOSUPERUSER NOBYPASSRLS",
		"GRANT CREATE ON DATABASE " + pgx.Identifier{config.Database}.Sanitize() + " TO " + plainRole,
	} {
		var pg *pgconn.PgError
		if _, err := conn.Exec(ctx, statement); err != nil {
			if errors.As(err, &pg) && (pg.Code == duplicateObject || pg.Code == uniqueViolation || pg.Message == "tuple concurrently updated") {
				continue // another process was first
			}
			return translate(ctx, "make role "+plainRole, err)
		}
	}
	return nil
}

// prepareSession makes a new connection safe: no superuser, and no transaction that a stopped process holds for ever. jit is
// off: compiling takes longer than our statements, and a plan that plannedOnce discourages would look costly enough for it.
func prepareSession(ctx context.Context, conn *pgx.Conn) error {
	role, err := actAs(ctx, conn)
	if err != nil {
		return err
	}
	settings := "SET idle_in_transaction_session_timeout = '30s'; SET lock_timeout = '30s'; SET jit = off"
	if role != "" {
		settings += "; SET ROLE " + pgx.Identifier{role}.Sanitize()
	}
	_, err = conn.Exec(ctx, settings)
	return err
}

// actAs returns which role the session must act as so that row-level security binds it: "" when it does already, else the
// schema's owner, else plainRole.
func actAs(ctx context.Context, conn *pgx.Conn) (role string, err error) {
	err = conn.QueryRow(ctx, `
		WITH plain AS (SELECT oid, rolname FROM pg_roles WHERE NOT (rolsuper OR rolbypassrls))
		SELECT CASE WHEN EXISTS (SELECT FROM plain WHERE rolname = current_user) THEN '' ELSE coalesce(
			(SELECT rolname FROM plain JOIN pg_namespace ON nspowner = plain.oid WHERE nspname = 'marketplace'), $1) END`,
		plainRole).Scan(&role)
	return role, err
}
