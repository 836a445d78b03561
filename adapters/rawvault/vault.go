// Package rawvault seals messages as they came, and opens them again: compressed with zstd (RFC 8878) and encrypted with
// AES-256-GCM under a key of the tenant's own. Start at [New].
//
// It is envelope encryption. A tenant's key is 32 random bytes in the SecretStore, wrapped with the master key, which is
// there too; the database says only where. So deleting a tenant's key makes all its messages unreadable, in every backup
// of the database and of the object store as well.
package rawvault

import (
	"context"
	"errors"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Options tune a Vault. The zero value is fit for production.
type Options struct {
	Objects ports.ObjectStore // where raws are that were moved out of the database; nil where none were
	Clock   ports.Clock       // the system's clock when nil
}

// Vault is the ports.SourceVault over a Repository, which knows the keys, and a SecretStore, which has them. A key is made when
// a tenant's first message comes, the master key when the first tenant's does.
//
// A key that was used within the last minute needs neither of the two. One that was ever used here needs the Repository
// alone, to see that it was not erased: while the SecretStore is away, only tenants whose key this process has not had yet
// must wait.
type Vault struct {
	repo    ports.Repository
	secrets ports.SecretStore
	objects ports.ObjectStore
	rings   *rings
}

var _ ports.SourceVault = (*Vault)(nil)

// New returns a vault. It calls nobody.
func New(repo ports.Repository, secrets ports.SecretStore, o Options) *Vault {
	if o.Clock == nil {
		o.Clock = ports.SystemClock{}
	}
	v := &Vault{repo: repo, secrets: secrets, objects: o.Objects}
	v.rings = newRings(o.Clock, v.load)
	return v
}

// Sealer implements ports.SourceVault.
func (v *Vault) Sealer(ctx context.Context, tenant domain.TenantID) (ports.SourceSealer, error) {
	ring, err := v.rings.get(ctx, tenant)
	if err != nil {
		return nil, err
	}
	if k, there := ring.keys[ring.current]; there {
		return sealer{k}, nil
	}
	if err := v.makeKey(ctx, tenant); err != nil {
		return nil, err
	}
	v.rings.forget(tenant)
	if ring, err = v.rings.get(ctx, tenant); err != nil {
		return nil, err
	}
	if k, there := ring.keys[ring.current]; there {
		return sealer{k}, nil
	}
	return nil, domain.Errorf(domain.ErrUnavailable, "the tenant's key for messages was erased while it was made")
}

// Forget implements ports.SourceVault.
func (v *Vault) Forget(tenant domain.TenantID) { v.rings.forget(tenant) }

// Open implements ports.SourceVault.
func (v *Vault) Open(ctx context.Context, tenant domain.TenantID, kept domain.StoredSource) (domain.Source, error) {
	if !kept.Sealed() {
		return domain.Source{MediaType: kept.MediaType, Bytes: kept.Bytes}, nil
	}
	ring, err := v.rings.get(ctx, tenant)
	if err != nil {
		return domain.Source{}, err
	}
	k, there := ring.keys[kept.Key]
	if !there { // another process may have made it since
		v.rings.forget(tenant)
		if ring, err = v.rings.get(ctx, tenant); err != nil {
			return domain.Source{}, err
		}
		if k, there = ring.keys[kept.Key]; !there {
			return domain.Source{}, errErased
		}
	}
	if kept.Bytes == nil {
		if kept.Bytes, err = v.fetch(ctx, tenant, kept); err != nil {
			return domain.Source{}, err
		}
	}
	return k.open(kept)
}

var errErased = domain.Errorf(domain.ErrNotFound, "the key of the message was erased: it is unreadable for good")

func (v *Vault) fetch(ctx context.Context, tenant domain.TenantID, kept domain.StoredSource) ([]byte, error) {
	if v.objects == nil {
		return nil, domain.Errorf(domain.ErrUnavailable, "the message is in an object store, and this installation has none")
	}
	content, err := v.objects.Get(ctx, kept.ObjectName(tenant))
	if errors.Is(err, domain.ErrNotFound) {
		return nil, domain.Wrap(domain.ErrInvalid, err, "the message is missing in the object store")
	}
	return content, err
}

// Erase implements ports.SourceVault. All keys are marked first, from when on nothing is sealed with them; then what was ever
// marked is deleted, so that a run finishes what another has left.
func (v *Vault) Erase(ctx context.Context, tenant domain.TenantID) error {
	defer v.rings.forget(tenant)
	var marked []domain.SourceKey
	err := v.repo.Update(ctx, tenant, func(ctx context.Context, tx ports.Tx) error {
		keys, err := tx.SourceKeys.All(ctx)
		for _, k := range keys {
			if err == nil {
				err = tx.SourceKeys.MarkErased(ctx, k.ID)
			}
		}
		if err == nil {
			marked, err = tx.SourceKeys.Erased(ctx)
		}
		return err
	})
	for _, k := range marked {
		if err == nil {
			err = v.secrets.Delete(ctx, k.Path)
		}
	}
	return err
}

// timeout bounds the reading of keys, which several callers may wait for.
const timeout = 15 * time.Second
