package postgres_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

var large = flag.Bool("large", false, "measure the ingest with 5,000,000 messages stored as well")

// What is measured: 600-byte bodies, threads of three, in rounds that take turns, so that a noisy machine disturbs all
// alike.
const (
	benchRounds   = 6
	benchMessages = 4200 // a round, whole threads
	benchRows     = 150  // a round, row by row
	benchBody     = 600
)

// BenchmarkIngest measures the main job on a Postgres that flushes to disk: a page in memory to its commit, threading,
// safety flags and sealing included. Its floor is COPY of the same rows, sealed before, into the same tables; row by row through bun, a
// transaction a message, is for comparison. Run it with -benchtime=1x.
func BenchmarkIngest(b *testing.B) {
	sizes := []int{0, 1_000_000}
	if *large {
		sizes = append(sizes, 5_000_000)
	}
	var empty float64
	for _, stored := range sizes {
		b.Run(fmt.Sprintf("stored=%d", stored), func(b *testing.B) {
			for b.Loop() {
				r := measureIngest(b, stored)
				if stored == 0 {
					empty = r.first
				}
				b.ReportMetric(r.copied, "copy_msg/s")
				b.ReportMetric(r.first, "first_msg/s")
				b.ReportMetric(r.again, "repoll_msg/s")
				b.ReportMetric(r.rows, "bun_rows_msg/s")
				b.ReportMetric(r.first/r.copied, "first/copy")
				b.ReportMetric(r.again/r.first, "repoll/first")
				b.ReportMetric(r.first/empty, "first/empty")
				b.ReportMetric(0, "ns/op")
			}
		})
	}
}

// rates are messages a second.
type rates struct{ copied, first, again, rows float64 }

func measureIngest(b *testing.B, stored int) rates {
	b.Helper()
	bench := newIngestBench(b)
	bench.seed(b, stored)
	var spent struct{ copied, first, again, rows time.Duration }
	for round := range benchRounds {
		page := benchPage(round*benchMessages, benchMessages)
		mapped := bench.mapped(b, page)
		spent.copied += timed(b, func() error { return bench.copy(b, mapped) })
		spent.first += timed(b, func() error { return bench.poll(b, page, len(page)) })
		spent.again += timed(b, func() error { return bench.poll(b, page, 0) })
		spent.rows += timed(b, func() error { return bench.rowByRow(b, page[:benchRows]) })
	}
	rate := func(messages int, d time.Duration) float64 { return float64(benchRounds*messages) / d.Seconds() }
	return rates{
		rate(benchMessages, spent.copied), rate(benchMessages, spent.first), rate(benchMessages, spent.again), rate(benchRows, spent.rows),
	}
}

func timed(b *testing.B, fn func() error) time.Duration {
	b.Helper()
	start := time.Now()
	if err := fn(); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}

// ingestBench is a durable database with a connection for each way of writing.
type ingestBench struct {
	db     *sql.DB
	admin  *sql.DB // a superuser
	app    *app.App
	vault  *memory.SourceVault
	source *memorySource
	polled domain.ConnectionState
	copied domain.ConnectionState
	rows   domain.ConnectionState
}

func newIngestBench(b *testing.B) *ingestBench {
	b.Helper()
	url := pgtest.Durable(b)
	db, err := postgres.Open(b.Context(), domain.NewSecret(url), postgres.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	admin, err := sql.Open("pgx", asSuperuser(b, url))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = admin.Close() })
	repo, bench := postgres.NewRepository(db, nil), &ingestBench{db: db, admin: admin, vault: memory.NewSourceVault(), source: &memorySource{}}
	bench.app, err = app.New(app.Deps{
		Repository: repo, Directory: repo, PollLedger: repo, Secrets: memory.NewSecretStore(), Mailboxes: anyMailbox{},
		Sources: bench.vault,
		Clients: map[domain.MarketplaceType]ports.MarketplaceClient{domain.Amazon: bench.source},
	})
	if err != nil {
		b.Fatal(err)
	}
	bench.polled, bench.copied, bench.rows = bench.connect(b, "polled"), bench.connect(b, "copied"), bench.connect(b, "rows")
	return bench
}

func (s *ingestBench) connect(b *testing.B, name string) domain.ConnectionState {
	b.Helper()
	tenant, err := domain.ParseTenantID(name)
	if err != nil {
		b.Fatal(err)
	}
	c, err := s.app.SetMailbox.Run(b.Context(), app.SetMailboxCommand{
		Tenant: tenant, Marketplace: domain.Amazon,
		Mailbox: domain.Mailbox{Host: "imap.example.com", User: "u", Password: domain.NewSecret("p")},
	})
	if err != nil {
		b.Fatal(err)
	}
	return c
}

// poll reads page as a source's whole content and checks how many messages were new.
func (s *ingestBench) poll(b *testing.B, page []domain.InboundMessage, created int) error {
	s.source.messages = page
	result, err := s.app.Poll.Run(b.Context(), app.PollCommand{Tenant: s.polled.Tenant, Connection: s.polled.ID})
	if err == nil && (result.Created != created || result.Fetched != len(page)) {
		err = fmt.Errorf("polled %+v, not %d new", result, created)
	}
	return err
}

// anyMailbox lets everybody in.
type anyMailbox struct{}

func (anyMailbox) CheckMailbox(context.Context, domain.Mailbox) error { return nil }

// memorySource gives all its messages at every read, in full pages.
type memorySource struct{ messages []domain.InboundMessage }

func (s *memorySource) Pages(context.Context, domain.ConnectionState, string) iter.Seq2[ports.Page, error] {
	return func(yield func(ports.Page, error) bool) {
		for from := 0; from < len(s.messages); from += domain.MaxPage {
			to := min(from+domain.MaxPage, len(s.messages))
			if !yield(ports.Page{Messages: s.messages[from:to], Next: uuid.NewString()}, nil) {
				return
			}
		}
	}
}

// benchPage returns n ordinary messages in threads of three.
func benchPage(from, n int) []domain.InboundMessage {
	body := strings.Repeat("I ordered this lamp last week and would like to know when it is going to arrive at my house. ", 7)[:benchBody]
	start := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	page := make([]domain.InboundMessage, n)
	for i := range page {
		id := from + i
		page[i] = domain.InboundMessage{
			Kind: domain.KindBuyerMessage, Evidence: "header:BBC_MESSAGE_SENT_TO_MERCHANT", Parser: 2,
			MailID:     fmt.Sprintf("%024x@eu-west-1.amazonses.example", id*104729),
			ExternalID: fmt.Sprintf("A%020d", id*7919%1_000_000_007), ThreadID: fmt.Sprintf("A%020d", 1_000_000_000+id/3),
			OrderID: fmt.Sprintf("999-%07d-%07d", id/3, id/3), BuyerName: fmt.Sprintf("Ana %d", id/3%1000), BuyerEmail: fmt.Sprintf("%014x@marketplace.example", id/3),
			Language: "en", Subject: "Where is my order", Body: body, ReceivedAt: start.Add(time.Duration(id) * time.Second),
			Source: domain.Source{MediaType: "message/rfc822", Bytes: fmt.Appendf(nil, "Message-ID: <%024x@amazonses.example>\r\nSubject: Where is my order\r\n\r\n%s", id*104729, body)},
		}
	}
	return page
}

// seed fills the tables: half with the messages of another tenant, which the statistics know, half with earlier ones
// of the connection that is polled, which they do not know yet.
func (s *ingestBench) seed(b *testing.B, n int) {
	b.Helper()
	if n == 0 {
		return
	}
	s.fill(b, s.connect(b, "seed"), n/2)
	if _, err := s.db.ExecContext(b.Context(), "ANALYZE marketplace.tickets, marketplace.raw_contents, marketplace.external_messages, marketplace.ticket_messages, marketplace.ticket_events"); err != nil {
		b.Fatal(err)
	}
	s.fill(b, s.polled, n/2)
	// What the seeding left to be written would slow down what is measured.
	if _, err := s.admin.ExecContext(b.Context(), "CHECKPOINT"); err != nil {
		b.Fatal(err)
	}
}

func (s *ingestBench) fill(b *testing.B, c domain.ConnectionState, n int) {
	b.Helper()
	const script = `
		SELECT set_config('keybuzz.tenant', '%[3]s', false);
		CREATE TEMP TABLE t AS SELECT i, gen_random_uuid() AS id FROM generate_series(0, %[1]d / 3) i;
		CREATE TEMP TABLE m AS SELECT n AS i, gen_random_uuid() AS id, gen_random_uuid() AS message, t.id AS ticket,
			'2026-01-01'::timestamptz + n * interval '1 second' AS at FROM generate_series(1, %[1]d) n JOIN t ON t.i = (n - 1) / 3;
		INSERT INTO marketplace.tickets (id, tenant_id, connection_id, channel, external_id, order_id, subject, status, priority,
			customer_name, customer_email, safety_flags, last_message_at, created_at, updated_at)
			SELECT id, '%[3]s', '%[2]s', 'AMAZON', 'T' || i, 'O' || i, 'Seed', 'OPEN', 'NORMAL', 'Ana ' || i %% 1000, 'a' || i || '+x@relay.example.com', '[]',
			'2026-01-01'::timestamptz + i * interval '3 seconds', now(), now() FROM t;
		INSERT INTO marketplace.raw_contents (tenant_id, digest, key_id, size, sealed)
			SELECT '%[3]s', sha256(convert_to('%[3]s' || i, 'UTF8')), '%[2]s', 600, convert_to(repeat('x', 600), 'UTF8') FROM m;
		INSERT INTO marketplace.external_messages (id, tenant_id, connection_id, type, kind, external_id, mail_id, thread_id, order_id,
			received_at, raw, raw_digest, raw_key, ticket_id)
			SELECT id, '%[3]s', '%[2]s', 'AMAZON', 'BUYER_MESSAGE', 'M' || i, 'X' || i, 'T' || (i - 1) / 3, 'O' || (i - 1) / 3, at,
			'{"mediaType": "message/rfc822", "size": 600}', sha256(convert_to('%[3]s' || i, 'UTF8')), '%[2]s', ticket FROM m;
		INSERT INTO marketplace.ticket_messages (id, tenant_id, ticket_id, external_message_id, sender_type, body, source,
			is_internal, mail_id, safety_flags, sent_at)
			SELECT message, '%[3]s', ticket, id, 'CUSTOMER', repeat('x', 600), 'MARKETPLACE', false, 'X' || i, '[]', at FROM m;
		INSERT INTO marketplace.ticket_events (id, tenant_id, ticket_id, ticket_message_id, type, actor_type, payload, created_at)
			SELECT gen_random_uuid(), '%[3]s', ticket, message, 'MESSAGE_RECEIVED', 'CUSTOMER', '{}', at FROM m;
		DROP TABLE t, m;
		RESET keybuzz.tenant`
	if _, err := s.db.ExecContext(b.Context(), fmt.Sprintf(script, n, c.ID, c.Tenant)); err != nil {
		b.Fatal(err)
	}
}

// mapped returns what page becomes on a connection of its own, sealed.
func (s *ingestBench) mapped(b *testing.B, page []domain.InboundMessage) domain.PageWrite {
	b.Helper()
	in := domain.Thread(s.copied, page, domain.Candidates{}, time.Now())
	sealer, err := s.vault.Sealer(b.Context(), s.copied.Tenant)
	if err != nil {
		b.Fatal(err)
	}
	for i := range in.Messages {
		if in.Messages[i].Source, err = sealer.Seal(in.Messages[i].Source); err != nil {
			b.Fatal(err)
		}
	}
	return in
}

// copy writes rows by COPY, all in one transaction: the floor.
func (s *ingestBench) copy(b *testing.B, in domain.PageWrite) error {
	conn, err := s.admin.Conn(b.Context()) // COPY cannot be held to row-level security, so a superuser does it
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	return conn.Raw(func(driver any) error { return copyIntake(b.Context(), driver.(*stdlib.Conn).Conn(), in) })
}

func copyIntake(ctx context.Context, conn *pgx.Conn, in domain.PageWrite) error {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(ctx) }()
	tables := []string{"raw_contents", "tickets", "external_messages", "ticket_messages", "ticket_events"}
	raws, tickets, messages, onTickets, events := copyRows(in)
	for i, c := range []struct {
		columns string
		rows    [][]any
	}{
		{"tenant_id digest key_id size sealed", raws},
		{"id tenant_id connection_id channel external_id order_id subject status priority customer_name customer_email safety_flags last_message_at created_at updated_at", tickets},
		{"id tenant_id connection_id type kind evidence parser external_id mail_id thread_id order_id buyer_name buyer_email language received_at raw raw_digest raw_key ticket_id", messages},
		{"id tenant_id ticket_id external_message_id sender_type sender_name body source is_internal mail_id safety_flags sent_at", onTickets},
		{"id tenant_id ticket_id ticket_message_id type actor_type payload created_at", events},
	} {
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{"marketplace", tables[i]}, strings.Fields(c.columns), pgx.CopyFromRows(c.rows)); err != nil {
			return err
		}
	}
	return tx.Commit(ctx)
}

func copyRows(in domain.PageWrite) (raws, tickets, messages, onTickets, events [][]any) {
	id := func(u uuid.UUID) any { return [16]byte(u) }
	for _, ticket := range in.Opened {
		t := ticket.State()
		tickets = append(tickets, []any{id(t.ID.UUID), t.Tenant.String(), id(t.Connection.UUID), string(t.Channel), t.ExternalID, t.OrderID, t.Subject,
			string(t.Status), string(t.Priority), t.CustomerName, t.CustomerEmail, []byte("[]"), t.LastMessageAt, t.CreatedAt, t.UpdatedAt})
	}
	for _, m := range in.Messages {
		raws = append(raws, []any{m.Tenant.String(), m.Source.Digest[:], id(m.Source.Key.UUID), m.Source.Size, m.Source.Bytes})
		raw := map[string]any{"mediaType": m.Source.MediaType, "size": m.Source.Size}
		messages = append(messages, []any{id(m.ID.UUID), m.Tenant.String(), id(m.Connection.UUID), string(m.Type), string(m.Kind), m.Evidence, m.Parser,
			m.ExternalID, m.MailID, m.ThreadID, m.OrderID, m.BuyerName, m.BuyerEmail, m.Language, m.ReceivedAt, raw, m.Source.Digest[:],
			id(m.Source.Key.UUID), id(m.Ticket.UUID)})
	}
	for _, m := range in.TicketMessages {
		onTickets = append(onTickets, []any{id(m.ID.UUID), m.Tenant.String(), id(m.Ticket.UUID), id(m.ExternalMessage.UUID), string(m.SenderType),
			m.SenderName, m.Body, string(m.Source), m.Internal, m.MailID, []byte("[]"), m.SentAt})
	}
	for _, e := range in.Events {
		events = append(events, []any{id(e.ID.UUID), e.Tenant.String(), id(e.Ticket.UUID), id(e.Message.UUID), string(e.Type), string(e.Actor), e.Payload, e.At})
	}
	return raws, tickets, messages, onTickets, events
}

// rowByRow writes page through bun, a transaction a message and an insert a row.
func (s *ingestBench) rowByRow(b *testing.B, page []domain.InboundMessage) error {
	db := bun.NewDB(s.db, pgdialect.New())
	in := domain.Thread(s.rows, page, domain.Candidates{}, time.Now())
	opened := map[domain.TicketID]domain.TicketState{}
	for _, ticket := range in.Opened {
		opened[ticket.State().ID] = ticket.State()
	}
	for i, m := range in.Messages {
		err := db.RunInTx(b.Context(), nil, func(ctx context.Context, tx bun.Tx) error {
			if _, err := tx.ExecContext(ctx, "SELECT set_config('keybuzz.tenant', ?, true)", m.Tenant.String()); err != nil {
				return err
			}
			if t, first := opened[m.Ticket]; first {
				delete(opened, m.Ticket)
				if err := insertRow(ctx, tx, "tickets", map[string]any{
					"id": t.ID, "tenant_id": t.Tenant.String(), "connection_id": t.Connection, "channel": t.Channel, "external_id": t.ExternalID,
					"order_id": t.OrderID, "subject": t.Subject, "status": t.Status, "priority": t.Priority, "safety_flags": "[]",
					"last_message_at": t.LastMessageAt, "created_at": t.CreatedAt, "updated_at": t.UpdatedAt,
				}); err != nil {
					return err
				}
			}
			if err := insertRow(ctx, tx, "external_messages", map[string]any{
				"id": m.ID, "tenant_id": m.Tenant.String(), "connection_id": m.Connection, "type": m.Type, "kind": m.Kind,
				"external_id": m.ExternalID, "thread_id": m.ThreadID, "order_id": m.OrderID, "received_at": m.ReceivedAt,
				"raw": map[string]string{"content": string(m.Source.Bytes)}, "ticket_id": m.Ticket,
			}); err != nil {
				return err
			}
			on, event := in.TicketMessages[i], in.Events[i]
			if err := insertRow(ctx, tx, "ticket_messages", map[string]any{
				"id": on.ID, "tenant_id": m.Tenant.String(), "ticket_id": m.Ticket, "external_message_id": m.ID, "sender_type": on.SenderType,
				"body": on.Body, "source": on.Source, "is_internal": false, "safety_flags": "[]", "sent_at": on.SentAt,
			}); err != nil {
				return err
			}
			return insertRow(ctx, tx, "ticket_events", map[string]any{
				"id": event.ID, "tenant_id": m.Tenant.String(), "ticket_id": m.Ticket, "ticket_message_id": on.ID, "type": event.Type,
				"actor_type": event.Actor, "payload": event.Payload, "created_at": event.At,
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func insertRow(ctx context.Context, tx bun.Tx, table string, row map[string]any) error {
	_, err := tx.NewInsert().Model(&row).TableExpr("marketplace." + table).Exec(ctx)
	return err
}
