package memory

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"sync"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// SourceVault is a ports.SourceVault whose keys are gone with the process. It fetches no bytes from an object store.
type SourceVault struct {
	mu      sync.Mutex
	current map[domain.TenantID]domain.SourceKeyID
	keys    map[domain.TenantID]map[domain.SourceKeyID]cipher.AEAD
}

var _ ports.SourceVault = (*SourceVault)(nil)

// NewSourceVault returns a vault without keys.
func NewSourceVault() *SourceVault {
	return &SourceVault{current: map[domain.TenantID]domain.SourceKeyID{}, keys: map[domain.TenantID]map[domain.SourceKeyID]cipher.AEAD{}}
}

// Sealer implements ports.SourceVault.
func (v *SourceVault) Sealer(ctx context.Context, tenant domain.TenantID) (ports.SourceSealer, error) {
	if tenant.IsZero() {
		return nil, domain.Errorf(domain.ErrInvalid, "raws are sealed for a tenant")
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	id, there := v.current[tenant]
	if !there {
		id = domain.NewID[domain.SourceKeyID]()
		if v.keys[tenant] == nil {
			v.keys[tenant] = map[domain.SourceKeyID]cipher.AEAD{}
		}
		v.current[tenant], v.keys[tenant][id] = id, newAEAD()
	}
	return rawSealer{id, v.keys[tenant][id]}, nil
}

func newAEAD() cipher.AEAD {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	block, _ := aes.NewCipher(key) // a key of this size is never refused
	aead, _ := cipher.NewGCMWithRandomNonce(block)
	return aead
}

type rawSealer struct {
	id   domain.SourceKeyID
	aead cipher.AEAD
}

// Seal implements ports.SourceSealer.
func (s rawSealer) Seal(raw domain.StoredSource) (domain.StoredSource, error) {
	if !raw.Sealed() {
		raw.Key, raw.Bytes = s.id, s.aead.Seal(nil, nil, raw.Bytes, raw.Digest[:])
	}
	return raw, nil
}

// Forget implements ports.SourceVault: there is nothing to look up.
func (v *SourceVault) Forget(domain.TenantID) {}

// Open implements ports.SourceVault.
func (v *SourceVault) Open(ctx context.Context, tenant domain.TenantID, kept domain.StoredSource) (domain.Source, error) {
	if err := ctx.Err(); err != nil {
		return domain.Source{}, err
	}
	if !kept.Sealed() {
		return domain.Source{MediaType: kept.MediaType, Bytes: kept.Bytes}, nil
	}
	v.mu.Lock()
	aead := v.keys[tenant][kept.Key]
	v.mu.Unlock()
	if aead == nil {
		return domain.Source{}, domain.Errorf(domain.ErrNotFound, "the key of the message was erased: it is unreadable for good")
	}
	plain, err := aead.Open(nil, nil, kept.Bytes, kept.Digest[:])
	if err != nil {
		return domain.Source{}, domain.Wrap(domain.ErrInvalid, err, "the message is not as it was sealed")
	}
	return domain.Source{MediaType: kept.MediaType, Bytes: plain}, nil
}

// Erase implements ports.SourceVault.
func (v *SourceVault) Erase(ctx context.Context, tenant domain.TenantID) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.current, tenant)
	delete(v.keys, tenant)
	return ctx.Err()
}
