// Package boot is the two binaries without their main: configuration, wiring, and what to do in which order. Start at
// [Server] and [Worker].
//
// Both take the environment and the streams as arguments and return when ctx is done and all that they started has
// stopped, so that tests run them as they are.
package boot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail"
	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/adapters/postgres/local"
	"github.com/keybuzzio/marketplaces/adapters/rawvault"
	"github.com/keybuzzio/marketplaces/adapters/riverjobs"
	"github.com/keybuzzio/marketplaces/adapters/s3"
	"github.com/keybuzzio/marketplaces/adapters/vault"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/domain/content"
	"github.com/keybuzzio/marketplaces/migrations"
	"github.com/keybuzzio/marketplaces/ports"
)

// Streams are what a binary writes to.
type Streams struct {
	Out io.Writer // what the user asked for
	Err io.Writer // the log
}

// databaseConns is how many connections to the database a process has at most. Polls wait for mail servers most of their
// time, so there may be many more polls than connections.
const databaseConns = 20

// service is an opened product: the use cases and what they stand on.
type service struct {
	app   *app.App
	repo  ports.Repository
	db    *sql.DB
	url   domain.Secret // of db
	queue *riverjobs.Queue
	done  *tally // what polls did, for the line a minute
	close []func()

	appstore string        // page of the stand-in for Amazon where sellers begin; "" without a stand-in
	buyers   string        // its page where buyers write
	mailroom *standInMail  // nil without a stand-in
	built    chan struct{} // closed when app is there

	*monitoring
}

// openDatabase opens the database: the one of DATABASE_URL, or a private one in development mode.
func openDatabase(ctx context.Context, c Config, log *slog.Logger) (*service, error) {
	if c.Dev {
		// The private Postgres, which does not run as root, passes through; what is in it is closed by itself.
		if err := os.MkdirAll(c.DataDir, 0o711); err != nil {
			return nil, domain.Wrap(domain.ErrInvalid, err, "KEYBUZZ_DATA_DIR cannot be used")
		}
	}
	s := &service{url: c.DatabaseURL, done: &tally{}, built: make(chan struct{})}
	if s.url.IsZero() {
		server, err := local.Start(ctx, databaseDir(c), local.Options{Log: log})
		if err != nil {
			return nil, err
		}
		s.close = append(s.close, server.Stop)
		s.url = domain.NewSecret(server.URL())
	}
	db, err := postgres.Open(ctx, s.url, postgres.Options{MaxConns: databaseConns})
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	s.db = db
	s.close = append(s.close, func() { _ = db.Close() })
	return s, nil
}

// migrate brings the schema up to date and stops.
func migrate(ctx context.Context, c Config, log *slog.Logger) error {
	s, err := openDatabase(ctx, c, log)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := migrations.Up(ctx, s.db); err != nil {
		return err
	}
	log.InfoContext(ctx, "the database schema is up to date", "version", migrations.Latest())
	return nil
}

// open opens everything. In development mode it brings the schema up to date; else it refuses one that it does not
// know.
func open(ctx context.Context, c Config, log *slog.Logger) (*service, error) {
	s, err := openDatabase(ctx, c, log)
	if err != nil {
		return nil, err
	}
	if err := s.build(ctx, c, log); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *service) build(ctx context.Context, c Config, log *slog.Logger) error {
	if c.Dev {
		if err := migrations.Up(ctx, s.db); err != nil {
			return err
		}
	}
	switch err := migrations.Check(ctx, s.db); {
	case errors.Is(err, migrations.ErrAhead) && !c.Dev:
		// A release rolls out, or is taken back: every migration leaves the version before it working.
		log.WarnContext(ctx, "the database schema is newer than this program: it works on until its own release is there")
	case err != nil:
		return err
	}
	if err := s.monitor(ctx, c, log); err != nil {
		return err
	}
	secrets, err := openSecrets(c)
	if err != nil {
		return err
	}
	if kv, ok := secrets.(*vault.KV); ok {
		s.keep(ctx, kv)
	}
	secrets = s.tracing.SecretStore(secrets)
	mailboxes := mail.NewClient(secrets, mail.Options{
		Networks: c.MailboxNetworks, Loopback: c.Dev, PerHost: int(c.IMAPPerHost), Patience: c.imapPatience, Observer: s.observer,
		AuthServer: c.InboundAuth,
	})
	clients := map[domain.MarketplaceType]ports.MarketplaceClient{}
	interpreters := map[domain.MarketplaceType]ports.Interpreter{}
	authorizers, orders := map[domain.MarketplaceType]ports.Authorizer{}, map[domain.MarketplaceType]ports.OrderSource{}
	for _, m := range marketplaces {
		t := m.kind
		if !slices.Contains(c.marketplaceTypes, t) {
			continue
		}
		clients[t], interpreters[t] = s.tracing.MarketplaceClient(m.open(c, mailboxes)), m.interpreter(c)
		api, err := m.api(ctx, s, c, secrets, log)
		if err != nil {
			return err
		}
		if api != nil {
			authorizers[t], orders[t] = s.tracing.Authorizer(api), s.tracing.OrderSource(api)
		}
	}
	sender, err := s.openSender(c, secrets)
	if err != nil {
		return err
	}
	senders, rules := map[domain.MarketplaceType]ports.Sender{}, map[domain.MarketplaceType]content.RuleSet{}
	for _, m := range marketplaces {
		if slices.Contains(c.marketplaceTypes, m.kind) {
			senders[m.kind], rules[m.kind] = s.tracing.Sender(m.sender(sender)), m.rules()
		}
	}
	targets, err := c.returnTargets()
	if err != nil {
		return err
	}
	if s.queue, err = riverjobs.NewQueue(s.db, postgres.Translate); err != nil {
		return err
	}
	repo := postgres.NewRepository(s.db, s.queue.In)
	leases := postgres.NewLeases(s.db)
	s.close = append(s.close, leases.Close)
	objects, err := openObjects(c)
	if err != nil {
		return err
	}
	s.repo = s.tracing.Repository(repo)
	s.app, err = app.New(app.Deps{
		Repository: s.repo, Directory: repo, PollLedger: s.tracing.PollBook(repo), Operations: repo, Queue: s.queue,
		Secrets: secrets, Sources: rawvault.New(repo, secrets, rawvault.Options{Objects: objects}), Objects: objects, Mailboxes: mailboxes, Submissions: sender, Senders: senders, ReplyRules: rules, Clients: clients, Interpreters: interpreters,
		Authorizers: authorizers, Orders: orders, PendingConsents: repo, ReturnTargets: targets,
		Routes: repo, Held: repo, InboundHost: c.InboundDomain, Leases: leases, Watcher: mailboxes,
		Observer: s.observer, Clock: ports.SystemClock{}, Log: log, MockSource: c.Dev, PollInterval: c.pollInterval(),
	})
	if err == nil {
		close(s.built)
	}
	return err
}

// openObjects returns the object store that raws are moved to, nil where they stay in the database. It calls nobody.
func openObjects(c Config) (ports.ObjectStore, error) {
	if c.S3Endpoint == "" {
		return nil, nil
	}
	return s3.New(s3.Options{
		Endpoint: c.S3Endpoint, Region: c.S3Region, Bucket: c.S3Bucket, Prefix: c.S3Prefix, AccessKeyID: c.S3AccessKeyID,
		SecretAccessKey: c.S3SecretAccessKey,
	})
}

// openSecrets returns Vault, or the development stub where there is none. It calls nobody.
func openSecrets(c Config) (ports.SecretStore, error) {
	var auth vault.Auth
	switch {
	case c.VaultAddr == "" && c.Dev:
		return vault.NewStub(c.DataDir), nil
	case c.VaultAddr == "":
		return nil, errors.New("VAULT_ADDR is not set: give the address of Vault, such as https://vault:8200, or start with --dev for a file")
	case !c.VaultToken.IsZero():
		auth = vault.Token{Token: c.VaultToken}
	case c.VaultRoleID != "" && !c.VaultSecretID.IsZero():
		auth = vault.AppRole{RoleID: c.VaultRoleID, SecretID: c.VaultSecretID}
	case c.VaultKubeRole != "":
		auth = vault.Kubernetes{Role: c.VaultKubeRole}
	default:
		return nil, errors.New("VAULT_TOKEN is not set: give it, or VAULT_ROLE_ID and VAULT_SECRET_ID, or VAULT_KUBERNETES_ROLE")
	}
	kv, err := vault.NewKV(c.VaultAddr, auth, vault.Options{Namespace: c.VaultNamespace})
	if err != nil {
		return nil, fmt.Errorf("VAULT_ADDR, VAULT_TOKEN and their like: %w", err)
	}
	return kv, nil
}

// keep looks after Vault's token until s is closed.
func (s *service) keep(ctx context.Context, kv *vault.KV) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var keeper sync.WaitGroup
	keeper.Go(func() { kv.Keep(ctx, time.Minute) })
	s.close = append(s.close, func() {
		cancel()
		keeper.Wait()
	})
}

// Close releases what was opened, last first.
func (s *service) Close() {
	for _, release := range slices.Backward(s.close) {
		release()
	}
}
