// Package memory is the reference implementation of the stores: Repository, Directory, Queue, Operations, Routes,
// PendingConsents and UnarchivedSources ([Store]), a SecretStore ([SecretStore]), a SourceVault ([SourceVault]), an ObjectStore ([ObjectStore]),
// Leases ([Leases]) and a Clock that stands still until it is told ([Clock]). It is for unit tests, here and in programs that
// import this module: no database, no file, and as strict as the ports' contracts allow. What it holds is gone with the process.
package memory

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Store is a ports.Repository, and a ports.Directory, ports.Queue, ports.Operations, ports.Routes,
// ports.PendingConsents and ports.UnarchivedSources over the same rows. The Updates of a tenant take turns; its Views wait for nobody.
// Its jobs wait to be looked at: nothing works them. Beyond the contract it refuses what a database could not: to save what
// the transaction did not lock or look up, to store messages without the lock of their connection's sync state, and to
// schedule, cancel, or change an authorization without the connection's lock, all domain.ErrInvalid.
type Store struct {
	mu      sync.Mutex // guards tenants
	tenants map[domain.TenantID]*tenant
	made    atomic.Int64 // jobs, to number them
	routes  routes
}

var (
	_ ports.Repository        = (*Store)(nil)
	_ ports.Directory         = (*Store)(nil)
	_ ports.Queue             = (*Store)(nil)
	_ ports.Operations        = (*Store)(nil)
	_ ports.Routes            = (*Store)(nil)
	_ ports.UnarchivedSources = (*Store)(nil)

	_ ports.PendingConsents = (*Store)(nil)
)

// NewStore returns an empty store.
func NewStore() *Store {
	return &Store{tenants: map[domain.TenantID]*tenant{}, routes: routes{owners: map[string]route{}}}
}

// tenant is all rows of one tenant.
type tenant struct {
	turn      chan struct{}        // full while an Update runs
	committed atomic.Pointer[rows] // never changed, only replaced
}

func (s *Store) tenant(id domain.TenantID) (*tenant, error) {
	if id.IsZero() {
		return nil, domain.Errorf(domain.ErrInvalid, "a transaction needs a tenant")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tenants[id]
	if t == nil {
		t = &tenant{turn: make(chan struct{}, 1)}
		t.committed.Store(newRows())
		s.tenants[id] = t
	}
	return t, nil
}

// Update implements ports.Repository: fn works on a copy of the rows, which replaces them at the end.
func (s *Store) Update(ctx context.Context, id domain.TenantID, fn ports.TxFunc) error {
	t, err := s.tenant(id)
	if err != nil {
		return err
	}
	select {
	case t.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-t.turn }() // also when fn panics
	if err := ctx.Err(); err != nil {
		return err
	}
	x := &transaction{store: s, tenant: id, rows: t.committed.Load().clone(), locked: map[any]bool{}}
	if err := fn(ctx, x.ports()); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if x.broken != nil {
		return x.broken
	}
	return s.routes.claim(x.routes, func() { t.committed.Store(x.rows) })
}

// View implements ports.Repository: fn sees the rows as they are now.
func (s *Store) View(ctx context.Context, id domain.TenantID, fn ports.TxFunc) error {
	t, err := s.tenant(id)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	x := &transaction{store: s, tenant: id, rows: t.committed.Load(), view: true}
	return fn(ctx, x.ports())
}

// all returns the committed rows of every tenant.
func (s *Store) all() map[domain.TenantID]*rows {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[domain.TenantID]*rows, len(s.tenants))
	for id, t := range s.tenants {
		all[id] = t.committed.Load()
	}
	return all
}
