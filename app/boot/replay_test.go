package boot_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon"
	"github.com/keybuzzio/marketplaces/adapters/amazon/mail"
	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/app/boot"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

func TestReplayCommandLine(t *testing.T) {
	t.Parallel()
	const id = "0199f3a2-7c10-7000-8000-000000000001"
	for name, test := range map[string]struct {
		args []string
		says []string
	}{
		"no tenant":         {[]string{"--rejected"}, []string{"--tenant is missing"}},
		"a bad tenant":      {[]string{"--tenant", "a/b", "--rejected"}, []string{"--tenant:"}},
		"nothing named":     {[]string{"--tenant", "t1"}, []string{"one of --rejected, --since TIME and --message ID"}},
		"two named":         {[]string{"--tenant", "t1", "--rejected", "--message", id}, []string{"one of --rejected"}},
		"a bad time":        {[]string{"--tenant", "t1", "--since", "yesterday"}, []string{"--since: give a time such as 2026-11-02T15:04:05Z"}},
		"a time long ago":   {[]string{"--tenant", "t1", "--since", "1969-12-31"}, []string{"--since:"}},
		"a bad id":          {[]string{"--tenant", "t1", "--message", "42"}, []string{"--message: not an id"}},
		"everything wrong":  {[]string{"--since", "x", "--message", "y"}, []string{"--tenant", "one of", "--since:", "--message:"}},
		"an unknown flag":   {[]string{"--all"}, []string{"all"}},
		"flags of a poll":   {nil, nil},
		"a second command":  {[]string{"migrate"}, []string{"one command at a time"}},
		"a flag by itself":  {[]string{"--tenant"}, []string{"tenant"}},
		"flags come before": {[]string{"--tenant", "t1", "--dev", "--since", "x"}, []string{"--since:"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			args := append([]string{"replay"}, test.args...)
			if test.says == nil { // without the command
				args, test.says = []string{"--once", "--tenant", "t1"}, []string{"belong to the command replay"}
			}
			err := boot.Worker(t.Context(), args, nil, boot.Streams{Out: &strings.Builder{}, Err: &strings.Builder{}})
			is.True(err != nil)
			for _, part := range test.says {
				is.True(strings.Contains(err.Error(), part))
			}
			is.True(strings.Contains(err.Error(), "--help")) // says where to read on
		})
	}
	t.Run("help", func(t *testing.T) {
		t.Parallel()
		is := is.New(t)
		var out strings.Builder
		is.NoErr(boot.Worker(t.Context(), []string{"replay", "--help"}, nil, boot.Streams{Out: &out, Err: &out}))
		for _, part := range []string{"--rejected", "--since TIME", "--message ID", "--apply", "run it again"} {
			is.True(strings.Contains(out.String(), part))
		}
	})
}

// interpreter is the one of the product.
var interpreter = amazon.NewInterpreter(map[string]ports.Interpreter{mail.MediaType: mail.Interpreter{}})

// plain is a raw that was stored as it came.
func plain(kept domain.StoredSource) domain.Source {
	return domain.Source{MediaType: kept.MediaType, Bytes: kept.Bytes}
}

// store puts mails into the database of development mode's tenant as a poll does, and returns what was read of them.
func (p *product) store(t *testing.T, mails []mailtest.Mail) (live []domain.InboundMessage) {
	t.Helper()
	is := is.New(t)
	repo := postgres.NewRepository(p.db, nil)
	tenant, err := domain.ParseTenantID("demo")
	is.NoErr(err)
	c, err := domain.NewConnection(tenant, domain.Amazon, time.Now())
	is.NoErr(err)
	is.NoErr(repo.Update(t.Context(), tenant, func(ctx context.Context, tx ports.Tx) error { return tx.Connections.Insert(ctx, c) }))
	for page := range slices.Chunk(mails, domain.MaxPage) {
		messages := make([]domain.InboundMessage, len(page))
		for i, m := range page {
			messages[i] = mail.Interpreter{}.Parse(m.Raw, m.Arrived)
		}
		live = append(live, messages...)
		is.NoErr(repo.Update(t.Context(), tenant, func(ctx context.Context, tx ports.Tx) error {
			screened := domain.Screen(c.State(), messages)
			ids := make([]string, len(screened.Accepted))
			for i, m := range screened.Accepted {
				ids[i] = m.ExternalID
			}
			_, err := tx.SyncStates.Lock(ctx, c.State().ID)
			known, err2 := tx.Pages.Known(ctx, c.State().Type, ids)
			if err := errors.Join(err, err2); err != nil {
				return err
			}
			fresh := slices.DeleteFunc(screened.Accepted, func(m domain.InboundMessage) bool { return known[m.ExternalID] })
			book, err := tx.Pages.Candidates(ctx, c.State().ID, domain.Keys(fresh), time.Now())
			if err != nil {
				return err
			}
			in := domain.Thread(c.State(), fresh, book, time.Now())
			in.Rejected = screened.Rejected
			return tx.Pages.Store(ctx, in)
		}))
	}
	return live
}

// What is read of a mail when it comes is what is read of it when it was stored: byte for byte, field for field.
func TestStoredMailsAreReadAsTheyWere(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	p := newProduct(t)
	mails := mailtest.Mails(11, 600)
	mails = append(mails,
		mailtest.Mail{Raw: []byte("this is no mail\x00\xff"), Arrived: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)},
		mailtest.Mail{Raw: []byte("Subject: no date\r\n\r\nHello"), Arrived: time.Date(2026, 3, 2, 8, 0, 1, 0, time.UTC)},
		mailtest.Mail{Raw: []byte("Subject: tomorrow\r\nDate: Tue, 3 Mar 2099 08:00:00 +0100\r\n\r\nHello"), Arrived: time.Date(2026, 3, 2, 8, 0, 2, 0, time.UTC)})
	live := map[string]domain.InboundMessage{}
	for _, m := range p.store(t, mails) {
		live[string(m.Source.Bytes)] = m
	}
	repo := postgres.NewRepository(p.db, nil)
	tenant, err := domain.ParseTenantID("demo")
	is.NoErr(err)
	var stored []domain.Stored
	var rejected []domain.RejectedMessage
	is.NoErr(repo.View(t.Context(), tenant, func(ctx context.Context, tx ports.Tx) (err error) {
		if stored, err = tx.Archive.Messages(ctx, domain.MessageID{}, len(mails), 1<<30); err == nil {
			rejected, err = tx.DeadLetters.Pending(ctx, domain.RejectedID{}, len(mails), 1<<30)
		}
		return err
	}))
	is.True(len(stored) > 400)
	is.True(len(rejected) > 0)
	for _, m := range stored {
		again := interpreter.Interpret(plain(m.Message.Source), m.Message.ReceivedAt)
		is.Equal(again, live[string(m.Message.Source.Bytes)])
		is.Equal(len(domain.RereadMessage(m, again).Differences), 0)
	}
	for _, m := range rejected {
		again := interpreter.Interpret(plain(m.Source), m.ReceivedAt)
		is.Equal(again, live[string(m.Source.Bytes)])
	}
}

// spoil makes the database look as if older code had read the mails.
func (p *product) spoil(t *testing.T) {
	t.Helper()
	for _, statement := range []string{
		"UPDATE marketplace.external_messages SET language = 'xx', buyer_name = 'Older', thread_id = NULL, received_at = received_at + interval '1 hour'",
		"UPDATE marketplace.ticket_messages SET body = 'older', sender_name = 'Older', safety_flags = '[]', sent_at = sent_at + interval '1 hour' WHERE sender_type = 'CUSTOMER' AND body <> ''",
		"UPDATE marketplace.tickets SET safety_flags = '[]', auto_send_blocked_reason = NULL, customer_name = 'Older'",
	} {
		p.exec(t, statement)
	}
}

// derived is every derived field of every message, by message, without the buyer's time: a mail without a Date has only the
// time that was stored.
func (p *product) derived(t *testing.T) (all []string) {
	t.Helper()
	p.read(t, func(rows *sql.Rows) error {
		var s string
		err := rows.Scan(&s)
		all = append(all, s)
		return err
	}, `SELECT concat_ws('|', e.id, e.kind, e.external_id, e.thread_id, e.order_id, e.buyer_name, e.buyer_email, e.language, e.ticket_id,
			m.id, m.sender_name, m.body, m.safety_flags, k.safety_flags, k.auto_send_blocked_reason, k.status, k.priority)
		FROM marketplace.external_messages e LEFT JOIN marketplace.ticket_messages m ON m.external_message_id = e.id
		LEFT JOIN marketplace.tickets k ON k.id = e.ticket_id ORDER BY e.id`)
	return all
}

// A replay shows first, then writes, and then there is nothing left. It needs a word for that.
func TestReplayProgram(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	p := newProduct(t)
	mails := mailtest.Mails(5, 400)
	p.store(t, mails)
	n := p.counts(t)
	replay := func(args ...string) (int, string) {
		w := start(t, "worker", p.settings, append([]string{"replay", "--tenant", "demo"}, args...)...)
		return w.wait(t), w.out.String()
	}
	code, out := replay("--since", "2000-01-01")
	is.Equal(code, 0)
	is.Equal(out, fmt.Sprintf("read=%d unchanged=%d changed=0 kept=0 ticketed=0\nnothing was changed: there is nothing to change\n", n.messages, n.messages))
	before := p.derived(t)
	p.spoil(t)
	spoilt := p.derived(t)

	code, out = replay("--since", "2000-01-01")
	is.Equal(code, 0)
	is.True(strings.HasSuffix(out, "\nnothing was changed: run again with --apply\n"))
	is.True(strings.Contains(out, "message.language="))
	is.True(!strings.Contains(out, "Older")) // no name is shown
	is.Equal(p.derived(t), spoilt)

	code, out = replay("--since", "2000-01-01T00:00:00Z", "--apply")
	is.Equal(code, 0)
	is.True(strings.Contains(out, fmt.Sprintf("read=%d unchanged=0 changed=%d", n.messages, n.messages)))
	is.Equal(p.derived(t), before)
	is.Equal(p.counts(t), n)
	code, out = replay("--rejected", "--apply")
	is.Equal(code, 0)
	is.Equal(p.counts(t), n)
	is.True(strings.Contains(out, "accepted=0 duplicates=0"))

	w := start(t, "worker", p.settings, "replay", "--tenant", "demo", "--message", domain.NewID[domain.MessageID]().String())
	is.Equal(w.wait(t), 1)
	is.True(strings.Contains(w.log.String(), "--message: tenant demo has no such message"))
	w = start(t, "worker", p.settings, "replay", "--tenant", "nobody", "--rejected")
	is.Equal(w.wait(t), 0)
	is.True(strings.Contains(w.out.String(), "tenant nobody has no such messages"))
}

// A replay that is killed again and again is finished by the next, and comes to the same.
func TestKilledReplay(t *testing.T) {
	t.Parallel()
	const messages, kills = 4000, 5
	is := is.New(t)
	p := newProduct(t)
	p.store(t, mailtest.Buyers(mailtest.Mails(9, 3*messages))[:messages])
	n, before := p.counts(t), p.derived(t)
	p.spoil(t)
	left := func() int {
		return p.count(t, "SELECT count(*) FROM marketplace.external_messages WHERE language = 'xx'")
	}
	args := []string{"replay", "--tenant", "demo", "--since", "2000-01-01", "--apply"}
	for range kills {
		begun := left()
		w := start(t, "worker", p.settings, args...)
		eventually(t, "a page is done", func() bool { return left() < begun || exited(w) })
		is.True(!exited(w)) // there was work left
		is.NoErr(w.Process.Signal(syscall.SIGKILL))
		w.wait(t)
		is.Equal(p.counts(t), n)
		p.checkRebuiltWhole(t)
	}
	is.True(left() > 0)
	w := start(t, "worker", p.settings, args...)
	is.Equal(w.wait(t), 0)
	is.Equal(p.derived(t), before)
	is.Equal(p.counts(t), n)
	w = start(t, "worker", p.settings, args...)
	is.Equal(w.wait(t), 0)
	is.True(strings.Contains(w.out.String(), fmt.Sprintf("unchanged=%d changed=0", messages))) // nothing is left
}

// checkRebuiltWhole holds that a message and its place on a ticket were rebuilt together or not at all.
func (p *product) checkRebuiltWhole(t *testing.T) {
	t.Helper()
	is.New(t).Equal(p.count(t, `SELECT count(*) FROM marketplace.external_messages e
		JOIN marketplace.ticket_messages m ON m.external_message_id = e.id WHERE (e.language = 'xx') <> (m.body = 'older') AND m.sender_type = 'CUSTOMER' AND m.body <> ''`), 0)
}
