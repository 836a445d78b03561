package porttest

import (
	"errors"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

// rawErasingRules are about Erase.
var rawErasingRules = rules[RawVaultFixture]{
	"what was sealed before is unreadable, what comes later is not": func(t *testing.T, f RawVaultFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		old := f.seal(t, t1, mail("a"))
		is.NoErr(f.Vault.Erase(t.Context(), t1))
		_, err := f.Vault.Open(t.Context(), t1, old)
		is.True(errors.Is(err, domain.ErrNotFound))
		fresh := f.seal(t, t1, mail("a"))
		is.True(fresh.Key != old.Key)
		got, err := f.Vault.Open(t.Context(), t1, fresh)
		is.NoErr(err)
		is.Equal(got, mail("a"))
		_, err = f.Vault.Open(t.Context(), t1, old)
		is.True(errors.Is(err, domain.ErrNotFound)) // the new key brings nothing back
		is.True(!errors.Is(err, domain.ErrUnavailable))
	},
	"plain raws stay readable": func(t *testing.T, f RawVaultFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		f.seal(t, t1, mail("a"))
		is.NoErr(f.Vault.Erase(t.Context(), t1))
		got, err := f.Vault.Open(t.Context(), t1, mail("b").Plain())
		is.NoErr(err)
		is.Equal(got, mail("b"))
	},
	"erasing again, or what was never there, is harmless": func(t *testing.T, f RawVaultFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		is.NoErr(f.Vault.Erase(t.Context(), t1))
		for range 2 { // keys of two generations
			f.seal(t, t1, mail("a"))
			is.NoErr(f.Vault.Erase(t.Context(), t1))
			is.NoErr(f.Vault.Erase(t.Context(), t1))
		}
		kept := f.seal(t, t1, mail("b"))
		got, err := f.Vault.Open(t.Context(), t1, kept)
		is.NoErr(err)
		is.Equal(got, mail("b"))
	},
	"another tenant's raws stay readable": func(t *testing.T, f RawVaultFixture) {
		is, t1, t2 := is.New(t), tenant(t, "t1"), tenant(t, "T1")
		f.seal(t, t1, mail("a"))
		theirs := f.seal(t, t2, mail("b"))
		is.NoErr(f.Vault.Erase(t.Context(), t1))
		got, err := f.Vault.Open(t.Context(), t2, theirs)
		is.NoErr(err)
		is.Equal(got, mail("b"))
		is.Equal(f.seal(t, t2, mail("c")).Key, theirs.Key)
	},
	"what one process erased another that comes later cannot open": func(t *testing.T, f RawVaultFixture) {
		if f.Again == nil {
			return
		}
		is, t1 := is.New(t), tenant(t, "t1")
		kept := f.seal(t, t1, mail("a"))
		is.NoErr(f.Again(t).Erase(t.Context(), t1))
		_, err := f.Again(t).Open(t.Context(), t1, kept)
		is.True(errors.Is(err, domain.ErrNotFound))
	},
	"an erasure that could not reach the SecretStore is finished by the next": func(t *testing.T, f RawVaultFixture) {
		if f.Fail == nil {
			return
		}
		is, t1 := is.New(t), tenant(t, "t1")
		kept := f.seal(t, t1, mail("a"))
		mend := f.Fail(t)
		is.True(errors.Is(f.Vault.Erase(t.Context(), t1), domain.ErrUnavailable))
		mend()
		is.NoErr(f.Vault.Erase(t.Context(), t1))
		_, err := f.Vault.Open(t.Context(), t1, kept)
		is.True(errors.Is(err, domain.ErrNotFound))
	},
	"erasures and new raws at once leave every raw readable or erased": func(t *testing.T, f RawVaultFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		kept := make([]domain.StoredSource, 12)
		for _, err := range together(len(kept), func(i int) error {
			if i%4 == 0 {
				return f.Vault.Erase(t.Context(), t1)
			}
			s, err := f.Vault.Sealer(t.Context(), t1)
			if errors.Is(err, domain.ErrUnavailable) { // its key was erased while it was made
				return nil
			}
			if err != nil {
				return err
			}
			kept[i], err = s.Seal(mail("a").Plain())
			return err
		}) {
			is.NoErr(err)
		}
		for _, k := range kept {
			if !k.Sealed() {
				continue
			}
			got, err := f.Vault.Open(t.Context(), t1, k)
			is.True(err == nil || errors.Is(err, domain.ErrNotFound))
			is.True(err != nil || string(got.Bytes) == string(mail("a").Bytes))
		}
		is.Equal(f.seal(t, t1, mail("b")).Key, f.seal(t, t1, mail("c")).Key) // one key at last
	},
}
