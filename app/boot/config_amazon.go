package boot

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/keybuzzio/marketplaces/adapters/amazon/spapi"
	"github.com/keybuzzio/marketplaces/adapters/httpapi"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// The values of AMAZON_SPAPI_MODE.
const (
	modeProduction = "production"
	modeSandbox    = "sandbox"
	modeStandIn    = "standin"
)

// checkAmazon checks the settings of Amazon's API.
func (c Config) checkAmazon() (wrong []error) {
	add := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	given, missing := c.amazonSettings()
	switch {
	case c.AmazonMode != modeProduction && c.AmazonMode != modeSandbox && c.AmazonMode != modeStandIn:
		add("AMAZON_SPAPI_MODE: use %s, %s or, in development mode, %s", modeProduction, modeSandbox, modeStandIn)
	case c.AmazonMode == modeStandIn && !c.Dev:
		add("AMAZON_SPAPI_MODE: %s is for development mode only: start with --dev, or use %s", modeStandIn, modeProduction)
	case c.AmazonMode == modeStandIn && len(given) > 0:
		add("%s: not with AMAZON_SPAPI_MODE=%s, which has its own", strings.Join(given, ", "), modeStandIn)
	case c.AmazonFromVault && len(given) > 0:
		add("%s: not with AMAZON_SPAPI_FROM_VAULT=true, which reads them from Vault", strings.Join(given, ", "))
	case len(given) > 0, c.AmazonMode == modeSandbox && !c.AmazonFromVault:
		for _, name := range missing {
			add("%s is not set: the registration of the application at Amazon needs it", name)
		}
		if c.AmazonRedirect != "" && !c.takesBrowsers(c.AmazonRedirect) {
			add("AMAZON_SPAPI_REDIRECT_URI: give an https URL without fragment, as it is registered at Amazon: https://<this server>%s", callbackPath)
		}
		if c.AmazonAppID != "" && (c.AmazonAppID == c.AmazonClientID || strings.HasPrefix(c.AmazonAppID, "amzn1.application-oa2-client.")) {
			add("AMAZON_SPAPI_APP_ID: give the application's id, such as amzn1.sp.solution.…: that of its client is another")
		}
		if len(c.amazonSecrets()) > 2 {
			add("AMAZON_SPAPI_CLIENT_SECRET: give one, or two with a comma between while they are exchanged")
		}
	}
	if c.AmazonSignIn != "" && (!c.takesBrowsers(c.AmazonSignIn) || httpapi.CheckSignIn(c.AmazonSignIn) != nil) {
		add("AMAZON_SPAPI_SIGN_IN_URL: give the https URL of the page where sellers sign in, without fragment, such as https://app.example.com/sign-in")
	}
	if _, err := domain.ParseReturnTargets(c.ReturnURLs); err != nil {
		add("KEYBUZZ_RETURN_URLS: %s", domain.Message(err))
	}
	if host, _, err := net.SplitHostPort(c.SubmissionAddr); c.AmazonMode == modeStandIn && c.SubmissionAddr != "" && (err != nil || !loopback(host)) {
		add("KEYBUZZ_SMTP_SUBMISSION_ADDR: with AMAZON_SPAPI_MODE=%s the stand-in takes mail there: give an address of this machine", modeStandIn)
	}
	if host, _, err := net.SplitHostPort(c.StandInAddr); err != nil || !loopback(host) {
		add("KEYBUZZ_STANDIN_ADDR: give an address of this machine, such as 127.0.0.1:4100: who reaches the stand-in can authorize everything")
	}
	return wrong
}

// amazonSettings tells which settings of the registration are given, and which are not.
func (c Config) amazonSettings() (given, missing []string) {
	for _, s := range []struct{ name, value string }{
		{"AMAZON_SPAPI_CLIENT_ID", c.AmazonClientID}, {"AMAZON_SPAPI_CLIENT_SECRET", c.AmazonClientSecret.Reveal()},
		{"AMAZON_SPAPI_APP_ID", c.AmazonAppID}, {"AMAZON_SPAPI_REDIRECT_URI", c.AmazonRedirect},
	} {
		if s.value == "" {
			missing = append(missing, s.name)
		} else {
			given = append(given, s.name)
		}
	}
	return given, missing
}

// takesBrowsers reports whether a browser may be sent to an address with a code in its query: by https, or in development mode within
// this machine, and to nothing with a user or a fragment.
func (c Config) takesBrowsers(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || strings.Contains(address, "#") {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && c.Dev && loopback(u.Hostname())
}

// loopback reports whether a host is this machine, whatever resolvers say.
func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// callbackPath is where Amazon sends sellers back to.
const callbackPath = "/api/v1/marketplaces/amazon/oauth/callback"

// amazonSecrets are the client secrets: one, or two while they are exchanged.
func (c Config) amazonSecrets() []domain.Secret { return splitSecrets(c.AmazonClientSecret) }

func splitSecrets(s domain.Secret) (all []domain.Secret) {
	for text := range strings.SplitSeq(s.Reveal(), ",") {
		if text = strings.TrimSpace(text); text != "" {
			all = append(all, domain.NewSecret(text))
		}
	}
	return all
}

// amazonApp is the registration of our application at Amazon, from the settings or from Vault; zero where there is none: then
// sellers cannot authorize us, and everything else works.
func (c Config) amazonApp(ctx context.Context, secrets ports.SecretStore) (spapi.App, error) {
	if !c.AmazonFromVault {
		return spapi.App{
			ID: c.AmazonAppID, ClientID: c.AmazonClientID, ClientSecrets: c.amazonSecrets(), RedirectURI: c.AmazonRedirect, Draft: c.AmazonDraft,
		}, nil
	}
	kept, err := secrets.Get(ctx, domain.AppSecretPath)
	if err != nil {
		return spapi.App{}, fmt.Errorf("AMAZON_SPAPI_FROM_VAULT: %s cannot be read: %w", domain.AppSecretPath, err)
	}
	app := spapi.App{
		ID: kept["app_id"].Reveal(), ClientID: kept["client_id"].Reveal(), RedirectURI: kept["redirect_uri"].Reveal(), Draft: c.AmazonDraft,
		ClientSecrets: append(splitSecrets(kept["client_secret"]), splitSecrets(kept["client_secret_next"])...),
	}
	if app.ID == "" || app.ClientID == "" || len(app.ClientSecrets) == 0 || app.RedirectURI == "" {
		return spapi.App{}, fmt.Errorf("AMAZON_SPAPI_FROM_VAULT: %s needs app_id, client_id, client_secret and redirect_uri", domain.AppSecretPath)
	}
	if !c.takesBrowsers(app.RedirectURI) {
		return spapi.App{}, fmt.Errorf("AMAZON_SPAPI_FROM_VAULT: the redirect_uri of %s is no https URL without fragment", domain.AppSecretPath)
	}
	return app, nil
}

// signIn is where sellers sign in whom Amazon sends here: with the stand-in, on the development page.
func (c Config) signIn() string {
	if c.AmazonSignIn == "" && c.AmazonMode == modeStandIn {
		return c.origin + "/dev"
	}
	return c.AmazonSignIn
}

// returnTargets are where browsers may go after a consent: in development mode this server's own pages too.
func (c Config) returnTargets() (domain.ReturnTargets, error) {
	allowed := c.ReturnURLs
	if c.Dev && c.origin != "" {
		allowed = append(allowed[:len(allowed):len(allowed)], c.origin)
	}
	return domain.ParseReturnTargets(allowed)
}
