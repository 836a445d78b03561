package memory

import (
	"context"
	"slices"
	"sync"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// ObjectStore is a ports.ObjectStore that forgets everything with the process.
type ObjectStore struct {
	mu      sync.Mutex // guards objects
	objects map[string][]byte
}

var _ ports.ObjectStore = (*ObjectStore)(nil)

// NewObjectStore returns an empty store.
func NewObjectStore() *ObjectStore { return &ObjectStore{objects: map[string][]byte{}} }

// Put implements ports.ObjectStore.
func (s *ObjectStore) Put(ctx context.Context, name string, content []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[name] = slices.Clone(content)
	return nil
}

// Get implements ports.ObjectStore.
func (s *ObjectStore) Get(ctx context.Context, name string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	content, there := s.objects[name]
	if !there {
		return nil, domain.Errorf(domain.ErrNotFound, "there is no object of this name")
	}
	return slices.Clone(content), nil
}

// Delete implements ports.ObjectStore.
func (s *ObjectStore) Delete(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.objects, name)
	return nil
}
