package postgres_test

import (
	"database/sql"
	"encoding/hex"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/domain"
)

// What a look-up without a tenant may see is a policy's business: the consent whose hash the transaction names, to read.
func TestAReturnShowsTheNamedConsentOnly(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	db := open(t)
	repo := postgres.NewRepository(db, nil)
	var all []string
	for _, name := range []string{"t1", "t2"} {
		tenant, err := domain.ParseTenantID(name)
		is.NoErr(err)
		fill(t, repo, tenant)
		read(t, db, tenant, func(rows *sql.Rows) error {
			var hash []byte
			err := rows.Scan(&hash)
			all = append(all, hex.EncodeToString(hash))
			return err
		}, `SELECT state_hash FROM marketplace.consents`)
	}
	is.Equal(len(all), 2)
	for _, hash := range append(all, "", hex.EncodeToString(make([]byte, 32))) {
		tx, err := db.BeginTx(t.Context(), nil)
		is.NoErr(err)
		defer func() { _ = tx.Rollback() }()
		_, err = tx.ExecContext(t.Context(), `SELECT set_config('keybuzz.consent', $1, true)`, hash)
		is.NoErr(err)
		var seen string
		is.NoErr(tx.QueryRowContext(t.Context(), `SELECT coalesce(string_agg(encode(state_hash, 'hex'), ' '), '') FROM marketplace.consents`).Scan(&seen))
		if hash != all[0] && hash != all[1] {
			hash = "" // nobody's
		}
		is.Equal(seen, hash)
		for _, change := range []string{`UPDATE marketplace.consents SET consumed_at = now()`, `DELETE FROM marketplace.consents`} {
			result, err := tx.ExecContext(t.Context(), change)
			is.NoErr(err)
			n, err := result.RowsAffected()
			is.NoErr(err)
			is.Equal(n, int64(0))
		}
		for _, table := range []string{"connections", "authorizations", "orders"} {
			var n int
			is.NoErr(tx.QueryRowContext(t.Context(), `SELECT count(*) FROM marketplace.`+table).Scan(&n))
			is.Equal(n, 0)
		}
	}
}
