package memory

import (
	"context"
	"maps"
	"sync"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// SecretStore is a ports.SecretStore that forgets everything with the process.
type SecretStore struct {
	mu      sync.Mutex // guards entries
	entries map[domain.SecretPath]domain.SecretData
}

var _ ports.SecretStore = (*SecretStore)(nil)

// NewSecretStore returns an empty store.
func NewSecretStore() *SecretStore {
	return &SecretStore{entries: map[domain.SecretPath]domain.SecretData{}}
}

// Put implements ports.SecretStore.
func (s *SecretStore) Put(ctx context.Context, path domain.SecretPath, data domain.SecretData) error {
	if err := s.check(ctx, path); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries[path] = maps.Clone(data)
	return nil
}

// Create implements ports.SecretStore.
func (s *SecretStore) Create(ctx context.Context, path domain.SecretPath, data domain.SecretData) error {
	if err := s.check(ctx, path); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.entries[path]; there {
		return domain.Errorf(domain.ErrConflict, "there are secrets at this path already")
	}
	s.entries[path] = maps.Clone(data)
	return nil
}

// Get implements ports.SecretStore.
func (s *SecretStore) Get(ctx context.Context, path domain.SecretPath) (domain.SecretData, error) {
	if err := s.check(ctx, path); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	data, ok := s.entries[path]
	if !ok {
		return nil, domain.Errorf(domain.ErrNotFound, "there are no secrets at this path")
	}
	return maps.Clone(data), nil
}

// Delete implements ports.SecretStore.
func (s *SecretStore) Delete(ctx context.Context, path domain.SecretPath) error {
	if err := s.check(ctx, path); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.entries, path)
	return nil
}

func (s *SecretStore) check(ctx context.Context, path domain.SecretPath) error {
	if path == (domain.SecretPath{}) {
		return domain.Errorf(domain.ErrInvalid, "secrets need a path")
	}
	return ctx.Err()
}
