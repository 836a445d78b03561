package app

import (
	"context"
	"errors"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// GetQuarantined shows a tenant one thing that is in quarantine.
type GetQuarantined struct {
	repo ports.Repository
	raws rawReader
}

// QuarantineQuery names something in a tenant's quarantine.
type QuarantineQuery struct {
	Tenant domain.TenantID
	ID     domain.QuarantineID
}

// Run returns it, and what today's code reads in it, with the raw as it came. What cannot be read is Unreadable and says
// why; one that was erased has no raw either. domain.ErrNotFound if it is not in the tenant's quarantine (any more). It
// changes nothing.
func (u *GetQuarantined) Run(ctx context.Context, q QuarantineQuery) (domain.Quarantined, domain.InboundMessage, error) {
	found, raw, err := u.Raw(ctx, q)
	if errors.Is(err, ErrErased) {
		return found, domain.InboundMessage{ReceivedAt: found.ReceivedAt, Unreadable: domain.Message(err)}, nil
	}
	if err != nil {
		return domain.Quarantined{}, domain.InboundMessage{}, err
	}
	return found, u.raws.read(ctx, found, raw), nil
}

// Source returns it as it came, without reading it. Errors as Run has, and [ErrErased].
func (u *GetQuarantined) Raw(ctx context.Context, q QuarantineQuery) (found domain.Quarantined, raw domain.Source, err error) {
	err = u.repo.View(ctx, q.Tenant, func(ctx context.Context, tx ports.Tx) (err error) {
		found, err = tx.Quarantine.Get(ctx, q.ID)
		return err
	})
	if err != nil {
		return domain.Quarantined{}, domain.Source{}, err
	}
	raw, err = u.raws.open(ctx, q.Tenant, found.Raw)
	return found, raw, err
}
