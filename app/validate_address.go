package app

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// ValidateAddress lets a seller prove that mail reaches an inbound address, before a buyer writes.
type ValidateAddress struct {
	repo  ports.Repository
	clock ports.Clock
}

// ValidateAddressCommand says whose address is to be proved.
type ValidateAddressCommand struct {
	Tenant  domain.TenantID
	Address domain.InboundAddressID
}

// Run gives the address a new code, good until its CodeExpires, and returns both. A mail to the address whose subject is
// domain.ValidationSubject of the code makes it VALIDATED. Running it again replaces the code. domain.ErrConflict if the
// address is not PENDING, domain.ErrNotFound if the tenant has no such address.
func (u *ValidateAddress) Run(ctx context.Context, cmd ValidateAddressCommand) (out domain.InboundAddressState, code string, err error) {
	err = u.repo.Update(ctx, cmd.Tenant, func(ctx context.Context, tx ports.Tx) error {
		a, err := tx.Addresses.Lock(ctx, cmd.Address)
		if err != nil {
			return err
		}
		if code, _, err = a.NewCode(u.clock.Now()); err != nil {
			return err
		}
		out = a.State()
		return tx.Addresses.Save(ctx, a)
	})
	if err != nil {
		return domain.InboundAddressState{}, "", err
	}
	return out, code, nil
}
