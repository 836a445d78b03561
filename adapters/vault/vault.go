// Package vault keeps tenants' secrets: [KV] in the KV v2 engine of HashiCorp Vault, [Stub] in a file of this machine
// for development. Both are a ports.SecretStore.
//
// Each entry holds its own path beside its secrets, under the name [PathName]. An entry that is given out for another path than
// its own, by whatever mistake between us and the disk, is refused; one without the name, which an operator or a version before
// wrote, is taken as it is.
package vault

import (
	"context"
	"unicode/utf8"

	"github.com/keybuzzio/marketplaces/domain"
)

var errNone = domain.Errorf(domain.ErrNotFound, "there are no secrets at this path")

var errThere = domain.Errorf(domain.ErrConflict, "there are secrets at this path already")

// PathName is the name under which an entry holds its path. It is stored data and never changes.
const PathName = "keybuzz:path"

var errElsewhere = domain.Errorf(domain.ErrUnavailable, "what the store of secrets gave belongs at another path")

// reveal takes data out of its wrapping, to be written at path as JSON. JSON would change text that is not UTF-8, so that is
// ErrInvalid, and so is a secret by the name of the path.
func reveal(path domain.SecretPath, data domain.SecretData) (map[string]string, error) {
	texts := make(map[string]string, len(data)+1)
	for name, secret := range data {
		if name == PathName {
			return nil, domain.Errorf(domain.ErrInvalid, "no secret can be named %s", PathName)
		}
		texts[name] = secret.Reveal()
		if !utf8.ValidString(name) || !utf8.ValidString(texts[name]) {
			return nil, domain.Errorf(domain.ErrInvalid, "secrets and their names must be UTF-8")
		}
	}
	texts[PathName] = path.String()
	return texts, nil
}

// hide puts texts that were read at path into their wrapping. It refuses those of another path.
func hide(path domain.SecretPath, texts map[string]string) (domain.SecretData, error) {
	data := make(domain.SecretData, len(texts))
	for name, text := range texts {
		switch {
		case name != PathName:
			data[name] = domain.NewSecret(text)
		case text != path.String():
			return nil, errElsewhere
		}
	}
	return data, nil
}

// check is what every method asks first. The zero path would be the root of everything.
func check(ctx context.Context, path domain.SecretPath) error {
	if path == (domain.SecretPath{}) {
		return domain.Errorf(domain.ErrInvalid, "secrets need a path")
	}
	return ctx.Err()
}
