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

// RawVault is a ports.RawVault whose keys are gone with the process. It fetches no bytes from an object store.
type RawVault struct {
	mu      sync.Mutex
	current map[domain.TenantID]domain.RawKeyID
	keys    map[domain.TenantID]map[domain.RawKeyID]cipher.AEAD
}

var _ ports.RawVault = (*RawVault)(nil)

// NewRawVault returns a vault without keys.
func NewRawVault() *RawVault {
	return &RawVault{current: map[domain.TenantID]domain.RawKeyID{}, keys: map[domain.TenantID]map[domain.RawKeyID]cipher.AEAD{}}
}

// Sealer implements ports.RawVault.
func (v *RawVault) Sealer(ctx context.Context, tenant domain.TenantID) (ports.RawSealer, error) {
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
		id = domain.NewID[domain.RawKeyID]()
		if v.keys[tenant] == nil {
			v.keys[tenant] = map[domain.RawKeyID]cipher.AEAD{}
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
	id   domain.RawKeyID
	aead cipher.AEAD
}

// Seal implements ports.RawSealer.
func (s rawSealer) Seal(raw domain.KeptRaw) (domain.KeptRaw, error) {
	if !raw.Sealed() {
		raw.Key, raw.Bytes = s.id, s.aead.Seal(nil, nil, raw.Bytes, raw.Digest[:])
	}
	return raw, nil
}

// Forget implements ports.RawVault: there is nothing to look up.
func (v *RawVault) Forget(domain.TenantID) {}

// Open implements ports.RawVault.
func (v *RawVault) Open(ctx context.Context, tenant domain.TenantID, kept domain.KeptRaw) (domain.Raw, error) {
	if err := ctx.Err(); err != nil {
		return domain.Raw{}, err
	}
	if !kept.Sealed() {
		return domain.Raw{MediaType: kept.MediaType, Bytes: kept.Bytes}, nil
	}
	v.mu.Lock()
	aead := v.keys[tenant][kept.Key]
	v.mu.Unlock()
	if aead == nil {
		return domain.Raw{}, domain.Errorf(domain.ErrNotFound, "the key of the message was erased: it is unreadable for good")
	}
	plain, err := aead.Open(nil, nil, kept.Bytes, kept.Digest[:])
	if err != nil {
		return domain.Raw{}, domain.Wrap(domain.ErrInvalid, err, "the message is not as it was sealed")
	}
	return domain.Raw{MediaType: kept.MediaType, Bytes: plain}, nil
}

// Erase implements ports.RawVault.
func (v *RawVault) Erase(ctx context.Context, tenant domain.TenantID) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.current, tenant)
	delete(v.keys, tenant)
	return ctx.Err()
}
