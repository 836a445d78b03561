package memory

import (
	"context"
	"sync"

	"github.com/keybuzzio/marketplaces/domain"
)

// routes are the names of all tenants' inbound addresses: what keeps them unique across tenants.
type routes struct {
	mu     sync.Mutex // guards owners
	owners map[string]route
}

// route is an address that is somebody's.
type route struct {
	tenant domain.TenantID
	id     domain.InboundAddressID
}

// owner returns whose an address is, the zero route for nobody's.
func (r *routes) owner(address string) route {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.owners[address]
}

// claim makes addresses somebody's, all of them or none, and runs commit when it has.
func (r *routes) claim(addresses []domain.InboundAddressState, commit func()) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range addresses {
		if _, there := r.owners[a.Address]; there {
			return errThere
		}
	}
	for _, a := range addresses {
		r.owners[a.Address] = route{a.Tenant, a.ID}
	}
	commit()
	return nil
}

// Route implements ports.Routes.
func (s *Store) Route(ctx context.Context, address string) (domain.InboundAddressState, error) {
	if err := ctx.Err(); err != nil {
		return domain.InboundAddressState{}, err
	}
	owner := s.routes.owner(address)
	if owner == (route{}) {
		return domain.InboundAddressState{}, errNone
	}
	return copyAddress(s.committed(owner.tenant).addresses[owner.id]), nil
}
