package app

import (
	"context"
	"errors"
	"log/slog"
	"strconv"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// WarnExpiring warns of authorizations that end soon: the seller must consent again before.
type WarnExpiring struct {
	repo      ports.Repository
	directory ports.Directory
	clock     ports.Clock
	log       *slog.Logger
}

// Run walks the authorizations of all tenants that end soon, gives each warning of domain.WarnDays once, as an entry of the
// audit and a line of the log, and returns how many it gave. Running it again, or many at once, gives none twice. One that
// cannot be warned of is logged, does not stop the walk, and is part of the error.
func (u *WarnExpiring) Run(ctx context.Context) (warned int, err error) {
	now := u.clock.Now()
	var after domain.AuthorizationID
	var failed error
	for ctx.Err() == nil {
		refs, err := u.directory.Expiring(ctx, now, after, directoryPage)
		if err != nil {
			return warned, err
		}
		for _, ref := range refs {
			after = ref.ID
			done, err := u.warn(ctx, ref)
			if err != nil && ctx.Err() == nil {
				u.log.ErrorContext(ctx, "authorization not warned of", "tenant", ref.Tenant.String(), "connection", ref.Connection.String(), "error", err)
				failed = errors.Join(failed, err)
			}
			if done {
				warned++
			}
		}
		if len(refs) < directoryPage {
			break
		}
	}
	return warned, errors.Join(failed, ctx.Err())
}

// warn gives the warning that is due, if one is.
func (u *WarnExpiring) warn(ctx context.Context, ref ports.AuthorizationRef) (done bool, err error) {
	var days int
	var region string
	err = u.repo.Update(ctx, ref.Tenant, func(ctx context.Context, tx ports.Tx) error {
		days = 0
		if _, err := tx.Connections.Lock(ctx, ref.Connection); err != nil {
			return err
		}
		all, err := tx.Authorizations.Of(ctx, ref.Connection)
		if err != nil {
			return err
		}
		for _, a := range all {
			if a.State().ID != ref.ID {
				continue
			}
			now := u.clock.Now()
			if days = a.Warn(now); days == 0 {
				return nil
			}
			region = a.State().Region
			if err := tx.Authorizations.Save(ctx, a); err != nil {
				return err
			}
			return tx.Audit.Record(ctx, domain.AuditEntry{
				ID: domain.NewID[domain.AuditID](), Tenant: ref.Tenant, Action: domain.AuditExpiring, Subject: ref.Connection.String(),
				Actor: domain.ActorSystem, Cause: region + ": ends within " + strconv.Itoa(days) + " days", At: now,
			})
		}
		return nil
	})
	if err != nil || days == 0 {
		return false, err
	}
	u.log.WarnContext(ctx, "authorization ends soon: the seller must authorize us again", "tenant", ref.Tenant.String(),
		"connection", ref.Connection.String(), "region", region, "days", days)
	return true, nil
}
