package porttest

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// rawSealingRules are about Sealer and Seal.
var rawSealingRules = rules[RawVaultFixture]{
	"what is sealed is opened as it was": func(t *testing.T, f RawVaultFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		for name, raw := range map[string]domain.Source{
			"a mail": mail("Où est ma commande ?"), "every byte": {MediaType: "application/json", Bytes: everyByte()},
			"no media type": {Bytes: []byte("x")}, "one byte": {MediaType: awkward, Bytes: []byte{0}},
			"nothing": {MediaType: "message/rfc822", Bytes: []byte{}}, "nil": {MediaType: "message/rfc822"},
		} {
			kept := f.seal(t, t1, raw)
			is.True(kept.Sealed())
			is.Equal(kept.MediaType, raw.MediaType)
			is.Equal(kept.Digest, domain.DigestOf(raw.Bytes)) // of the plain bytes
			is.Equal(kept.Size, len(raw.Bytes))               // likewise
			is.True(kept.Bytes != nil)                        // nil would say that they were moved
			got, err := f.Vault.Open(t.Context(), t1, kept)
			is.NoErr(err)
			is.Equal(got.MediaType, raw.MediaType)
			if !bytes.Equal(got.Bytes, raw.Bytes) {
				t.Errorf("%s is not as it was", name)
			}
		}
	},
	"a raw of 16 MiB is sealed and opened": func(t *testing.T, f RawVaultFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		random := make([]byte, 8<<20) // what cannot be compressed, and what can
		for i, r := 0, rand.New(rand.NewPCG(1, 2)); i < len(random); i++ {
			random[i] = byte(r.Uint32())
		}
		raw := domain.Source{MediaType: "message/rfc822", Bytes: append(random, bytes.Repeat([]byte("buyer \r\n"), 1<<20)...)}
		got, err := f.Vault.Open(t.Context(), t1, f.seal(t, t1, raw))
		is.NoErr(err)
		is.True(bytes.Equal(got.Bytes, raw.Bytes))
	},
	"nothing of the text shows in what is sealed": func(t *testing.T, f RawVaultFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		kept := f.seal(t, t1, mail(hidden+" and "+hidden))
		is.True(!bytes.Contains(kept.Bytes, []byte(hidden)))
		is.True(!bytes.Contains(kept.Bytes, []byte("Subject")))
	},
	"what is sealed is smaller": func(t *testing.T, f RawVaultFixture) {
		if !f.Compresses {
			return
		}
		is := is.New(t)
		raw := mail(string(bytes.Repeat([]byte("Bonjour, où est ma commande ?\r\n"), 100)))
		is.True(len(f.seal(t, tenant(t, "t1"), raw).Bytes) < len(raw.Bytes)/4)
	},
	"one that is sealed already stays as it is": func(t *testing.T, f RawVaultFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		once := f.seal(t, t1, mail("a"))
		moved := once
		moved.Bytes = nil
		for _, kept := range []domain.StoredSource{once, moved} {
			again, err := f.sealer(t, f.Vault, t1).Seal(kept)
			is.NoErr(err)
			is.Equal(again, kept)
		}
	},
	"Seal leaves its argument alone": func(t *testing.T, f RawVaultFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		raw := mail("a")
		before := bytes.Clone(raw.Bytes)
		kept := f.seal(t, t1, raw)
		is.Equal(raw.Bytes, before)
		clear(raw.Bytes) // and keeps nothing of it
		got, err := f.Vault.Open(t.Context(), t1, kept)
		is.NoErr(err)
		is.Equal(got.Bytes, before)
	},
	"a tenant's raws are sealed with one key, and each tenant's with its own": func(t *testing.T, f RawVaultFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		first, second := f.seal(t, t1, mail("a")), f.seal(t, t1, mail("b"))
		is.Equal(first.Key, second.Key)
		is.True(f.seal(t, tenant(t, "t2"), mail("a")).Key != first.Key)
		is.True(f.seal(t, tenant(t, "T1"), mail("a")).Key != first.Key) // names differ by case too
	},
	"whoever makes the first key at the same time gets the same": func(t *testing.T, f RawVaultFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		vaults := []ports.SourceVault{f.Vault}
		if f.Again != nil {
			vaults = append(vaults, f.Again(t), f.Again(t))
		}
		kept := make([]domain.StoredSource, 12)
		for _, err := range together(len(kept), func(i int) error {
			s, err := vaults[i%len(vaults)].Sealer(t.Context(), t1)
			if err != nil {
				return err
			}
			kept[i], err = s.Seal(mail("a").Plain())
			return err
		}) {
			is.NoErr(err)
		}
		for i := range kept {
			is.Equal(kept[i].Key, kept[0].Key)
			got, err := vaults[(i+1)%len(vaults)].Open(t.Context(), t1, kept[i])
			is.NoErr(err)
			is.Equal(got, mail("a"))
		}
	},
	"one sealer serves many at once": func(t *testing.T, f RawVaultFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		s := f.sealer(t, f.Vault, t1)
		for _, err := range together(16, func(i int) error {
			raw := mail(string(rune('a' + i)))
			kept, err := s.Seal(raw.Plain())
			if err != nil {
				return err
			}
			got, err := f.Vault.Open(t.Context(), t1, kept)
			if err == nil && !bytes.Equal(got.Bytes, raw.Bytes) {
				err = errors.New("another's raw")
			}
			return err
		}) {
			is.NoErr(err)
		}
	},
	"without the SecretStore a new tenant gets no sealer, and the error is ErrUnavailable": func(t *testing.T, f RawVaultFixture) {
		if f.Fail == nil {
			return
		}
		is := is.New(t)
		mend := f.Fail(t)
		s, err := f.Vault.Sealer(t.Context(), tenant(t, "t1"))
		is.True(errors.Is(err, domain.ErrUnavailable) && !errors.Is(err, domain.ErrNotFound))
		is.True(s == nil)
		mend()
		f.seal(t, tenant(t, "t1"), mail("a")) // nothing half-made is in its way
	},
	"nobody has no sealer, and a cancelled context passes as it is": func(t *testing.T, f RawVaultFixture) {
		is := is.New(t)
		_, err := f.Vault.Sealer(t.Context(), domain.TenantID{})
		is.True(errors.Is(err, domain.ErrInvalid))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = f.Vault.Sealer(ctx, tenant(t, "t1"))
		is.True(errors.Is(err, context.Canceled) && !errors.Is(err, domain.ErrUnavailable))
	},
}
