package pgtest

import (
	"testing"

	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/domain"
)

// Repository is a repository on a [Database] of the test's own.
func Repository(t testing.TB) *postgres.Repository {
	t.Helper()
	db, err := postgres.Open(t.Context(), domain.NewSecret(Database(t)), postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return postgres.NewRepository(db, nil)
}
