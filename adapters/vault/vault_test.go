package vault_test

import (
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

// path is where the secrets of a new connection are.
func path(t *testing.T) domain.SecretPath {
	t.Helper()
	is := is.New(t)
	tenant, err := domain.ParseTenantID("acme")
	is.NoErr(err)
	c, err := domain.NewConnection(tenant, domain.Amazon, time.Date(2026, time.October, 5, 12, 0, 0, 0, time.UTC))
	is.NoErr(err)
	return domain.NewSecretPath(c.State())
}

// secrets is an entry with one secret.
func secrets(name, text string) domain.SecretData {
	return domain.SecretData{name: domain.NewSecret(text)}
}
