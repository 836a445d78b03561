package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
	"github.com/keybuzzio/marketplaces/ports/porttest"
)

func TestRateLimiter(t *testing.T) {
	t.Parallel()
	porttest.TestRateLimiter(t, func(t *testing.T) porttest.RateLimiterFixture {
		url := domain.NewSecret(pgtest.Database(t))
		db := openURL(t, url)
		var tenants []domain.TenantID
		return porttest.RateLimiterFixture{
			Limiter: postgres.NewRateLimiter(db),
			Connect: func(t *testing.T, tenant domain.TenantID) domain.ConnectionID {
				if !slices.Contains(tenants, tenant) {
					tenants = append(tenants, tenant)
				}
				return connectDisabled(t, postgres.NewRepository(db, nil), tenant)
			},
			Advance: func(t *testing.T, d time.Duration) {
				for _, tenant := range tenants {
					moveBuckets(t, db, tenant, -d)
				}
			},
			Again: func(t *testing.T) ports.RateLimiter { return postgres.NewRateLimiter(openURL(t, url)) },
		}
	})
}

func openURL(t *testing.T, url domain.Secret) *sql.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), url, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// connectDisabled stores a connection of which a tenant may have many.
func connectDisabled(t testing.TB, repo ports.Repository, tenant domain.TenantID) domain.ConnectionID {
	t.Helper()
	is := is.New(t)
	c, err := domain.NewConnection(tenant, domain.Amazon, time.Now())
	is.NoErr(err)
	s := c.State()
	s.Status = domain.ConnectionDisabled
	c, err = domain.RestoreConnection(s)
	is.NoErr(err)
	is.NoErr(repo.Update(t.Context(), tenant, func(ctx context.Context, tx ports.Tx) error {
		return tx.Connections.Insert(ctx, c)
	}))
	return s.ID
}

// moveBuckets makes a tenant's buckets so much younger: nobody can set the database's clock, but what it is compared with.
func moveBuckets(t *testing.T, db *sql.DB, tenant domain.TenantID, d time.Duration) {
	t.Helper()
	is := is.New(t)
	tx, err := db.BeginTx(t.Context(), nil)
	is.NoErr(err)
	defer func() { _ = tx.Rollback() }()
	_, err = tx.ExecContext(t.Context(), `SELECT set_config('keybuzz.tenant', $1, true)`, tenant.String())
	is.NoErr(err)
	_, err = tx.ExecContext(t.Context(), `UPDATE marketplace.rate_limits SET counted_at = counted_at + make_interval(secs => $1)`, d.Seconds())
	is.NoErr(err)
	is.NoErr(tx.Commit())
}

// The statements name their tenant themselves, outside a transaction: it must not stay in a session that others use next.
func TestRateLimiterLeavesNoTenantBehind(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	db, err := postgres.Open(t.Context(), domain.NewSecret(pgtest.Database(t)), postgres.Options{MaxConns: 1})
	is.NoErr(err)
	defer func() { is.NoErr(db.Close()) }()
	tenant, err := domain.ParseTenantID("t1")
	is.NoErr(err)
	limiter := postgres.NewRateLimiter(db)
	b := domain.BucketID{
		Tenant: tenant, Connection: connectDisabled(t, postgres.NewRepository(db, nil), tenant), Operation: "orders/v0/getOrders",
	}
	for range 2 {
		is.NoErr(limiter.Take(t.Context(), b))
		is.NoErr(limiter.Learn(t.Context(), b, 0.02))
		is.NoErr(limiter.Refused(t.Context(), b, 0))
		var left sql.NullString
		is.NoErr(db.QueryRowContext(t.Context(), "SELECT nullif(current_setting('keybuzz.tenant', true), '')").Scan(&left))
		is.True(!left.Valid)
		var seen int
		is.NoErr(db.QueryRowContext(t.Context(), "SELECT count(*) FROM marketplace.rate_limits").Scan(&seen))
		is.Equal(seen, 0)
		moveBuckets(t, db, tenant, -time.Hour)
	}
	var seen int
	read(t, db, tenant, func(rows *sql.Rows) error { return rows.Scan(&seen) }, "SELECT count(*) FROM marketplace.rate_limits")
	is.Equal(seen, 1)
}

// BenchmarkRateLimiter takes tokens on a database that flushes every commit to disk, a bucket for each that asks at once.
func BenchmarkRateLimiter(b *testing.B) {
	db, err := postgres.Open(b.Context(), domain.NewSecret(pgtest.Durable(b)), postgres.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	tenant, err := domain.ParseTenantID("t1")
	if err != nil {
		b.Fatal(err)
	}
	repo, limiter := postgres.NewRepository(db, nil), postgres.NewRateLimiter(db)
	b.SetParallelism(4)
	b.RunParallel(func(pb *testing.PB) {
		id := domain.BucketID{
			Tenant: tenant, Connection: connectDisabled(b, repo, tenant), Operation: "uploads/2020-11-01/createUploadDestinationForResource",
		}
		for pb.Next() {
			if err := limiter.Take(b.Context(), id); err != nil && !errors.Is(err, domain.ErrThrottled) {
				b.Error(err)
			}
		}
	})
}
