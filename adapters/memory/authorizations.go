package memory

import (
	"cmp"
	"context"
	"slices"

	"github.com/keybuzzio/marketplaces/domain"
)

type authorizations struct{ *transaction }

func (x authorizations) Of(ctx context.Context, c domain.ConnectionID) ([]*domain.Authorization, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var all []*domain.Authorization
	for _, s := range x.rows.authorizations {
		if s.Connection != c {
			continue
		}
		a, err := domain.RestoreAuthorization(s)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b *domain.Authorization) int { return cmp.Compare(a.State().Region, b.State().Region) })
	return all, nil
}

func (x authorizations) Insert(ctx context.Context, a *domain.Authorization) error {
	if err := x.change(ctx); err != nil {
		return err
	}
	s := a.State()
	if _, there := x.rows.connections[s.Connection]; !there || s.Tenant != x.tenant {
		return errNone
	}
	if err := x.holds(connectionLock(s.Connection)); err != nil {
		return err
	}
	for _, other := range x.rows.authorizations {
		if other.Connection == s.Connection && other.Region == s.Region {
			return x.fail(domain.Errorf(domain.ErrConflict, "the connection has an authorization for this region already"))
		}
	}
	return x.fail(add(x.rows.authorizations, s.ID, copyAuthorization(s)))
}

func (x authorizations) Save(ctx context.Context, a *domain.Authorization) error {
	if err := x.change(ctx); err != nil {
		return err
	}
	s := a.State()
	was, there := x.rows.authorizations[s.ID]
	if !there {
		return errNone
	}
	if err := x.holds(connectionLock(was.Connection)); err != nil {
		return err
	}
	x.rows.authorizations[s.ID] = copyAuthorization(s)
	return nil
}

// regionKey is what participations are replaced by.
type regionKey struct {
	connection domain.ConnectionID
	region     string
}

func (x authorizations) Participations(ctx context.Context, c domain.ConnectionID) ([]domain.Participation, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var all []domain.Participation
	for key, some := range x.rows.participations {
		if key.connection == c {
			all = append(all, some...)
		}
	}
	slices.SortFunc(all, func(a, b domain.Participation) int {
		return cmp.Or(cmp.Compare(a.Country, b.Country), cmp.Compare(a.MarketplaceID, b.MarketplaceID), cmp.Compare(a.Region, b.Region))
	})
	return all, nil
}

func (x authorizations) SetParticipations(ctx context.Context, c domain.ConnectionID, region string, all []domain.Participation) error {
	if err := x.change(ctx); err != nil {
		return err
	}
	if _, there := x.rows.connections[c]; !there {
		return errNone
	}
	some, seen := make([]domain.Participation, 0, len(all)), map[string]bool{}
	for _, p := range all {
		if !seen[p.MarketplaceID] {
			p.Region, seen[p.MarketplaceID] = region, true
			some = append(some, p)
		}
	}
	x.rows.participations[regionKey{c, region}] = some
	return nil
}
