package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/keybuzzio/marketplaces/domain"
)

// SQLSTATE codes that mean something to callers (PostgreSQL manual, appendix A).
const (
	uniqueViolation      = "23505"
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	lockNotAvailable     = "55P03"
	readOnlyTransaction  = "25006"
	duplicateObject      = "42710"
	invalidText          = "22P02"
)

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
		return domain.Errorf(domain.ErrNotFound, "there is no such thing")
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		// Not the database's answer, so the line to it: refused, reset, closed, timed out.
		return domain.Wrap(domain.ErrUnavailable, err, "the database is not available (%s)", op)
	}
	switch {
	case pg.Code == uniqueViolation, pg.Code == serializationFailure, pg.Code == deadlockDetected:
		return domain.Wrap(domain.ErrConflict, err, "somebody else was first")
	case pg.Code == readOnlyTransaction:
		return domain.Wrap(domain.ErrInvalid, err, "a View does not write")
	case pg.Code == invalidText:
		return domain.Wrap(domain.ErrInvalid, err, "not an id")
	case pg.Code == lockNotAvailable, isOutage(pg.Code):
		return domain.Wrap(domain.ErrUnavailable, err, "the database is not available (%s)", op)
	}
	return fmt.Errorf("%s: %w", op, err)
}

// isOutage reports whether a SQLSTATE is of a class that passes: connections, authorization during start, resources,
// shutting down, disk.
func isOutage(code string) bool {
	for _, class := range []string{"08", "28", "3D", "53", "57", "58"} {
		if strings.HasPrefix(code, class) {
			return true
		}
	}
	return false
}
