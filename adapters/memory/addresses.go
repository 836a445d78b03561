package memory

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"github.com/keybuzzio/marketplaces/domain"
)

type addresses struct{ *transaction }

func (x addresses) List(ctx context.Context, t domain.MarketplaceType) ([]*domain.InboundAddress, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var states []domain.InboundAddressState
	for _, s := range x.rows.addresses {
		if s.Type == t {
			states = append(states, s)
		}
	}
	slices.SortFunc(states, func(a, b domain.InboundAddressState) int {
		return cmp.Or(cmp.Compare(a.Country, b.Country), bytes.Compare(a.ID.UUID[:], b.ID.UUID[:]))
	})
	all := make([]*domain.InboundAddress, len(states))
	for i, s := range states {
		a, err := domain.RestoreInboundAddress(copyAddress(s))
		if err != nil {
			return nil, err
		}
		all[i] = a
	}
	return all, nil
}

func (x addresses) Lock(ctx context.Context, id domain.InboundAddressID) (*domain.InboundAddress, error) {
	if err := x.change(ctx); err != nil {
		return nil, err
	}
	s, there := x.rows.addresses[id]
	if !there {
		return nil, errNone
	}
	x.locked[addressLock(id)] = true
	return domain.RestoreInboundAddress(copyAddress(s))
}

func (x addresses) Insert(ctx context.Context, a *domain.InboundAddress) error {
	if err := x.change(ctx); err != nil {
		return err
	}
	s := a.State()
	if _, there := x.rows.connections[s.Connection]; !there || s.Tenant != x.tenant {
		return errNone
	}
	for _, other := range x.rows.addresses {
		live := s.Status != domain.AddressRetired && other.Status != domain.AddressRetired
		if live && other.Connection == s.Connection && other.Country == s.Country {
			return x.fail(domain.Errorf(domain.ErrConflict, "the connection has an address for this country already"))
		}
		if other.Address == s.Address {
			return x.fail(errThere)
		}
	}
	if x.store.routes.owner(s.Address) != (route{}) {
		return x.fail(errThere)
	}
	if err := add(x.rows.addresses, s.ID, copyAddress(s)); err != nil {
		return x.fail(err)
	}
	x.routes = append(x.routes, s)
	x.locked[addressLock(s.ID)] = true
	return nil
}

func (x addresses) Save(ctx context.Context, a *domain.InboundAddress) error {
	if err := x.change(ctx); err != nil {
		return err
	}
	s := a.State()
	if _, there := x.rows.addresses[s.ID]; !there {
		return errNone
	}
	if err := x.holds(addressLock(s.ID)); err != nil {
		return err
	}
	x.rows.addresses[s.ID] = copyAddress(s)
	return nil
}
