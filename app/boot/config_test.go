package boot_test

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
	"github.com/keybuzzio/marketplaces/app/boot"
)

// production is a sound environment outside development mode.
func production(more ...string) []string {
	return append([]string{
		"DATABASE_URL=postgres://keybuzz:hunter2@db/keybuzz", "JWT_SECRET=" + strings.Repeat("s", 32),
		"VAULT_ADDR=https://vault:8200", "VAULT_TOKEN=hvs.hunter2",
	}, more...)
}

// registered is production with an application that is registered at Amazon.
func registered(more ...string) []string {
	return production(append([]string{
		"AMAZON_SPAPI_CLIENT_ID=a", "AMAZON_SPAPI_CLIENT_SECRET=hunter2", "AMAZON_SPAPI_APP_ID=amzn1.sp.solution.x",
		"AMAZON_SPAPI_REDIRECT_URI=https://api.example.com/api/v1/marketplaces/amazon/oauth/callback",
	}, more...)...)
}

func TestLoadARegistration(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	c, err := boot.Load(registered("AMAZON_SPAPI_CLIENT_SECRET=one, two", "KEYBUZZ_RETURN_URLS=https://app.example.com/a,https://b.example.com"), false)
	is.NoErr(err) // two secrets while they are exchanged
	is.Equal(c.ReturnURLs, []string{"https://app.example.com/a", "https://b.example.com"})
	_, err = boot.Load(production(), false)
	is.NoErr(err) // none at all is sound: then sellers cannot authorize us
	_, err = boot.Load([]string{"AMAZON_SPAPI_MODE=standin"}, true)
	is.NoErr(err)
	_, err = boot.Load(registered("AMAZON_SPAPI_REDIRECT_URI=http://localhost:4000/x", "AMAZON_SPAPI_SIGN_IN_URL=http://127.0.0.1:4000/dev"), true)
	is.NoErr(err) // in development mode, within this machine
	_, err = boot.Load(production("AMAZON_SPAPI_FROM_VAULT=true", "AMAZON_SPAPI_MODE=sandbox"), false)
	is.NoErr(err)
}

func TestLoadDefaults(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	c, err := boot.Load(production(), false)
	is.NoErr(err)
	is.Equal(c.Port, uint16(4000))
	is.Equal(c.PollSeconds, uint32(60))
	is.Equal(c.IMAPPerHost, uint16(32))
	is.Equal(c.Marketplaces, []string{"amazon"})
	is.True(!c.Dev)
	is.Equal(len(c.MailboxNetworks), 0)
}

func TestLoadSaysAllThatIsWrong(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		environ []string
		says    []string
	}{
		"nothing set":             {nil, []string{"DATABASE_URL", "VAULT_ADDR"}},
		"empty is not set":        {production("DATABASE_URL=", "VAULT_ADDR= "), []string{"DATABASE_URL", "VAULT_ADDR"}},
		"no way into Vault":       {production("VAULT_TOKEN="), []string{"VAULT_TOKEN"}},
		"half an AppRole":         {production("VAULT_TOKEN=", "VAULT_ROLE_ID=r"), []string{"VAULT_TOKEN"}},
		"unknown marketplace":     {production("KEYBUZZ_MARKETPLACES=amazon,ebay"), []string{"KEYBUZZ_MARKETPLACES", "ebay"}},
		"not served yet":          {production("KEYBUZZ_MARKETPLACES=fnac"), []string{"KEYBUZZ_MARKETPLACES", "fnac"}},
		"all of them wrong":       {[]string{"DATABASE_URL=garbage://hunter2", "VAULT_ADDR=hunter2", "VAULT_TOKEN=x"}, []string{"DATABASE_URL", "VAULT_ADDR"}},
		"no number and too small": {production("KEYBUZZ_WORKER_CONCURRENCY=0", "KEYBUZZ_IMAP_IDLE=-1"), []string{"KEYBUZZ_WORKER_CONCURRENCY", "KEYBUZZ_IMAP_IDLE"}},
		"many at once":            {production("PORT=http", "KEYBUZZ_AMAZON_POLL_INTERVAL_SECONDS=soon", "LOG_LEVEL=loud", "LOG_FORMAT=xml", "KEYBUZZ_DEV_MODE=perhaps", "KEYBUZZ_MAILBOX_NETWORKS=here"), []string{"PORT", "KEYBUZZ_AMAZON_POLL_INTERVAL_SECONDS", "LOG_LEVEL", "LOG_FORMAT", "KEYBUZZ_DEV_MODE", "KEYBUZZ_MAILBOX_NETWORKS"}},
		"an interval of zero":     {production("KEYBUZZ_AMAZON_POLL_INTERVAL_SECONDS=0"), []string{"KEYBUZZ_AMAZON_POLL_INTERVAL_SECONDS"}},
		"no mail connections":     {production("KEYBUZZ_IMAP_CONNECTIONS_PER_HOST=0"), []string{"KEYBUZZ_IMAP_CONNECTIONS_PER_HOST"}},
		"too many of them":        {production("KEYBUZZ_IMAP_CONNECTIONS_PER_HOST=10001"), []string{"KEYBUZZ_IMAP_CONNECTIONS_PER_HOST"}},
		"some of them":            {production("KEYBUZZ_IMAP_CONNECTIONS_PER_HOST=some"), []string{"KEYBUZZ_IMAP_CONNECTIONS_PER_HOST"}},
		"no address to listen on": {production("KEYBUZZ_METRICS_ADDR=9090", "KEYBUZZ_METRICS_TENANTS=some"), []string{"KEYBUZZ_METRICS_ADDR", "KEYBUZZ_METRICS_TENANTS"}},
		"a metrics port beyond":   {production("KEYBUZZ_METRICS_ADDR=:90900"), []string{"KEYBUZZ_METRICS_ADDR"}},
		"a port beyond 65535":     {production("PORT=70000"), []string{"PORT"}},
		"mail for no domain":      {production("KEYBUZZ_LMTP_ADDR=:2424"), []string{"KEYBUZZ_INBOUND_DOMAIN"}},
		"a webhook for no domain": {production("INBOUND_WEBHOOK_KEY=hunter2-hunter2-hunter2-hunter2-x"), []string{"KEYBUZZ_INBOUND_DOMAIN"}},
		"a short webhook key":     {production("KEYBUZZ_INBOUND_DOMAIN=in.example.com", "INBOUND_WEBHOOK_KEY=hunter2"), []string{"INBOUND_WEBHOOK_KEY"}},
		"no mail domain":          {production("KEYBUZZ_INBOUND_DOMAIN=a@b", "KEYBUZZ_SMTP_ADDR=2525"), []string{"KEYBUZZ_INBOUND_DOMAIN", "KEYBUZZ_SMTP_ADDR"}},
		"networks that are none":  {production("KEYBUZZ_INBOUND_NETWORKS=here", "KEYBUZZ_IMAP_IDLE=many"), []string{"KEYBUZZ_INBOUND_NETWORKS", "KEYBUZZ_IMAP_IDLE"}},
		"half a certificate":      {production("KEYBUZZ_INBOUND_TLS_CERT=/nope"), []string{"KEYBUZZ_INBOUND_TLS_KEY"}},
		"half of the storage":     {production("KEYBUZZ_RAW_S3_ENDPOINT=https://s3.example.com", "KEYBUZZ_RAW_S3_SECRET_ACCESS_KEY=hunter2"), []string{"KEYBUZZ_RAW_S3_BUCKET"}},
		"storage nowhere": {production("KEYBUZZ_RAW_S3_ENDPOINT=nowhere", "KEYBUZZ_RAW_S3_BUCKET=b", "KEYBUZZ_RAW_S3_ACCESS_KEY_ID=a", "KEYBUZZ_RAW_S3_SECRET_ACCESS_KEY=hunter2"),
			[]string{"KEYBUZZ_RAW_S3_ENDPOINT"}},
		"half a registration":     {production("AMAZON_SPAPI_CLIENT_ID=a", "AMAZON_SPAPI_CLIENT_SECRET=hunter2"), []string{"AMAZON_SPAPI_APP_ID", "AMAZON_SPAPI_REDIRECT_URI"}},
		"three client secrets":    {registered("AMAZON_SPAPI_CLIENT_SECRET=hunter2,hunter22,hunter222"), []string{"AMAZON_SPAPI_CLIENT_SECRET"}},
		"a plain redirect":        {registered("AMAZON_SPAPI_REDIRECT_URI=http://api.example.com/x"), []string{"AMAZON_SPAPI_REDIRECT_URI"}},
		"a redirect's fragment":   {registered("AMAZON_SPAPI_REDIRECT_URI=https://api.example.com/x#y"), []string{"AMAZON_SPAPI_REDIRECT_URI"}},
		"registered twice":        {registered("AMAZON_SPAPI_FROM_VAULT=true"), []string{"AMAZON_SPAPI_FROM_VAULT"}},
		"the stand-in for real":   {production("AMAZON_SPAPI_MODE=standin"), []string{"AMAZON_SPAPI_MODE", "--dev"}},
		"an unknown mode":         {production("AMAZON_SPAPI_MODE=demo", "AMAZON_SPAPI_DRAFT=perhaps"), []string{"AMAZON_SPAPI_MODE", "AMAZON_SPAPI_DRAFT"}},
		"a stand-in registered":   {registered("AMAZON_SPAPI_MODE=standin", "KEYBUZZ_DEV_MODE=true"), []string{"AMAZON_SPAPI_CLIENT_ID"}},
		"back to anywhere":        {production("KEYBUZZ_RETURN_URLS=http://app.example.com"), []string{"KEYBUZZ_RETURN_URLS"}},
		"a sandbox for nobody":    {production("AMAZON_SPAPI_MODE=sandbox"), []string{"AMAZON_SPAPI_CLIENT_ID", "AMAZON_SPAPI_CLIENT_SECRET"}},
		"the client's id":         {registered("AMAZON_SPAPI_APP_ID=amzn1.application-oa2-client.1"), []string{"AMAZON_SPAPI_APP_ID"}},
		"back to this machine":    {registered("AMAZON_SPAPI_REDIRECT_URI=http://127.0.0.1:4000/x"), []string{"AMAZON_SPAPI_REDIRECT_URI"}},
		"signing in nowhere":      {production("AMAZON_SPAPI_SIGN_IN_URL=/sign-in"), []string{"AMAZON_SPAPI_SIGN_IN_URL"}},
		"signing in plainly":      {production("AMAZON_SPAPI_SIGN_IN_URL=http://app.example.com/"), []string{"AMAZON_SPAPI_SIGN_IN_URL"}},
		"a stand-in for all":      {production("KEYBUZZ_STANDIN_ADDR=:4100"), []string{"KEYBUZZ_STANDIN_ADDR"}},
		"a relay without a port":  {production("KEYBUZZ_INBOUND_DOMAIN=in.example.com", "KEYBUZZ_SMTP_SUBMISSION_ADDR=smtp.example.com"), []string{"KEYBUZZ_SMTP_SUBMISSION_ADDR"}},
		"a relay for no domain":   {production("KEYBUZZ_SMTP_SUBMISSION_ADDR=smtp.example.com:587"), []string{"KEYBUZZ_INBOUND_DOMAIN"}},
		"a relay of no kind":      {production("KEYBUZZ_INBOUND_DOMAIN=in.example.com", "KEYBUZZ_SMTP_SUBMISSION_ADDR=smtp.example.com:587", "KEYBUZZ_SMTP_SUBMISSION_TLS=ssl"), []string{"KEYBUZZ_SMTP_SUBMISSION_TLS"}},
		"half a log-in":           {production("KEYBUZZ_INBOUND_DOMAIN=in.example.com", "KEYBUZZ_SMTP_SUBMISSION_ADDR=smtp.example.com:587", "KEYBUZZ_SMTP_SUBMISSION_PASSWORD=hunter2"), []string{"KEYBUZZ_SMTP_SUBMISSION_USER"}},
		"a log-in in clear text":  {production("KEYBUZZ_INBOUND_DOMAIN=in.example.com", "KEYBUZZ_SMTP_SUBMISSION_ADDR=smtp.example.com:587", "KEYBUZZ_SMTP_SUBMISSION_TLS=none", "KEYBUZZ_SMTP_SUBMISSION_USER=u", "KEYBUZZ_SMTP_SUBMISSION_PASSWORD=hunter2"), []string{"KEYBUZZ_SMTP_SUBMISSION_TLS"}},
		"a log-in to nothing":     {production("KEYBUZZ_SMTP_SUBMISSION_USER=u", "KEYBUZZ_SMTP_SUBMISSION_PASSWORD=hunter2"), []string{"KEYBUZZ_SMTP_SUBMISSION_ADDR"}},
		"half a signature":        {production("KEYBUZZ_DKIM_SELECTOR=s1"), []string{"KEYBUZZ_DKIM_KEY"}},
		"a key that is none":      {production("KEYBUZZ_DKIM_SELECTOR=s1", "KEYBUZZ_DKIM_KEY=/nope"), []string{"KEYBUZZ_DKIM_KEY"}},
		"a selector that is none": {production("KEYBUZZ_DKIM_SELECTOR=s 1", "KEYBUZZ_DKIM_KEY=/nope"), []string{"KEYBUZZ_DKIM_SELECTOR"}},
		"a negative interval":     {production("KEYBUZZ_AMAZON_POLL_INTERVAL_SECONDS=-5"), []string{"KEYBUZZ_AMAZON_POLL_INTERVAL_SECONDS"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			// The program itself, which stops before it opens anything.
			err := boot.Worker(t.Context(), nil, test.environ, boot.Streams{Out: io.Discard, Err: io.Discard})
			is.True(err != nil)
			for _, setting := range test.says {
				is.True(strings.Contains(err.Error(), setting)) // names it
			}
			is.Equal(len(strings.Split(err.Error(), "\n")) >= len(uniqueSettings(test.says)), true) // a line each
			is.True(!strings.Contains(err.Error(), "hunter2"))                                      // no secret
		})
	}
}

// uniqueSettings leaves the names of settings, which are in upper case.
func uniqueSettings(words []string) (settings []string) {
	for _, w := range words {
		if strings.ToUpper(w) == w {
			settings = append(settings, w)
		}
	}
	return settings
}

func TestDevelopmentModeNeedsNothing(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for _, test := range []struct {
		environ []string
		flag    bool
	}{{[]string{"HOME=/tmp"}, true}, {[]string{"HOME=/tmp", "KEYBUZZ_DEV_MODE=true"}, false}} {
		c, err := boot.Load(test.environ, test.flag)
		is.NoErr(err)
		is.True(c.Dev)
		is.True(c.DataDir != "")
	}
}

func TestMigratingNeedsTheDatabaseOnly(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	url := pgtest.Empty(t)
	for _, program := range []func(context.Context, []string, []string, boot.Streams) error{boot.Server, boot.Worker} {
		is.NoErr(program(t.Context(), []string{"migrate"}, []string{"DATABASE_URL=" + url}, boot.Streams{Out: io.Discard, Err: io.Discard}))
	}
}

func TestProductionMakesNothingUp(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var out, log strings.Builder
	err := boot.Server(t.Context(), nil, production("JWT_SECRET="), boot.Streams{Out: &out, Err: &log})
	is.True(err != nil)
	is.True(strings.Contains(err.Error(), "JWT_SECRET"))
}
