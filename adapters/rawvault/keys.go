package rawvault

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"

	"github.com/google/uuid"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// The entries in the SecretStore. Stored data: their names never change.
const (
	masterName  = "current" // in the master key's entry: which of the other names is the key to wrap with
	wrappedName = "wrapped" // in a tenant's: nonce and wrapped key, base64
	byName      = "master"  // in a tenant's: which master key wrapped it
)

// makeKey gives the tenant a key, unless somebody else has meanwhile. The key is in the SecretStore before the database
// points at it; at worst one that nothing points at is left over.
func (v *Vault) makeKey(ctx context.Context, tenant domain.TenantID) error {
	id := domain.NewID[domain.SourceKeyID]()
	k := domain.SourceKey{ID: id, Tenant: tenant, Path: domain.NewRawKeyPath(tenant, id)}
	master, err := v.master(ctx)
	if err != nil {
		return err
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	nonce := make([]byte, nonceSize)
	_, _ = rand.Read(nonce)
	wrapped := master.aead.Seal(nonce, nonce, secret, wrapping(k))
	err = v.secrets.Put(ctx, k.Path, domain.SecretData{
		byName: domain.NewSecret(master.name), wrappedName: domain.NewSecret(base64.StdEncoding.EncodeToString(wrapped)),
	})
	if err != nil {
		return err
	}
	err = v.repo.Update(ctx, tenant, func(ctx context.Context, tx ports.Tx) error { return tx.SourceKeys.Insert(ctx, k) })
	if errors.Is(err, domain.ErrConflict) { // theirs it is; if ours cannot be deleted it is only left over
		_ = v.secrets.Delete(context.WithoutCancel(ctx), k.Path)
		return nil
	}
	return err
}

// unwrap reads a tenant's key.
func (v *Vault) unwrap(ctx context.Context, k domain.SourceKey) (key, error) {
	data, err := v.secrets.Get(ctx, k.Path)
	if errors.Is(err, domain.ErrNotFound) {
		return key{}, domain.Wrap(domain.ErrUnavailable, err, "the tenant's key for messages is not in the SecretStore: restore it, or erase the tenant's messages")
	}
	if err != nil {
		return key{}, err
	}
	master, err := v.masterNamed(ctx, data[byName].Reveal())
	if err != nil {
		return key{}, err
	}
	wrapped, err := base64.StdEncoding.DecodeString(data[wrappedName].Reveal())
	if err != nil || len(wrapped) < nonceSize {
		return key{}, errWrapped
	}
	secret, err := master.Open(nil, wrapped[:nonceSize], wrapped[nonceSize:], wrapping(k))
	if err != nil {
		return key{}, errWrapped
	}
	aead, err := newAEAD(secret)
	return key{id: k.ID, tenant: k.Tenant, aead: aead}, err
}

var errWrapped = domain.Errorf(domain.ErrUnavailable, "the tenant's key for messages cannot be unwrapped: the master key in the SecretStore is another one")

// wrapping is what a wrapped key is bound to.
func wrapping(k domain.SourceKey) []byte {
	return append(append([]byte("keybuzz raw key\x00"), k.Tenant.String()...), k.ID.UUID[:]...)
}

type masterKey struct {
	name string
	aead cipher.AEAD
}

// master returns the master key to wrap with, made if there is none.
func (v *Vault) master(ctx context.Context) (masterKey, error) {
	data, err := v.secrets.Get(ctx, domain.MasterKeyPath)
	if errors.Is(err, domain.ErrNotFound) {
		name, secret := uuid.NewString(), make([]byte, 32)
		_, _ = rand.Read(secret)
		err = v.secrets.Create(ctx, domain.MasterKeyPath, domain.SecretData{
			masterName: domain.NewSecret(name), name: domain.NewSecret(base64.StdEncoding.EncodeToString(secret)),
		})
		if err == nil || errors.Is(err, domain.ErrConflict) { // whoever was first, it is read again
			data, err = v.secrets.Get(ctx, domain.MasterKeyPath)
		}
	}
	if err != nil {
		return masterKey{}, err
	}
	name := data[masterName].Reveal()
	aead, err := masterAEAD(data, name)
	return masterKey{name, aead}, err
}

// masterNamed returns the master key of a name: after a rotation the earlier ones stay beside the current one.
func (v *Vault) masterNamed(ctx context.Context, name string) (cipher.AEAD, error) {
	data, err := v.secrets.Get(ctx, domain.MasterKeyPath)
	if err != nil && !errors.Is(err, domain.ErrNotFound) {
		return nil, err
	}
	return masterAEAD(data, name)
}

func masterAEAD(data domain.SecretData, name string) (cipher.AEAD, error) {
	secret, err := base64.StdEncoding.DecodeString(data[name].Reveal())
	if name == "" || name == masterName || err != nil || len(secret) == 0 {
		return nil, domain.Errorf(domain.ErrUnavailable, "the master key for messages is missing in the SecretStore at %s: restore it", domain.MasterKeyPath)
	}
	return newAEAD(secret)
}
