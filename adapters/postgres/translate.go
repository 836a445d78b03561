package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/keybuzzio/marketplaces/domain"
)

// SQLSTATE codes that mean something to callers (PostgreSQL manual, appendix A).
const (
	uniqueViolation      = "23505"
	foreignKeyViolation  = "23503"
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	lockNotAvailable     = "55P03"
	readOnlyTransaction  = "25006"
	duplicateObject      = "42710"
	invalidText          = "22P02"
	idleInTransaction    = "25P03"
)

// Translate gives a database error its kind. op says what was tried. It is for adapters that share the database.
func Translate(ctx context.Context, op string, err error) error { return translate(ctx, op, err) }

// translate gives a database error its kind. op says what was tried. It is the only place that knows SQLSTATEs. What
// it cannot name is a bug or a broken database, and stays without a kind.
func translate(ctx context.Context, op string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		// A cancelled statement fails in many ways; the reason is the context.
		return fmt.Errorf("%s: %w", op, ctx.Err())
	}
	if errors.Is(err, sql.ErrNoRows) {
		return errNone
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		if isLine(err) {
			return domain.Wrap(domain.ErrUnavailable, fmt.Errorf("%s: %w", op, err), "the database is not available")
		}
		return fmt.Errorf("%s: %w", op, err)
	}
	switch {
	case pg.Code == uniqueViolation, pg.Code == serializationFailure, pg.Code == deadlockDetected:
		return domain.Wrap(domain.ErrConflict, err, "somebody else was first")
	case pg.Code == readOnlyTransaction:
		return domain.Wrap(domain.ErrInvalid, err, "a View does not write")
	case pg.Code == invalidText:
		return domain.Wrap(domain.ErrInvalid, err, "not an id")
	case pg.Code == lockNotAvailable, isOutage(pg.Code):
		return domain.Wrap(domain.ErrUnavailable, fmt.Errorf("%s: %w", op, err), "the database is not available")
	}
	return fmt.Errorf("%s: %w", op, err)
}

// isLine reports whether the line to the database broke: refused, reset, closed, timed out.
func isLine(err error) bool {
	var network net.Error
	var connect *pgconn.ConnectError
	return errors.As(err, &network) || errors.As(err, &connect) || pgconn.SafeToRetry(err) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone)
}

// isOutage reports whether a SQLSTATE is of a class that passes: connections, authorization during start, resources,
// shutting down, disk, and a transaction that was left idle for too long.
func isOutage(code string) bool {
	for _, class := range []string{"08", "28", "3D", "53", "57", "58", idleInTransaction} {
		if strings.HasPrefix(code, class) {
			return true
		}
	}
	return false
}

// isForeignKey reports whether a row would have pointed at one that the tenant does not have.
func isForeignKey(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == foreignKeyViolation
}
