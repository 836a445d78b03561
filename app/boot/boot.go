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
	"io"
	"log/slog"
	"os"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail"
	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/adapters/postgres/local"
	"github.com/keybuzzio/marketplaces/adapters/vault"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/migrations"
	"github.com/keybuzzio/marketplaces/ports"
)

// Streams are what a binary writes to.
type Streams struct {
	Out io.Writer // what the user asked for
	Err io.Writer // the log
}

// pollConcurrency is how many connections one process polls at once. Each may hold a page of mails in memory, and a
// database connection while it stores it.
const pollConcurrency = 8

// service is an opened product: the use cases and what they stand on.
type service struct {
	app   *app.App
	db    *sql.DB
	close []func()
}

// openDatabase opens the database: the one of DATABASE_URL, or a private one in development mode.
func openDatabase(ctx context.Context, c Config, log *slog.Logger) (db *sql.DB, closing []func(), err error) {
	if c.Dev {
		// The private Postgres, which does not run as root, passes through; what is in it is closed by itself.
		if err := os.MkdirAll(c.DataDir, 0o711); err != nil {
			return nil, nil, domain.Wrap(domain.ErrInvalid, err, "KEYBUZZ_DATA_DIR cannot be used")
		}
	}
	url := c.DatabaseURL
	if url.IsZero() {
		server, err := local.Start(ctx, databaseDir(c), local.Options{Log: log})
		if err != nil {
			return nil, nil, err
		}
		closing = append(closing, server.Stop)
		url = domain.NewSecret(server.URL())
	}
	db, err = postgres.Open(ctx, url, postgres.Options{MaxConns: 2 * pollConcurrency})
	if err != nil {
		shut(closing)
		return nil, nil, err
	}
	return db, append(closing, func() { _ = db.Close() }), nil
}

// migrate brings the schema up to date and stops.
func migrate(ctx context.Context, c Config, log *slog.Logger) error {
	db, closing, err := openDatabase(ctx, c, log)
	if err != nil {
		return err
	}
	defer shut(closing)
	if err := migrations.Up(ctx, db); err != nil {
		return err
	}
	log.InfoContext(ctx, "the database schema is up to date", "version", migrations.Latest())
	return nil
}

// open opens everything. In development mode it brings the schema up to date; else it refuses one that it does not
// know.
func open(ctx context.Context, c Config, log *slog.Logger) (*service, error) {
	db, closing, err := openDatabase(ctx, c, log)
	if err != nil {
		return nil, err
	}
	s := &service{db: db, close: closing}
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
	if err := migrations.Check(ctx, s.db); err != nil {
		return err
	}
	secrets, err := openSecrets(c)
	if err != nil {
		return err
	}
	mailboxes := mail.NewClient(secrets, mail.Options{Networks: c.MailboxNetworks, Loopback: c.Dev})
	clients := map[domain.MarketplaceType]ports.MarketplaceClient{}
	for _, m := range marketplaces {
		for _, t := range c.marketplaceTypes {
			if m.kind == t {
				clients[t] = m.open(c, mailboxes)
			}
		}
	}
	repo := postgres.NewRepository(s.db)
	s.app, err = app.New(app.Deps{
		Repository: repo, Directory: repo, Secrets: secrets, Mailboxes: mailboxes, Clients: clients,
		Clock: ports.SystemClock{}, Log: log, MockSource: c.Dev,
	})
	return err
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
	return vault.NewKV(c.VaultAddr, auth, vault.Options{Namespace: c.VaultNamespace})
}

// Close releases what open opened, last first.
func (s *service) Close() { shut(s.close) }

func shut(closing []func()) {
	for i := len(closing) - 1; i >= 0; i-- {
		closing[i]()
	}
}
