package porttest

import (
	"bytes"
	"errors"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

// rawOpeningRules are about Open.
var rawOpeningRules = rules[RawVaultFixture]{
	"a plain raw is opened as it is, without a key": func(t *testing.T, f RawVaultFixture) {
		is := is.New(t)
		for _, raw := range []domain.Source{mail("a"), {MediaType: "application/json", Bytes: everyByte()}, {}} {
			got, err := f.Vault.Open(t.Context(), tenant(t, "t1"), raw.Plain())
			is.NoErr(err)
			is.Equal(got.MediaType, raw.MediaType)
			is.True(bytes.Equal(got.Bytes, raw.Bytes))
		}
	},
	"another tenant's raw is not opened": func(t *testing.T, f RawVaultFixture) {
		is, t1, t2 := is.New(t), tenant(t, "t1"), tenant(t, "t2")
		kept := f.seal(t, t1, mail("a"))
		own := f.seal(t, t2, mail("a"))
		got, err := f.Vault.Open(t.Context(), t2, kept) // a key that t2 never had
		is.True(errors.Is(err, domain.ErrNotFound) || errors.Is(err, domain.ErrInvalid))
		is.Equal(len(got.Bytes), 0)
		kept.Key = own.Key // under a name that it knows
		got, err = f.Vault.Open(t.Context(), t2, kept)
		is.True(errors.Is(err, domain.ErrInvalid))
		is.Equal(len(got.Bytes), 0)
	},
	"what is not as it was sealed is ErrInvalid": func(t *testing.T, f RawVaultFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		kept, other := f.seal(t, t1, mail("a")), f.seal(t, t1, mail("b"))
		flipped := func(at int) func(*domain.StoredSource) {
			return func(k *domain.StoredSource) {
				k.Bytes = bytes.Clone(k.Bytes)
				k.Bytes[at] ^= 1
			}
		}
		for name, change := range map[string]func(*domain.StoredSource){
			"the first bit":      flipped(0),
			"a bit within":       flipped(len(kept.Bytes) / 2),
			"the last bit":       flipped(len(kept.Bytes) - 1),
			"cut":                func(k *domain.StoredSource) { k.Bytes = k.Bytes[:len(k.Bytes)-1] },
			"cut to almost none": func(k *domain.StoredSource) { k.Bytes = k.Bytes[:1] },
			"empty":              func(k *domain.StoredSource) { k.Bytes = []byte{} },
			"longer":             func(k *domain.StoredSource) { k.Bytes = append(bytes.Clone(k.Bytes), 0) },
			"another's bytes":    func(k *domain.StoredSource) { k.Bytes = other.Bytes },
			"another's digest":   func(k *domain.StoredSource) { k.Digest = other.Digest },
			"no digest":          func(k *domain.StoredSource) { k.Digest = domain.Digest{} },
			"plain bytes":        func(k *domain.StoredSource) { k.Bytes = mail("a").Bytes },
		} {
			damaged := kept
			change(&damaged)
			got, err := f.Vault.Open(t.Context(), t1, damaged)
			if !errors.Is(err, domain.ErrInvalid) || len(got.Bytes) != 0 {
				t.Errorf("%s: opened, or refused with %v", name, err)
			}
		}
		got, err := f.Vault.Open(t.Context(), t1, kept)
		is.NoErr(err)
		is.Equal(got, mail("a"))
	},
	"bytes that were moved are fetched from the object store": func(t *testing.T, f RawVaultFixture) {
		if f.Objects == nil {
			return
		}
		is, t1 := is.New(t), tenant(t, "t1")
		kept := f.seal(t, t1, mail("a"))
		is.NoErr(f.Objects.Put(t.Context(), kept.ObjectName(t1), kept.Bytes))
		content := kept.Bytes
		kept.Bytes = nil
		got, err := f.Vault.Open(t.Context(), t1, kept)
		is.NoErr(err)
		is.Equal(got, mail("a"))
		damaged := bytes.Clone(content)
		damaged[len(damaged)-1] ^= 1
		is.NoErr(f.Objects.Put(t.Context(), kept.ObjectName(t1), damaged))
		_, err = f.Vault.Open(t.Context(), t1, kept)
		is.True(errors.Is(err, domain.ErrInvalid))
	},
	"what one process sealed another opens": func(t *testing.T, f RawVaultFixture) {
		if f.Again == nil {
			return
		}
		is, t1 := is.New(t), tenant(t, "t1")
		kept := f.seal(t, t1, mail("a"))
		again := f.Again(t)
		got, err := again.Open(t.Context(), t1, kept)
		is.NoErr(err)
		is.Equal(got, mail("a"))
		later, err := f.sealer(t, again, t1).Seal(mail("b").Plain())
		is.NoErr(err)
		is.Equal(later.Key, kept.Key) // the key survived
		got, err = f.Vault.Open(t.Context(), t1, later)
		is.NoErr(err)
		is.Equal(got, mail("b"))
	},
}
