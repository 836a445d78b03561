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

// devInboundDomain is where inbound addresses are in development mode: nobody's (RFC 2606 §2).
const devInboundDomain = "inbound.test"

// databaseDir is where the private database of development mode lives.
func databaseDir(c Config) string { return filepath.Join(c.DataDir, "postgres") }

// randomSecret is what signs tokens in development mode when nothing else does. It ends with the process.
func randomSecret() domain.Secret { return domain.NewSecret(rand.Text() + rand.Text()) }

// greet prints what a newcomer needs to try the product.
func greet(out io.Writer, c Config) error {
	base := c.origin
	if c.JWTSecret.IsZero() {
		_, err := fmt.Fprintf(out, "\nKeyBuzz Marketplaces runs in development mode at %[1]s/dev (API: %[1]s/docs)\n", base)
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

Open this in a browser to try it (the token in it is good for %[5]s):

  %[1]s/dev#token=%[2]s

  API    %[1]s/api/v1
  Docs   %[1]s/docs
  Queue  %[1]s/ops/river (it asks for the token)
  Data   %[4]s
%[6]s
A token of tenant %[3]q, which may do what operators may too:

export TOKEN=%[2]s

Or try in this order:

curl -H "Authorization: Bearer $TOKEN" %[1]s/api/v1/marketplaces/amazon/status
curl -X POST -H "Authorization: Bearer $TOKEN" %[1]s/api/v1/marketplaces/amazon/mock/connect
curl -H "Authorization: Bearer $TOKEN" %[1]s/api/v1/tickets

`, base, token, devTenant, c.DataDir, devToken, standInNote(c))
	return err
}

// standInNote says whom this server takes for Amazon.
func standInNote(c Config) string {
	if c.AmazonMode == modeStandIn {
		return "  Amazon is a stand-in inside this server: nothing of it is real\n"
	}
	return ""
}

// devPage is the development page, nil outside development mode.
func (s *service) devPage(c Config) *httpapi.DevPage {
	if !c.Dev {
		return nil
	}
	return &httpapi.DevPage{Origin: c.origin, Appstore: s.appstore, Buyers: s.buyers}
}
