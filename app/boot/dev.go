package boot

import (
	"crypto/rand"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/keybuzzio/marketplaces/adapters/httpapi"
	"github.com/keybuzzio/marketplaces/domain"
)

// What the token of development mode says.
const (
	devTenant = "demo"
	devToken  = 24 * time.Hour
)

// databaseDir is where the private database of development mode lives.
func databaseDir(c Config) string { return filepath.Join(c.DataDir, "postgres") }

// randomSecret is what signs tokens in development mode when nothing else does. It ends with the process.
func randomSecret() domain.Secret { return domain.NewSecret(rand.Text() + rand.Text()) }

// greet prints what a newcomer needs to try the product.
func greet(out io.Writer, base string, c Config) error {
	if c.JWTSecret.IsZero() {
		_, err := fmt.Fprintf(out, "\nKeyBuzz Marketplaces runs in development mode at %s (API: %s/docs)\n", base, base)
		return err
	}
	tenant, err := domain.ParseTenantID(devTenant)
	if err != nil {
		return err
	}
	token, err := httpapi.IssueToken(c.JWTSecret, tenant, time.Now().Add(devToken))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, `
KeyBuzz Marketplaces runs in development mode. The worker is inside; Ctrl-C stops everything, the data stay.

  API    %[1]s/api/v1
  Docs   %[1]s/docs
  Data   %[4]s

A token of tenant %[3]q, good for %[5]s:

export TOKEN=%[2]s

Try in this order:

curl -H "Authorization: Bearer $TOKEN" %[1]s/api/v1/marketplaces/amazon/status
curl -X POST -H "Authorization: Bearer $TOKEN" %[1]s/api/v1/marketplaces/amazon/mock/connect
curl -H "Authorization: Bearer $TOKEN" %[1]s/api/v1/tickets

`, base, token, devTenant, c.DataDir, devToken)
	return err
}
