package app

import (
	"context"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// RetireAddress makes an inbound address refuse mail for good.
type RetireAddress struct {
	repo  ports.Repository
	clock ports.Clock
}

// RetireAddressCommand says who retires what.
type RetireAddressCommand struct {
	Tenant  domain.TenantID
	Address domain.InboundAddressID
	By      string // the token's subject, for the record
}

// Run retires the address and returns it. Running it again changes nothing and is not recorded again. domain.ErrNotFound if
// the tenant has no such address.
func (u *RetireAddress) Run(ctx context.Context, cmd RetireAddressCommand) (out domain.InboundAddressState, err error) {
	err = u.repo.Update(ctx, cmd.Tenant, func(ctx context.Context, tx ports.Tx) (err error) {
		out, err = retireAddress(ctx, tx, cmd.Address, cmd.By, u.clock.Now())
		return err
	})
	return out, err
}

// retireAddress retires one address and records who did.
func retireAddress(ctx context.Context, tx ports.Tx, id domain.InboundAddressID, by string, now time.Time) (domain.InboundAddressState, error) {
	a, err := tx.Addresses.Lock(ctx, id)
	if err != nil {
		return domain.InboundAddressState{}, err
	}
	if !a.Retire(now) {
		return a.State(), nil
	}
	if err := tx.Addresses.Save(ctx, a); err != nil {
		return domain.InboundAddressState{}, err
	}
	return a.State(), recordAddress(ctx, tx, domain.AuditAddressRetired, a.State(), domain.ActorAgent, by, now)
}
