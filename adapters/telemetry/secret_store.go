package telemetry

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// SecretStore returns s with a span for every call. Neither a secret nor where it is kept is in one.
func (t *Tracing) SecretStore(s ports.SecretStore) ports.SecretStore {
	if t == nil {
		return s
	}
	return secretStore{t, s}
}

type secretStore struct {
	tracing *Tracing
	inner   ports.SecretStore
}

// Put implements ports.SecretStore.
func (s secretStore) Put(ctx context.Context, path domain.SecretPath, data domain.SecretData) error {
	ctx, span := s.tracing.call(ctx, "secret put")
	defer span.End()
	err := s.inner.Put(ctx, path, data)
	fail(span, err)
	return err
}

// Create implements ports.SecretStore.
func (s secretStore) Create(ctx context.Context, path domain.SecretPath, data domain.SecretData) error {
	ctx, span := s.tracing.call(ctx, "secret create")
	defer span.End()
	err := s.inner.Create(ctx, path, data)
	fail(span, err)
	return err
}

// Get implements ports.SecretStore.
func (s secretStore) Get(ctx context.Context, path domain.SecretPath) (domain.SecretData, error) {
	ctx, span := s.tracing.call(ctx, "secret get")
	defer span.End()
	data, err := s.inner.Get(ctx, path)
	fail(span, err)
	return data, err
}

// Delete implements ports.SecretStore.
func (s secretStore) Delete(ctx context.Context, path domain.SecretPath) error {
	ctx, span := s.tracing.call(ctx, "secret delete")
	defer span.End()
	err := s.inner.Delete(ctx, path)
	fail(span, err)
	return err
}
