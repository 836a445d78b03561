package httpapi

import (
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/keybuzzio/marketplaces/domain"
)

// IssueToken returns a token of tenant, signed with HS256, that an [Authenticator] with the same secret accepts until
// expires. It is for development, where nobody else issues any, and lets its bearer see all of the product: what operators
// see too. domain.ErrInvalid if the secret is shorter than
// MinSecret.
func IssueToken(secret domain.Secret, tenant domain.TenantID, expires time.Time) (string, error) {
	if err := (AuthOptions{Secret: secret}).Validate(); err != nil {
		return "", err
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": "dev", "tenantId": tenant.String(), "role": operatorRole, "email": "dev@localhost", "exp": expires.Unix(),
	}).SignedString([]byte(secret.Reveal()))
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return token, nil
}
