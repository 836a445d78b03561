package boot

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v10"

	"github.com/keybuzzio/marketplaces/adapters/httpapi"
	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/adapters/postgres/local"
	"github.com/keybuzzio/marketplaces/domain"
)

// Config is what the binaries read from the environment, once. The README's table says what each setting means.
type Config struct {
	DatabaseURL        domain.Secret  `env:"DATABASE_URL"`
	Port               uint16         `env:"PORT" envDefault:"4000"`
	JWTSecret          domain.Secret  `env:"JWT_SECRET"`
	JWKSURL            string         `env:"JWT_JWKS_URL"`
	Dev                bool           `env:"KEYBUZZ_DEV_MODE"`
	DataDir            string         `env:"KEYBUZZ_DATA_DIR"`
	Marketplaces       []string       `env:"KEYBUZZ_MARKETPLACES" envDefault:"amazon"`
	PollSeconds        uint32         `env:"KEYBUZZ_AMAZON_POLL_INTERVAL_SECONDS" envDefault:"60"`
	Workers            uint16         `env:"KEYBUZZ_WORKER_CONCURRENCY" envDefault:"64"`
	IMAPPerHost        uint16         `env:"KEYBUZZ_IMAP_CONNECTIONS_PER_HOST" envDefault:"32"`
	MailboxNetworks    []netip.Prefix `env:"KEYBUZZ_MAILBOX_NETWORKS"`
	MetricsAddr        string         `env:"KEYBUZZ_METRICS_ADDR"`
	MetricsTenants     bool           `env:"KEYBUZZ_METRICS_TENANTS"`
	VaultAddr          string         `env:"VAULT_ADDR"`
	VaultNamespace     string         `env:"VAULT_NAMESPACE"`
	VaultToken         domain.Secret  `env:"VAULT_TOKEN"`
	VaultRoleID        string         `env:"VAULT_ROLE_ID"`
	VaultSecretID      domain.Secret  `env:"VAULT_SECRET_ID"`
	VaultKubeRole      string         `env:"VAULT_KUBERNETES_ROLE"`
	S3Endpoint         string         `env:"KEYBUZZ_RAW_S3_ENDPOINT"`
	S3Region           string         `env:"KEYBUZZ_RAW_S3_REGION"`
	S3Bucket           string         `env:"KEYBUZZ_RAW_S3_BUCKET"`
	S3Prefix           string         `env:"KEYBUZZ_RAW_S3_PREFIX"`
	S3AccessKeyID      string         `env:"KEYBUZZ_RAW_S3_ACCESS_KEY_ID"`
	S3SecretAccessKey  domain.Secret  `env:"KEYBUZZ_RAW_S3_SECRET_ACCESS_KEY"`
	InboundDomain      string         `env:"KEYBUZZ_INBOUND_DOMAIN"`
	InboundAuth        string         `env:"KEYBUZZ_INBOUND_AUTHSERV_ID"`
	InboundNetworks    []netip.Prefix `env:"KEYBUZZ_INBOUND_NETWORKS"`
	InboundCert        string         `env:"KEYBUZZ_INBOUND_TLS_CERT"`
	InboundKey         string         `env:"KEYBUZZ_INBOUND_TLS_KEY"`
	LMTPAddr           string         `env:"KEYBUZZ_LMTP_ADDR"`
	SMTPAddr           string         `env:"KEYBUZZ_SMTP_ADDR"`
	SubmissionAddr     string         `env:"KEYBUZZ_SMTP_SUBMISSION_ADDR"`
	SubmissionTLS      domain.TLSMode `env:"KEYBUZZ_SMTP_SUBMISSION_TLS"`
	SubmissionUser     string         `env:"KEYBUZZ_SMTP_SUBMISSION_USER"`
	SubmissionPassword domain.Secret  `env:"KEYBUZZ_SMTP_SUBMISSION_PASSWORD"`
	DKIMSelector       string         `env:"KEYBUZZ_DKIM_SELECTOR"`
	DKIMKey            string         `env:"KEYBUZZ_DKIM_KEY"`
	IMAPIdle           uint16         `env:"KEYBUZZ_IMAP_IDLE" envDefault:"200"`
	WebhookKey         domain.Secret  `env:"INBOUND_WEBHOOK_KEY"`
	AmazonClientID     string         `env:"AMAZON_SPAPI_CLIENT_ID"`
	AmazonClientSecret domain.Secret  `env:"AMAZON_SPAPI_CLIENT_SECRET"`
	AmazonAppID        string         `env:"AMAZON_SPAPI_APP_ID"`
	AmazonRedirect     string         `env:"AMAZON_SPAPI_REDIRECT_URI"`
	AmazonDraft        bool           `env:"AMAZON_SPAPI_DRAFT"`
	AmazonMode         string         `env:"AMAZON_SPAPI_MODE" envDefault:"production"`
	AmazonFromVault    bool           `env:"AMAZON_SPAPI_FROM_VAULT"`
	AmazonSignIn       string         `env:"AMAZON_SPAPI_SIGN_IN_URL"`
	ReturnURLs         []string       `env:"KEYBUZZ_RETURN_URLS"`
	StandInAddr        string         `env:"KEYBUZZ_STANDIN_ADDR" envDefault:"127.0.0.1:0"`
	LogLevel           string         `env:"LOG_LEVEL" envDefault:"info"`
	LogFormat          string         `env:"LOG_FORMAT"`
	marketplaceTypes   []domain.MarketplaceType
	imapPatience       time.Duration // how long a poll waits for a place at a busy mail server
	program            string        // server or worker
	origin             string        // of the server, as browsers of this machine write it; "" in a worker
}

// minPollSeconds keeps a slip of the pen from hammering every seller's mail server.
const minPollSeconds = 1

// maxWorkers is what one process has sockets and memory for.
const maxWorkers = 2000

// maxIMAPPerHost is far beyond what a mail server lets one address have.
const maxIMAPPerHost = 10_000

// Load reads the configuration from environ, which has the form of os.Environ. dev is the flag --dev, which is
// KEYBUZZ_DEV_MODE=true. Nothing that is missing is made up outside development mode; the error lists everything that
// is wrong, one setting a line, and holds no secret.
func Load(environ []string, dev bool) (Config, error) {
	var c Config
	var wrong []error
	unread := map[string]bool{} // fields that hold nothing
	if err := env.ParseWithOptions(&c, env.Options{Environment: settings(environ)}); err != nil {
		wrong = explain(err, unread)
	}
	c.Dev = c.Dev || dev
	add := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	if c.DatabaseURL.IsZero() && !c.Dev {
		add("DATABASE_URL is not set: give postgres://user:password@host:5432/database, or start with --dev for a private Postgres")
	}
	if !c.DatabaseURL.IsZero() {
		if err := postgres.CheckURL(c.DatabaseURL); err != nil {
			wrong = append(wrong, err)
		}
	}
	if !unread["PollSeconds"] && c.PollSeconds < minPollSeconds {
		add("KEYBUZZ_AMAZON_POLL_INTERVAL_SECONDS: %s", fieldForm["PollSeconds"])
	}
	if !unread["Workers"] && (c.Workers < 1 || c.Workers > maxWorkers) {
		add("KEYBUZZ_WORKER_CONCURRENCY: %s", fieldForm["Workers"])
	}
	if !unread["IMAPPerHost"] && (c.IMAPPerHost < 1 || c.IMAPPerHost > maxIMAPPerHost) {
		add("KEYBUZZ_IMAP_CONNECTIONS_PER_HOST: %s", fieldForm["IMAPPerHost"])
	}
	if c.MetricsAddr != "" {
		if err := checkListen("KEYBUZZ_METRICS_ADDR", c.MetricsAddr); err != nil {
			wrong = append(wrong, err)
		}
	}
	if c.InboundDomain == "" && c.Dev {
		c.InboundDomain = devInboundDomain
	}
	if c.AmazonMode == modeStandIn && c.Dev && c.InboundAuth == "" {
		c.InboundAuth = standInAuthServer
	}
	wrong = append(wrong, c.checkInbound()...)
	wrong = append(wrong, c.checkOutbound()...)
	wrong = append(wrong, c.checkObjects()...)
	wrong = append(wrong, c.checkAmazon()...)
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, strings.ToLower(c.LogLevel)) {
		add("LOG_LEVEL: use debug, info, warn or error")
	}
	if !slices.Contains([]string{"", "text", "json"}, c.LogFormat) {
		add("LOG_FORMAT: use text or json")
	}
	for _, slug := range c.Marketplaces {
		t, err := domain.ParseMarketplaceType(strings.TrimSpace(slug))
		if err != nil || !served(t) {
			add("KEYBUZZ_MARKETPLACES: %q is not served by this version: use %s", slug, servedSlugs())
			continue
		}
		c.marketplaceTypes = append(c.marketplaceTypes, t)
	}
	if c.DataDir == "" && c.Dev {
		dir, err := local.DataDir()
		if err != nil {
			wrong = append(wrong, err)
		}
		c.DataDir = dir
	}
	return c, errors.Join(wrong...)
}

// checkAuth checks the settings of the token check, which the server needs and the worker does not.
func (c Config) checkAuth() error {
	if c.JWTSecret.IsZero() && c.JWKSURL == "" {
		if c.Dev { // a key will be made
			return nil
		}
		return errors.New("JWT_SECRET is not set: give at least 32 bytes, or JWT_JWKS_URL")
	}
	return httpapi.AuthOptions{Secret: c.JWTSecret, JWKSURL: c.JWKSURL}.Validate()
}

// checkSecrets checks the settings of the SecretStore, which migrating does without.
func (c Config) checkSecrets() error {
	_, err := openSecrets(c)
	return err
}

// pollInterval is the pause between two polls of a seller whose messages come.
func (c Config) pollInterval() time.Duration { return time.Duration(c.PollSeconds) * time.Second }

// settings turns os.Environ into a map. An empty setting is the same as none.
func settings(environ []string) map[string]string {
	m := env.ToMap(environ)
	for name, value := range m {
		if strings.TrimSpace(value) == "" {
			delete(m, name)
		}
	}
	return m
}

// explain turns the parser's errors, which name fields, into ones that name settings, and notes which fields they are.
func explain(err error, unread map[string]bool) []error {
	var all env.AggregateError
	if !errors.As(err, &all) {
		return []error{err}
	}
	var out []error
	for _, e := range all.Errors {
		var parse env.ParseError
		if !errors.As(e, &parse) {
			out = append(out, e)
			continue
		}
		unread[parse.Name] = true
		out = append(out, fmt.Errorf("%s: %s", fieldSetting[parse.Name], fieldForm[parse.Name]))
	}
	return out
}

// The settings that can fail to parse, by field.
var (
	fieldSetting = map[string]string{
		"Port": "PORT", "Dev": "KEYBUZZ_DEV_MODE", "PollSeconds": "KEYBUZZ_AMAZON_POLL_INTERVAL_SECONDS",
		"MailboxNetworks": "KEYBUZZ_MAILBOX_NETWORKS", "Workers": "KEYBUZZ_WORKER_CONCURRENCY",
		"IMAPPerHost": "KEYBUZZ_IMAP_CONNECTIONS_PER_HOST", "MetricsTenants": "KEYBUZZ_METRICS_TENANTS",
		"IMAPIdle": "KEYBUZZ_IMAP_IDLE", "InboundNetworks": "KEYBUZZ_INBOUND_NETWORKS",
		"AmazonDraft": "AMAZON_SPAPI_DRAFT", "AmazonFromVault": "AMAZON_SPAPI_FROM_VAULT",
	}
	fieldForm = map[string]string{
		"Port": "give a number from 0 to 65535", "Dev": "give true or false", "PollSeconds": fmt.Sprintf("give a number of seconds, at least %d", minPollSeconds),
		"MailboxNetworks": "give networks such as 203.0.113.0/24, separated by commas", "Workers": fmt.Sprintf("give a number of polls from 1 to %d", maxWorkers),
		"IMAPPerHost": fmt.Sprintf("give a number of connections from 1 to %d", maxIMAPPerHost), "MetricsTenants": "give true or false", "IMAPIdle": "give a number of mailboxes from 0 to 65535",
		"InboundNetworks": "give networks such as 10.0.0.0/8, separated by commas",
		"AmazonDraft":     "give true or false", "AmazonFromVault": "give true or false",
	}
)
