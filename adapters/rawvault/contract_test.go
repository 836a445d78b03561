package rawvault_test

import (
	"bytes"
	"database/sql"
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
	"github.com/keybuzzio/marketplaces/adapters/rawvault"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
	"github.com/keybuzzio/marketplaces/ports/porttest"
)

// fixture is a vault over a repository.
func fixture(repo ports.Repository) porttest.RawVaultFixture {
	s, objects := &secrets{SecretStore: memory.NewSecretStore()}, memory.NewObjectStore()
	open := func() ports.SourceVault { return rawvault.New(repo, s, rawvault.Options{Objects: objects}) }
	return porttest.RawVaultFixture{
		Vault: open(), Compresses: true, Objects: objects,
		Again: func(*testing.T) ports.SourceVault { return open() },
		Fail: func(*testing.T) func() {
			s.set(true)
			return func() { s.set(false) }
		},
	}
}

func TestVaultKeepsTheContract(t *testing.T) {
	t.Parallel()
	porttest.TestRawVault(t, func(*testing.T) porttest.RawVaultFixture { return fixture(memory.NewStore()) })
}

func TestVaultOnPostgresKeepsTheContract(t *testing.T) {
	t.Parallel()
	porttest.TestRawVault(t, func(t *testing.T) porttest.RawVaultFixture { return fixture(postgres.NewRepository(database(t), nil)) })
}

func database(t *testing.T) *sql.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), domain.NewSecret(pgtest.Database(t)), postgres.Options{MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// Neither a key nor what it is wrapped with is in the database, whatever was sealed and erased.
func TestNoKeyIsInTheDatabase(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	db, s, who := database(t), memory.NewSecretStore(), tenant(t, "one")
	v := rawvault.New(postgres.NewRepository(db, nil), s, rawvault.Options{})
	sealed := seal(t, v, who, raw("hello"))
	var hidden []string
	for _, path := range []domain.SecretPath{domain.MasterKeyPath, domain.NewRawKeyPath(who, sealed.Key)} {
		data, err := s.Get(t.Context(), path)
		is.NoErr(err)
		for _, text := range data {
			hidden = append(hidden, text.Reveal())
			if b, err := base64.StdEncoding.DecodeString(text.Reveal()); err == nil {
				hidden = append(hidden, string(b), fmt.Sprintf("%x", b))
			}
		}
	}
	is.True(len(hidden) > 4)
	dump := dumpTable(t, db, who, "raw_keys")
	is.True(bytes.Contains(dump, []byte(sealed.Key.String()))) // which key it was, and nothing else of it
	for _, text := range hidden {
		if len(text) > 8 && text != sealed.Key.String() {
			is.True(!bytes.Contains(dump, []byte(text)))
		}
	}
}

// dumpTable is a table's rows of a tenant as text.
func dumpTable(t *testing.T, db *sql.DB, who domain.TenantID, table string) (dump []byte) {
	t.Helper()
	is := is.New(t)
	tx, err := db.BeginTx(t.Context(), nil)
	is.NoErr(err)
	defer func() { _ = tx.Rollback() }()
	_, err = tx.ExecContext(t.Context(), "SELECT set_config('keybuzz.tenant', $1, true)", who.String())
	is.NoErr(err)
	err = tx.QueryRowContext(t.Context(), "SELECT string_agg(x::text, E'\\n') FROM marketplace."+table+" x").Scan(&dump)
	is.NoErr(err)
	return dump
}
