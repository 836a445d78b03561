package rawvault

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

const (
	// fresh is how long a ring is believed without a look at the database: as long as an erased key may go on working.
	fresh = time.Minute
	// maxRings is how many tenants' keys are kept in memory, some hundred bytes each.
	maxRings = 10_000
)

// ring is a tenant's keys that were not erased.
type ring struct {
	current domain.SourceKeyID
	keys    map[domain.SourceKeyID]key
	looked  time.Time
}

// rings keeps the keys of tenants in memory.
type rings struct {
	clock ports.Clock
	load  func(ctx context.Context, tenant domain.TenantID, have ring) (ring, error)
	one   singleflight.Group

	mu  sync.Mutex
	all map[domain.TenantID]ring
}

func newRings(clock ports.Clock, load func(context.Context, domain.TenantID, ring) (ring, error)) *rings {
	return &rings{clock: clock, load: load, all: map[domain.TenantID]ring{}}
}

// get returns the keys of a tenant, looked up within the last minute. Callers for one tenant wait for one look-up.
func (r *rings) get(ctx context.Context, tenant domain.TenantID) (ring, error) {
	r.mu.Lock()
	have := r.all[tenant]
	r.mu.Unlock()
	if age := r.clock.Now().Sub(have.looked); have.current != (domain.SourceKeyID{}) && age >= 0 && age < fresh {
		return have, nil
	}
	done := r.one.DoChan(tenant.String(), func() (any, error) {
		// One caller's leaving must not fail the others.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
		defer cancel()
		now := r.clock.Now()
		got, err := r.load(ctx, tenant, have)
		if err != nil {
			return ring{}, err
		}
		got.looked = now
		r.put(tenant, got)
		return got, nil
	})
	select {
	case <-ctx.Done():
		return ring{}, ctx.Err()
	case result := <-done:
		got, _ := result.Val.(ring)
		return got, result.Err
	}
}

// put keeps a ring; for one too many any other goes, whose tenant is looked up again.
func (r *rings) put(tenant domain.TenantID, got ring) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, there := r.all[tenant]; !there && len(r.all) >= maxRings {
		for other := range r.all {
			delete(r.all, other)
			break
		}
	}
	r.all[tenant] = got
}

// forget has the tenant's keys looked up with the next use, which does not wait for a look-up that is under way: that one may
// have seen less. What was read of the SecretStore is kept: keys never change.
func (r *rings) forget(tenant domain.TenantID) {
	r.one.Forget(tenant.String())
	r.mu.Lock()
	defer r.mu.Unlock()
	if have, there := r.all[tenant]; there {
		have.looked = time.Time{}
		r.all[tenant] = have
	}
}

// load reads which keys the tenant has, and those of them that have is without.
func (v *Vault) load(ctx context.Context, tenant domain.TenantID, have ring) (ring, error) {
	var listed []domain.SourceKey
	err := v.repo.View(ctx, tenant, func(ctx context.Context, tx ports.Tx) (err error) {
		listed, err = tx.SourceKeys.All(ctx)
		return err
	})
	if err != nil {
		return ring{}, err
	}
	got := ring{keys: make(map[domain.SourceKeyID]key, len(listed))}
	for _, l := range listed {
		k, there := have.keys[l.ID]
		if !there {
			if k, err = v.unwrap(ctx, l); err != nil {
				return ring{}, err
			}
		}
		got.keys[l.ID], got.current = k, l.ID
	}
	return got, nil
}
