package postgres_test

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports/porttest"
)

func TestOperations(t *testing.T) {
	t.Parallel()
	porttest.TestOperations(t, func(t *testing.T) porttest.OperationsFixture {
		repo := postgres.NewRepository(open(t), nil)
		return porttest.OperationsFixture{Repository: repo, Operations: repo}
	})
}

// What operators' transactions may see is a policy's business, and no policy lets them write, even if one were not
// read-only.
func TestOperatorsSeeNoConversationAndWriteNothing(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	db := open(t)
	repo := postgres.NewRepository(db, nil)
	for _, name := range []string{"t1", "t2"} {
		tenant, err := domain.ParseTenantID(name)
		is.NoErr(err)
		fill(t, repo, tenant)
		record(t, repo, tenant)
	}
	visible := map[string]int{"connections": 2, "sync_states": 2, "rejected_messages": 2, "authorizations": 2}
	for _, setting := range []string{"off", "on"} {
		for _, table := range []string{
			"connections", "sync_states", "rejected_messages", "tickets", "external_messages", "ticket_messages",
			"ticket_events", "audit_entries", "raw_keys", "raw_contents", "attachments", "inbound_addresses", "authorizations",
			"participations", "consents", "orders",
		} {
			t.Run(setting+" "+table, func(t *testing.T) {
				is := is.New(t)
				tx, err := db.BeginTx(t.Context(), nil)
				is.NoErr(err)
				defer func() { _ = tx.Rollback() }()
				_, err = tx.ExecContext(t.Context(), `SELECT set_config('keybuzz.operations', $1, true)`, setting)
				is.NoErr(err)
				want := 0
				if setting == "on" {
					want = visible[table]
				}
				var n int
				is.NoErr(tx.QueryRowContext(t.Context(), `SELECT count(*) FROM marketplace.`+table).Scan(&n))
				is.Equal(n, want)
				for _, change := range []string{`UPDATE marketplace.` + table + ` SET tenant_id = 't3'`, `DELETE FROM marketplace.` + table} {
					result, err := tx.ExecContext(t.Context(), change)
					is.NoErr(err)
					changed, err := result.RowsAffected()
					is.NoErr(err)
					is.Equal(changed, int64(0))
				}
				_, err = tx.ExecContext(t.Context(), insertOf[table])
				var refused *pgconn.PgError
				is.True(errors.As(err, &refused))
				is.Equal(refused.Code, "42501") // by a policy, not by a constraint
			})
		}
	}
}

// insertOf is a row for each table that only its policies keep out.
var insertOf = map[string]string{
	"connections": `INSERT INTO marketplace.connections (id, tenant_id, type, status, created_at, updated_at)
		VALUES (gen_random_uuid(), 't3', 'AMAZON', 'PENDING', now(), now())`,
	"sync_states": `INSERT INTO marketplace.sync_states (id, tenant_id, connection_id, type)
		VALUES (gen_random_uuid(), 't3', gen_random_uuid(), 'AMAZON')`,
	"rejected_messages": `INSERT INTO marketplace.rejected_messages (id, tenant_id, connection_id, type, external_id, reason, raw)
		VALUES (gen_random_uuid(), 't3', gen_random_uuid(), 'AMAZON', 'x', 'x', 'x')`,
	"tickets": `INSERT INTO marketplace.tickets (id, tenant_id, channel, subject, status, priority, safety_flags, last_message_at, created_at, updated_at)
		VALUES (gen_random_uuid(), 't3', 'MANUAL', 'x', 'OPEN', 'NORMAL', '[]', now(), now(), now())`,
	"external_messages": `INSERT INTO marketplace.external_messages (id, tenant_id, connection_id, type, kind, external_id, received_at, raw)
		VALUES (gen_random_uuid(), 't3', gen_random_uuid(), 'AMAZON', 'OTHER', 'x', now(), '{}')`,
	"ticket_messages": `INSERT INTO marketplace.ticket_messages (id, tenant_id, ticket_id, sender_type, body, source, is_internal, safety_flags, sent_at)
		VALUES (gen_random_uuid(), 't3', gen_random_uuid(), 'AGENT', 'x', 'API', true, '[]', now())`,
	"ticket_events": `INSERT INTO marketplace.ticket_events (id, tenant_id, ticket_id, type, actor_type, payload, created_at)
		VALUES (gen_random_uuid(), 't3', gen_random_uuid(), 'X', 'SYSTEM', '{}', now())`,
	"audit_entries": `INSERT INTO marketplace.audit_entries (id, tenant_id, action, subject, actor_type, created_at)
		VALUES (gen_random_uuid(), 't3', 'x', 'x', 'SYSTEM', now())`,
	"raw_keys": `INSERT INTO marketplace.raw_keys (id, tenant_id, vault_path) VALUES (gen_random_uuid(), 't3', 'x')`,
	"raw_contents": `INSERT INTO marketplace.raw_contents (tenant_id, digest, key_id, size, sealed)
		VALUES ('t3', sha256('x'), gen_random_uuid(), 1, 'x')`,
	"attachments": `INSERT INTO marketplace.attachments (id, tenant_id, external_message_id, number, name, original_name, declared_type,
		type, size, digest, inline) VALUES (gen_random_uuid(), 't3', gen_random_uuid(), 0, 'x', 'x', 'x', 'x', 1, sha256('x'), false)`,
	"inbound_addresses": `INSERT INTO marketplace.inbound_addresses (id, tenant_id, connection_id, type, country, address, status, created_at)
		VALUES (gen_random_uuid(), 't3', gen_random_uuid(), 'AMAZON', 'FR', 'x@x.example', 'PENDING', now())`,
	"authorizations": `INSERT INTO marketplace.authorizations (id, tenant_id, connection_id, type, region, seller_id, status, created_at, updated_at)
		VALUES (gen_random_uuid(), 't3', gen_random_uuid(), 'AMAZON', 'EU', 'x', 'ENDED', now(), now())`,
	"participations": `INSERT INTO marketplace.participations (tenant_id, connection_id, region, marketplace_id, country, name, participating, suspended)
		VALUES ('t3', gen_random_uuid(), 'EU', 'x', 'FR', 'x', true, false)`,
	"consents": `INSERT INTO marketplace.consents (id, tenant_id, connection_id, type, region, state_hash, browser_hash, expires_at, created_at)
		VALUES (gen_random_uuid(), 't3', gen_random_uuid(), 'AMAZON', 'EU', sha256('x'), sha256('x'), now(), now())`,
	"orders": `INSERT INTO marketplace.orders (tenant_id, connection_id, order_id, outcome) VALUES ('t3', gen_random_uuid(), 'x', 'WANTED')`,
}
