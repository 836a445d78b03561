package postgres_test

import (
	"context"
	"errors"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// What a look-up without a tenant may see is a policy's business: the address that the transaction names, to read.
func TestRoutingShowsTheNamedAddressOnly(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	db := open(t)
	repo := postgres.NewRepository(db, nil)
	var all []string
	for _, name := range []string{"t1", "t2"} {
		tenant, err := domain.ParseTenantID(name)
		is.NoErr(err)
		fill(t, repo, tenant)
		is.NoErr(repo.View(t.Context(), tenant, func(ctx context.Context, tx ports.Tx) error {
			found, err := tx.Addresses.List(ctx, domain.Amazon)
			for _, a := range found {
				all = append(all, a.State().Address)
			}
			return err
		}))
	}
	is.Equal(len(all), 2)
	for _, address := range all {
		tx, err := db.BeginTx(t.Context(), nil)
		is.NoErr(err)
		defer func() { _ = tx.Rollback() }()
		_, err = tx.ExecContext(t.Context(), `SELECT set_config('keybuzz.recipient', $1, true)`, address)
		is.NoErr(err)
		var seen string
		is.NoErr(tx.QueryRowContext(t.Context(), `SELECT string_agg(address, ' ') FROM marketplace.inbound_addresses`).Scan(&seen))
		is.Equal(seen, address)
		for _, change := range []string{`UPDATE marketplace.inbound_addresses SET status = 'RETIRED'`, `DELETE FROM marketplace.inbound_addresses`} {
			result, err := tx.ExecContext(t.Context(), change)
			is.NoErr(err)
			n, err := result.RowsAffected()
			is.NoErr(err)
			is.Equal(n, int64(0))
		}
		for _, table := range []string{"connections", "external_messages", "raw_contents"} {
			var n int
			is.NoErr(tx.QueryRowContext(t.Context(), `SELECT count(*) FROM marketplace.`+table).Scan(&n))
			is.Equal(n, 0)
		}
	}
	for _, nobodys := range []string{"", "nobody@inbound.example.com", "%", all[0] + "'", all[0] + "," + all[1]} {
		_, err := repo.Route(t.Context(), nobodys)
		is.True(errors.Is(err, domain.ErrNotFound))
	}
}
