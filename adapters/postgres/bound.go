package postgres

import (
	"context"
	"database/sql"
	"sync/atomic"

	"github.com/keybuzzio/marketplaces/domain"
)

// bound makes sure, once, that row-level security binds the role that a pool acts as: tenants are never kept apart by good
// manners only. A pool that [Open] opened passes; one of a host's own may not.
type bound struct{ checked atomic.Bool }

// errUnbound says what to do about a pool that reads across tenants.
var errUnbound = domain.Errorf(domain.ErrForbidden,
	"this database login is a superuser or has BYPASSRLS, so tenants would not be kept apart: open the pool with postgres.Open, or log in as another role")

// check is errUnbound when row-level security does not bind the pool's role. What could not be found out is asked again the
// next time.
func (b *bound) check(ctx context.Context, db *sql.DB) error {
	if b.checked.Load() {
		return nil
	}
	var plain bool
	err := db.QueryRowContext(ctx, "SELECT NOT (rolsuper OR rolbypassrls) FROM pg_roles WHERE rolname = current_user").Scan(&plain)
	if err != nil {
		return translate(ctx, "read the role", err)
	}
	if !plain {
		return errUnbound
	}
	b.checked.Store(true)
	return nil
}
