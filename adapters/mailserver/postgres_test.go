package mailserver_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/mailserver"
	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
	"github.com/keybuzzio/marketplaces/adapters/rawvault"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// newPostgresStage is a stage as in production: rows in Postgres, raws sealed.
func newPostgresStage(t testing.TB, url string) *stage {
	t.Helper()
	db, err := postgres.Open(t.Context(), domain.NewSecret(url), postgres.Options{MaxConns: 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	repo := postgres.NewRepository(db, nil)
	return newStageOn(t, app.Deps{
		Repository: repo, Directory: repo, PollLedger: repo, Routes: repo,
		Sources: rawvault.New(repo, memory.NewSecretStore(), rawvault.Options{}),
	})
}

// Many senders bring the same mails to all of a seller's addresses, by both protocols: each is stored once, and each sender
// is told that it is.
func TestMailsMeetOnPostgres(t *testing.T) {
	t.Parallel()
	const mails, senders = 40, 8
	is, s := is.New(t), newPostgresStage(t, pgtest.Database(t))
	addresses := map[bool]string{true: s.serve(t, mailserver.Options{LMTP: true}), false: s.serve(t, mailserver.Options{})}
	var all sync.WaitGroup
	for sender := range senders {
		lmtp := sender%2 == 0
		w := dial(t, addresses[lmtp])
		w.want("220")
		w.talk(hello(lmtp))
		all.Go(func() {
			for i := range mails {
				w.send(s.fill("MAIL FROM:<a@example.com>\r\nRCPT TO:<LIVE>\r\nRCPT TO:<SECOND>\r\nRCPT TO:<OTHER>\r\nDATA\r\n"))
				answers := []string{w.reply(), w.reply(), w.reply(), w.reply(), w.reply()}
				w.send(mailOf(i) + ".\r\n")
				answers = append(answers[:4], w.reply())
				if lmtp {
					answers = append(answers, w.reply(), w.reply())
				}
				if slices.ContainsFunc(answers, func(a string) bool { return !strings.HasPrefix(a, "250") }) {
					t.Errorf("mail %d: %q", i, answers)
				}
			}
		})
	}
	all.Wait()
	is.Equal(s.observer.count(ports.DeliveryStored), 2*mails) // one for each seller
	is.Equal(s.observer.count(ports.DeliveryDuplicate), (3*senders-2)*mails)
	is.Equal(s.observer.count(ports.DeliveryDeferred), 0)
	for _, a := range []domain.InboundAddressState{s.live, s.other} {
		tickets, _, err := s.ListTickets.Run(t.Context(), app.ListTicketsQuery{Tenant: a.Tenant, TicketFilter: ports.TicketFilter{Limit: app.MaxList}})
		is.NoErr(err)
		is.Equal(len(tickets), mails)
	}
}

// A database that breaks off in the middle of storing defers the mail, which is stored when it comes again.
func TestPostgresBreaksOff(t *testing.T) {
	t.Parallel()
	is, url := is.New(t), pgtest.Database(t)
	db, err := postgres.Open(t.Context(), domain.NewSecret(url), postgres.Options{})
	is.NoErr(err)
	t.Cleanup(func() { _ = db.Close() })
	s := newPostgresStage(t, url)
	w := dial(t, s.serve(t, mailserver.Options{LMTP: true}))
	w.want("220")
	w.talk(s.fill(begin + "> DATA\n< 354"))
	tx, err := db.BeginTx(t.Context(), nil)
	is.NoErr(err)
	_, err = tx.ExecContext(t.Context(), "LOCK TABLE marketplace.external_messages IN ACCESS EXCLUSIVE MODE")
	is.NoErr(err)
	w.send(mailOf(1) + ".\r\n")
	await(t, func() bool {
		var ended int
		err := tx.QueryRowContext(t.Context(), `
			SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND wait_event_type = 'Lock'`).Scan(&ended)
		is.NoErr(err)
		return ended > 0
	})
	w.want("451 4.3.0")
	is.NoErr(tx.Rollback())
	w.talk(s.fill("> MAIL FROM:<a@example.com>\n< 250\n> RCPT TO:<LIVE>\n< 250\n> DATA\n< 354"))
	w.send(mailOf(1) + ".\r\n")
	w.want("250")
	is.Equal(s.observer.count(ports.DeliveryStored), 1)
}

// customers counts the messages of buyers' on a seller's tickets.
func (s *stage) customers(t testing.TB, tenant domain.TenantID) (n int) {
	t.Helper()
	q := app.ListTicketsQuery{Tenant: tenant, TicketFilter: ports.TicketFilter{Limit: app.MaxList}}
	for {
		tickets, next, err := s.ListTickets.Run(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range tickets {
			messages, _, err := s.ListMessages.Run(t.Context(), app.ConversationQuery{TicketQuery: app.TicketQuery{Tenant: tenant, Ticket: k.ID}, Limit: app.MaxList})
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range messages {
				if m.SenderType == domain.SenderCustomer {
					n++
				}
			}
		}
		if next == (ports.Position{}) {
			return n
		}
		q.After = next
	}
}
