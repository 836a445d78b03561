package postgres_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		url  string
		kind error
	}{
		"what is no URL":        {"postgres://user:hunter2@host:notaport/db", domain.ErrInvalid},
		"a host without server": {"postgres://user:hunter2@127.0.0.1:1/db?connect_timeout=2", domain.ErrUnavailable},
		"a socket that is none": {"postgres://user:hunter2@/db?host=/nonexistent", domain.ErrUnavailable},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			_, err := postgres.Open(t.Context(), domain.NewSecret(test.url), postgres.Options{})
			is.True(errors.Is(err, test.kind))
			is.True(!strings.Contains(err.Error(), "hunter2")) // no password
		})
	}
}

// A database that goes away is unavailable, and usable again when it is back: nothing is cached that would not heal.
func TestOutageIsUnavailable(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	db := open(t)
	repo := postgres.NewRepository(db, nil)
	tenant, err := domain.ParseTenantID("t1")
	is.NoErr(err)
	err = repo.Update(t.Context(), tenant, func(ctx context.Context, tx ports.Tx) error {
		// The server ends the session in the middle of the transaction.
		if _, err := db.ExecContext(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'idle in transaction'"); err != nil {
			return err
		}
		_, err := tx.Connections.OfType(ctx, domain.Amazon)
		return err
	})
	is.True(errors.Is(err, domain.ErrUnavailable))
	is.NoErr(repo.View(t.Context(), tenant, func(ctx context.Context, tx ports.Tx) error {
		_, err := tx.Connections.OfType(ctx, domain.Amazon)
		return err
	}))
}

func TestCancelledContextPassesAsItIs(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	db := open(t)
	repo := postgres.NewRepository(db, nil)
	tenant, err := domain.ParseTenantID("t1")
	is.NoErr(err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err = repo.Update(ctx, tenant, func(ctx context.Context, tx ports.Tx) error {
		<-ctx.Done()
		_, err := tx.Connections.OfType(ctx, domain.Amazon)
		return err
	})
	is.True(errors.Is(err, context.DeadlineExceeded))
}

// asSuperuser turns a URL of a test's database into the superuser's.
func asSuperuser(t testing.TB, raw string) string {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User("postgres")
	return u.String()
}
