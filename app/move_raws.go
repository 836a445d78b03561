package app

import (
	"context"
	"errors"
	"log/slog"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// MoveRaws moves sealed raws from the database to the object store. Accepting a message never waits for the object store:
// the database takes it first.
type MoveRaws struct {
	repo    ports.Repository
	held    ports.UnarchivedSources
	objects ports.ObjectStore
	log     *slog.Logger
}

// How many raws, and of how many bytes, are moved between two looks at the database, and tenants are listed at once.
const (
	movePage    = 200
	moveBytes   = 8 << 20
	moveTenants = 500
)

// Run moves all that is there, tenant by tenant, and returns how many raws it moved. A raw leaves the database when the
// object store has it. Killed anywhere it loses nothing: what was put and not yet noted is put again by the next run, under
// the same name. Many may run at once.
//
// One tenant's failure does not stop the others; the errors come together at the end. domain.ErrForbidden where raws stay
// in the database.
func (u *MoveRaws) Run(ctx context.Context) (moved int, err error) {
	if u.held == nil || u.objects == nil {
		return 0, domain.Errorf(domain.ErrForbidden, "no object store is set: raws stay in the database")
	}
	for after := ""; ; {
		tenants, listErr := u.held.WithUnarchived(ctx, after, moveTenants)
		if listErr != nil {
			return moved, errors.Join(err, listErr)
		}
		for _, tenant := range tenants {
			n, moveErr := u.tenant(ctx, tenant)
			moved += n
			if ctx.Err() != nil {
				return moved, ctx.Err()
			}
			if moveErr != nil {
				u.log.WarnContext(ctx, "raws not moved", "tenant", tenant.String(), "error", moveErr)
				err = errors.Join(err, moveErr)
			}
		}
		if len(tenants) < moveTenants {
			return moved, err
		}
		after = tenants[len(tenants)-1].String()
	}
}

// tenant moves the raws of one tenant.
func (u *MoveRaws) tenant(ctx context.Context, tenant domain.TenantID) (moved int, err error) {
	for {
		var raws []domain.StoredSource
		err := u.repo.View(ctx, tenant, func(ctx context.Context, tx ports.Tx) (err error) {
			raws, err = tx.Sources.Unarchived(ctx, movePage, moveBytes)
			return err
		})
		if err != nil || len(raws) == 0 {
			return moved, err
		}
		for _, raw := range raws {
			if err := u.objects.Put(ctx, raw.ObjectName(tenant), raw.Bytes); err != nil {
				return moved, err
			}
		}
		err = u.repo.Update(ctx, tenant, func(ctx context.Context, tx ports.Tx) error { return tx.Sources.Moved(ctx, raws) })
		if err != nil {
			return moved, err
		}
		moved += len(raws)
	}
}
