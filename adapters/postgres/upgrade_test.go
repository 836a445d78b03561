package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/migrations"
	"github.com/keybuzzio/marketplaces/ports"
)

// What the version before inbound mail wrote and read, in its own words.
const (
	oldConnection = `INSERT INTO marketplace.connections (id, tenant_id, type, status, source, marketplace_id, created_at, updated_at)
		VALUES ($1, $2, 'AMAZON', 'CONNECTED', 'MOCK', $3, now(), now())`
	oldSyncState = `INSERT INTO marketplace.sync_states (id, tenant_id, connection_id, type) VALUES (gen_random_uuid(), $2, $1, 'AMAZON')`
	oldTicket    = `INSERT INTO marketplace.tickets (tenant_id, connection_id, channel, external_id, created_at, id, order_id, subject, status,
		priority, customer_name, customer_email, safety_flags, auto_send_blocked_reason, last_message_at, updated_at)
		VALUES ($2, $3, 'AMAZON', 'thread', now(), $1, 'order', 's', 'OPEN', 'NORMAL', 'Ana', NULL, '[]', NULL, now(), now())`
	oldMessage = `INSERT INTO marketplace.external_messages (tenant_id, id, connection_id, type, kind, external_id, thread_id, order_id,
		buyer_name, buyer_email, language, received_at, raw, ticket_id)
		VALUES ($2, gen_random_uuid(), $3, 'AMAZON', 'BUYER_MESSAGE', $4, 'thread', 'order', 'Ana', NULL, 'es', now(), $5, $1)`
	oldTicketMessage = `INSERT INTO marketplace.ticket_messages (tenant_id, id, ticket_id, external_message_id, sender_type, sender_name, body,
		source, is_internal, safety_flags, sent_at)
		SELECT tenant_id, gen_random_uuid(), ticket_id, id, 'CUSTOMER', NULL, 'b', 'MARKETPLACE', false, '[]', received_at
		FROM marketplace.external_messages WHERE external_id = $1`
	oldRejected = `INSERT INTO marketplace.rejected_messages (tenant_id, id, connection_id, type, external_id, reason, detail, media_type, raw, received_at)
		VALUES ($1, gen_random_uuid(), $2, 'AMAZON', 'x', 'unreadable', NULL, 'message/rfc822', $3, NULL) ON CONFLICT DO NOTHING`
	oldKnown = `SELECT key.id FROM unnest($2::text[]) AS key (id), LATERAL (
		SELECT FROM marketplace.external_messages m WHERE m.connection_id = $1 AND m.external_id = key.id LIMIT 1) AS stored`
)

// as runs statements of the version before in a transaction of a tenant.
func as(t *testing.T, db *sql.DB, tenant domain.TenantID, fn func(exec func(statement string, args ...any))) (err error) {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	exec := func(statement string, args ...any) {
		if err == nil {
			_, err = tx.ExecContext(t.Context(), statement, args...)
		}
	}
	exec(`SELECT set_config('keybuzz.tenant', $1, true)`, tenant.String())
	fn(exec)
	if err == nil {
		err = tx.Commit()
	}
	return err
}

// downBefore takes back a version and all that are newer.
func downBefore(t *testing.T, db *sql.DB, version string) {
	t.Helper()
	versions := migrations.Versions()
	at := slices.Index(versions, version)
	if at < 0 {
		t.Fatalf("there is no version %s", version)
	}
	if err := migrations.Down(t.Context(), db, len(versions)-at); err != nil {
		t.Fatal(err)
	}
}

// A database of the version before is taken over with all that it holds, beside the version before, and can be given back.
func TestUpgradeWithDataAndBack(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	db := open(t)
	repo := postgres.NewRepository(db, nil)
	downBefore(t, db, "20261125000001_inbound")
	t1, err := domain.ParseTenantID("t1")
	is.NoErr(err)
	t2, err := domain.ParseTenantID("t2")
	is.NoErr(err)
	a, b, c := domain.NewID[domain.ConnectionID](), domain.NewID[domain.ConnectionID](), domain.NewID[domain.ConnectionID]()
	k := domain.NewID[domain.TicketID]()
	text, binary := `{"mediaType":"text/plain","encoding":"utf-8","content":"Zoë \"?\""}`, `{"mediaType":"message/rfc822","encoding":"base64","content":"AP8="}`
	is.NoErr(as(t, db, t1, func(exec func(string, ...any)) {
		for id, site := range map[domain.ConnectionID]string{a: "FR", b: "ES"} {
			exec(oldConnection, id.String(), "t1", site)
			exec(oldSyncState, id.String(), "t1")
		}
		exec(oldTicket, k.String(), "t1", a.String())
		exec(oldMessage, k.String(), "t1", a.String(), "m1", text)
		exec(oldTicketMessage, "m1")
		exec(oldRejected, "t1", a.String(), []byte{0, 255})
	}))
	is.NoErr(as(t, db, t1, func(exec func(string, ...any)) { // a second later, the same message by another connection
		exec(oldMessage, nil, "t1", b.String(), "m1", binary)
		exec(oldMessage, nil, "t1", b.String(), "m2", binary)
	}))
	is.NoErr(as(t, db, t2, func(exec func(string, ...any)) {
		exec(oldConnection, c.String(), "t2", "FR")
		exec(oldSyncState, c.String(), "t2")
		exec(oldMessage, nil, "t2", c.String(), "m1", text)
	}))

	is.NoErr(migrations.Up(t.Context(), db))
	stored := archived(t, repo, t1)
	is.Equal(len(stored), 3)
	byID := map[string]domain.Stored{}
	for _, m := range stored {
		byID[m.Message.ExternalID] = m
	}
	first, second := byID["m1"], byID["m2"]
	is.Equal(first.Message.Connection, a)
	is.Equal(first.Message.Source, domain.Source{MediaType: "text/plain", Bytes: []byte(`Zoë "?"`)}.Plain())
	is.Equal(first.OnTicket.Ticket, k)
	is.Equal(second.Message.Source, domain.Source{MediaType: "message/rfc822", Bytes: []byte{0, 255}}.Plain())
	_, named := byID["m1~"+copyOf(stored, b, "m1~").String()]
	is.True(named) // the copy has a name of its own, and its raw
	var present []domain.Stored
	is.NoErr(repo.View(t.Context(), t1, func(ctx context.Context, tx ports.Tx) (err error) {
		present, err = tx.Archive.Present(ctx, []domain.MessageID{first.Message.ID})
		if err != nil {
			return err
		}
		known, err := tx.Pages.Known(ctx, domain.Amazon, []string{"m1", "m2", "m3"})
		is.Equal(known, map[string]bool{"m1": true, "m2": true}) // by whichever connection
		if err != nil {
			return err
		}
		pending, err := tx.DeadLetters.Pending(ctx, domain.RejectedID{}, 10, 100)
		is.Equal(len(pending), 1)
		is.Equal(pending[0].Source, domain.Source{MediaType: "message/rfc822", Bytes: []byte{0, 255}}.Plain())
		if err != nil {
			return err
		}
		quarantined, err := tx.Quarantine.List(ctx, ports.Position{}, 10)
		is.Equal(len(quarantined), 1)
		is.Equal(quarantined[0].Raw.Size, 2)
		return err
	}))
	first.Message.Source.Bytes = nil
	is.Equal(present, []domain.Stored{first})

	// The version before works on beside this one, and the new identity binds it.
	is.NoErr(as(t, db, t1, func(exec func(string, ...any)) {
		exec(oldMessage, k.String(), "t1", a.String(), "m4", text)
		exec(oldTicketMessage, "m4")
		exec(oldRejected, "t1", a.String(), []byte{0, 255})
		exec(oldRejected, "t1", a.String(), []byte{1})
	}))
	err = as(t, db, t1, func(exec func(string, ...any)) { exec(oldMessage, nil, "t1", a.String(), "m2", text) })
	is.True(errors.Is(postgres.Translate(t.Context(), "store", err), domain.ErrConflict))
	var known []string
	read(t, db, t1, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		known = append(known, id)
		return err
	}, oldKnown, a.String(), []string{"m1", "m2", "m4"})
	is.Equal(known, []string{"m1", "m4"})
	is.Equal(len(archived(t, repo, t1)), 4)

	writeNew(t, repo, t1, a, k)
	written := archived(t, repo, t1)
	downBefore(t, db, "20261125000001_inbound")
	var ids, contents []string
	read(t, db, t1, func(rows *sql.Rows) error {
		var id, content string
		err := rows.Scan(&id, &content)
		ids, contents = append(ids, id), append(contents, content)
		return err
	}, `SELECT external_id, raw ->> 'content' FROM marketplace.external_messages ORDER BY external_id, connection_id`)
	is.Equal(len(written), 5)
	is.Equal(ids, []string{"event", "m1", "m1", "m2", "m4"}) // the copy has its old name
	is.True(slices.Contains(contents, ""))                   // a sealed one, which nobody reads any more
	is.NoErr(as(t, db, t1, func(exec func(string, ...any)) { exec(oldRejected, "t1", a.String(), []byte{2}) }))
	var rejected int
	read(t, db, t1, func(rows *sql.Rows) error { return rows.Scan(&rejected) },
		`SELECT count(*) FROM marketplace.rejected_messages WHERE raw IS NOT NULL`)
	is.Equal(rejected, 4)

	is.NoErr(migrations.Up(t.Context(), db))
	is.Equal(len(archived(t, repo, t1)), len(written))
	is.Equal(len(archived(t, repo, t2)), 1)
}

// archived is all messages of a tenant.
func archived(t *testing.T, repo *postgres.Repository, tenant domain.TenantID) (all []domain.Stored) {
	t.Helper()
	is.New(t).NoErr(repo.View(t.Context(), tenant, func(ctx context.Context, tx ports.Tx) (err error) {
		all, err = tx.Archive.Messages(ctx, domain.MessageID{}, 100, 1<<20)
		return err
	}))
	return all
}

// copyOf is the id of the connection's message whose external id begins so.
func copyOf(stored []domain.Stored, c domain.ConnectionID, begin string) domain.MessageID {
	i := slices.IndexFunc(stored, func(m domain.Stored) bool {
		return m.Message.Connection == c && len(m.Message.ExternalID) > len(begin) && m.Message.ExternalID[:len(begin)] == begin
	})
	if i < 0 {
		return domain.MessageID{}
	}
	return stored[i].Message.ID
}

// writeNew stores what the version before has no place for.
func writeNew(t *testing.T, repo *postgres.Repository, tenant domain.TenantID, c domain.ConnectionID, k domain.TicketID) {
	t.Helper()
	is := is.New(t)
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	sealer, err := memory.NewSourceVault().Sealer(t.Context(), tenant)
	is.NoErr(err)
	sealed := func(text string) domain.StoredSource {
		raw, err := sealer.Seal(domain.Source{MediaType: "message/rfc822", Bytes: []byte(text)}.Plain())
		is.NoErr(err)
		return raw
	}
	event := domain.ExternalMessage{
		ID: domain.NewID[domain.MessageID](), Tenant: tenant, Connection: c, Type: domain.Amazon, Kind: domain.KindChargeback,
		Evidence: "subject", Parser: 2, ExternalID: "event", MailID: "x@example.com", Subject: "s", Facts: map[string]string{"sku": "1"},
		Flags: []domain.ParseFlag{domain.FlagNoOrder}, ReceivedAt: now, Source: sealed("event"), Ticket: k,
		Quarantine: domain.QuarantineNoTicket, Files: []domain.File{{Name: "f"}},
	}
	push, err := domain.NewConnection(tenant, domain.Fnac, now)
	is.NoErr(err)
	is.NoErr(push.Connect(domain.SourceBinding{Source: domain.SourcePush}, now))
	is.NoErr(repo.Update(t.Context(), tenant, func(ctx context.Context, tx ports.Tx) error {
		return errors.Join(tx.Connections.Insert(ctx, push), tx.Pages.Store(ctx, domain.PageWrite{
			Messages: []domain.ExternalMessage{event},
			TicketMessages: []domain.TicketMessage{{
				ID: domain.NewID[domain.TicketMessageID](), Tenant: tenant, Ticket: k, SenderType: domain.SenderAgent, Body: "b",
				Source: domain.FromEmail, MailID: "y@example.com", Delivery: domain.DeliveryAccepted, SentAt: now,
			}},
			Events: []domain.TicketEvent{{
				ID: domain.NewID[domain.EventID](), Tenant: tenant, Ticket: k, Origin: event.ID, Type: domain.EventChargebackOpened,
				Actor: domain.ActorSystem, At: now,
			}},
			Rejected: []domain.RejectedMessage{{
				ID: domain.NewID[domain.RejectedID](), Tenant: tenant, Connection: c, Type: domain.Amazon, Reason: domain.RejectUnreadable,
				Source: sealed("rejected"),
			}},
		}))
	}))
}
