package postgres_test

import (
	"testing"
	"time"

	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports/porttest"
)

func TestSurvey(t *testing.T) {
	t.Parallel()
	porttest.TestSurvey(t, func(t *testing.T) porttest.SurveyFixture {
		repo := postgres.NewRepository(open(t), nil)
		return porttest.SurveyFixture{Repository: repo, Survey: repo.FleetStats}
	})
}

// BenchmarkSurvey takes one look at 100,000 connections with 20,000 rejected messages, as monitoring does a few times a
// minute. The target is 200 ms.
func BenchmarkSurvey(b *testing.B) {
	db, err := postgres.Open(b.Context(), domain.NewSecret(pgtest.Durable(b)), postgres.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	tx, err := db.BeginTx(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	for _, statement := range []string{
		`SELECT set_config('keybuzz.tenant', 'many', true)`,
		`INSERT INTO marketplace.connections (id, tenant_id, type, status, source, marketplace_id, last_sync_at, created_at, updated_at)
			SELECT gen_random_uuid(), 'many', 'AMAZON', CASE WHEN n % 50 = 0 THEN 'ERROR' ELSE 'CONNECTED' END, 'IMAP', n::text,
				now() - random() * interval '5 minutes', now(), now()
			FROM generate_series(1, 100000) n`,
		`INSERT INTO marketplace.sync_states (id, tenant_id, connection_id, type, cursor, last_arrival_at)
			SELECT gen_random_uuid(), tenant_id, id, type, '1:1000', now() - random() * interval '1 day'
			FROM marketplace.connections`,
		`INSERT INTO marketplace.rejected_messages (id, tenant_id, connection_id, type, external_id, reason, raw, replayed_at)
			SELECT gen_random_uuid(), tenant_id, id, type, 'x', 'unreadable', convert_to(id::text, 'UTF8'), CASE WHEN random() < 0.5 THEN now() END
			FROM marketplace.connections LIMIT 40000`,
	} {
		if _, err := tx.ExecContext(b.Context(), statement); err != nil {
			b.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
	if _, err := db.ExecContext(b.Context(), `ANALYZE`); err != nil {
		b.Fatal(err)
	}
	repo := postgres.NewRepository(db, nil)
	for b.Loop() {
		begun := time.Now()
		survey, err := repo.FleetStats(b.Context())
		if err != nil || len(survey.Connections) != 2 || survey.WorstPollLag < survey.P99PollLag || survey.Rejected == 0 {
			b.Fatal(survey, err)
		}
		b.ReportMetric(float64(time.Since(begun).Milliseconds()), "ms")
	}
}
