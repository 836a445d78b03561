package domain

import (
	"strings"

	"github.com/google/uuid"
)

// SecretData is one entry of the SecretStore: named secrets.
type SecretData map[string]Secret

// SecretPath says where an entry of the SecretStore is. It can only be made from parsed parts, so no tenant reaches
// outside its folder.
type SecretPath struct{ text string }

// secretRoot is the folder of all tenants' secrets, mount included.
const secretRoot = "secret/keybuzz/tenants/"

// NewSecretPath returns a place for secrets of a connection that was never used before. Every new secret gets its own, so
// that which one holds is decided where the connection is stored, and never by who wrote last.
func NewSecretPath(c ConnectionState) SecretPath {
	return SecretPath{secretRoot + c.Tenant.String() + "/" + c.Type.Slug() + "/" + c.ID.String() + "/" + NewID[secretID]().String()}
}

// secretID names one secret of a connection.
type secretID struct{ uuid.UUID }

// ParseSecretPath reads a path as a connection keeps it: secret/keybuzz/tenants/TENANT/MARKETPLACE/CONNECTION/ID.
// ErrInvalid if any part is not what it should be.
func ParseSecretPath(s string) (SecretPath, error) {
	rest, ok := strings.CutPrefix(s, secretRoot)
	parts := strings.Split(rest, "/")
	if !ok || len(parts) != 4 {
		return SecretPath{}, errSecretPath
	}
	if _, err := ParseTenantID(parts[0]); err != nil {
		return SecretPath{}, errSecretPath
	}
	if _, err := ParseMarketplaceType(parts[1]); err != nil {
		return SecretPath{}, errSecretPath
	}
	if _, err := ParseID[ConnectionID](parts[2]); err != nil {
		return SecretPath{}, errSecretPath
	}
	if _, err := ParseID[secretID](parts[3]); err != nil {
		return SecretPath{}, errSecretPath
	}
	return SecretPath{s}, nil
}

var errSecretPath = Errorf(ErrInvalid, "not a path of a connection's secrets")

// String returns the path, mount first.
func (p SecretPath) String() string { return p.text }

// NewRawKeyPath returns the place of a tenant's key for raws.
func NewRawKeyPath(t TenantID, k SourceKeyID) SecretPath {
	return SecretPath{secretRoot + t.String() + "/raw/" + k.String()}
}

// MasterKeyPath is where the key is that tenants' keys for raws are wrapped with.
var MasterKeyPath = SecretPath{"secret/keybuzz/raw/master"}

// AppSecretPath is where the registration of our application at Amazon may be: app_id, client_id, client_secret,
// client_secret_next and redirect_uri.
var AppSecretPath = SecretPath{"secret/keybuzz/amazon_spapi/app"}
