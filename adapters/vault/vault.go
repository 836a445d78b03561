// Package vault keeps tenants' secrets: [KV] in the KV v2 engine of HashiCorp Vault, [Stub] in a file of this machine
// for development. Both are a ports.SecretStore.
package vault

import (
	"context"
	"unicode/utf8"

	"github.com/keybuzzio/marketplaces/domain"
)

var errNone = domain.Errorf(domain.ErrNotFound, "there are no secrets at this path")

// reveal takes data out of its wrapping, to be written as JSON. JSON would change text that is not UTF-8, so that is
// ErrInvalid.
func reveal(data domain.SecretData) (map[string]string, error) {
	texts := make(map[string]string, len(data))
	for name, secret := range data {
		texts[name] = secret.Reveal()
		if !utf8.ValidString(name) || !utf8.ValidString(texts[name]) {
			return nil, domain.Errorf(domain.ErrInvalid, "secrets and their names must be UTF-8")
		}
	}
	return texts, nil
}

// hide puts texts into their wrapping.
func hide(texts map[string]string) domain.SecretData {
	data := make(domain.SecretData, len(texts))
	for name, text := range texts {
		data[name] = domain.NewSecret(text)
	}
	return data
}

// check is what every method asks first. The zero path would be the root of everything.
func check(ctx context.Context, path domain.SecretPath) error {
	if path == (domain.SecretPath{}) {
		return domain.Errorf(domain.ErrInvalid, "secrets need a path")
	}
	return ctx.Err()
}
