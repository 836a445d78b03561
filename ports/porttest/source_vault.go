package porttest

import (
	"testing"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// RawVaultFixture is a SourceVault that has no keys yet. The optional fields are what a vault may not be able to do; the rules
// about them are left out where they are nil.
type RawVaultFixture struct {
	Vault ports.SourceVault

	// Compresses says that the vault makes raws smaller, as one for production must.
	Compresses bool

	// Again is optional: the same vault as another process sees it, which shares nothing in memory with Vault.
	Again func(t *testing.T) ports.SourceVault

	// Objects is optional: where the vault fetches bytes that are nil.
	Objects ports.ObjectStore

	// Fail is optional: from now on, until mend is called, the SecretStore cannot be reached.
	Fail func(t *testing.T) (mend func())
}

// TestRawVault checks a SourceVault against its contract. open is called once per subtest.
func TestRawVault(t *testing.T, open func(t *testing.T) RawVaultFixture) {
	rawSealingRules.check(t, open)
	rawOpeningRules.check(t, open)
	rawErasingRules.check(t, open)
}

// mail is a raw.
func mail(text string) domain.Source {
	return domain.Source{MediaType: "message/rfc822", Bytes: []byte("Subject: order\r\n\r\n" + text + "\r\n")}
}

// sealer returns what seals for a tenant.
func (f RawVaultFixture) sealer(t *testing.T, v ports.SourceVault, tenant domain.TenantID) ports.SourceSealer {
	t.Helper()
	s, err := v.Sealer(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// seal seals a raw for a tenant.
func (f RawVaultFixture) seal(t *testing.T, tenant domain.TenantID, raw domain.Source) domain.StoredSource {
	t.Helper()
	kept, err := f.sealer(t, f.Vault, tenant).Seal(raw.Plain())
	if err != nil {
		t.Fatal(err)
	}
	return kept
}
