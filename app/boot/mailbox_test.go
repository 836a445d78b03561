package boot_test

import (
	"bytes"
	"database/sql"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
	"github.com/keybuzzio/marketplaces/domain"
)

// setMailbox connects the tenant to a mail server of this machine, as the seller's browser does.
func (c *client) setMailbox(m domain.Mailbox) (int, map[string]any) {
	c.t.Helper()
	return c.call("PUT", "/api/v1/marketplaces/amazon/mailbox", map[string]any{
		"host": m.Host, "port": m.Port, "tls": string(m.TLS), "user": m.User, "password": m.Password.Reveal(), "mailbox": m.Name,
	})
}

// expect is what the rows must be once mails were read: each message once, buyers' on the tickets of their conversations.
func expect(mails []mailtest.Mail) counts {
	keys := map[string]bool{}
	var page []domain.InboundMessage
	for _, m := range mails {
		if !keys[m.Key] {
			keys[m.Key] = true
			message := m.Want
			message.ExternalID = m.Key
			page = append(page, message)
		}
	}
	in := domain.Thread(domain.ConnectionState{Type: domain.Amazon}, page, domain.Candidates{}, time.Now())
	n := 0
	for _, m := range in.TicketMessages {
		if m.SenderType == domain.SenderCustomer { // the others are copies of what the seller sent
			n++
		}
	}
	return counts{messages: len(page), tickets: len(in.Opened), ticketMessages: n, received: n}
}

// mailboxMails are n generated mails as IMAP can carry them: without a NUL (RFC 3501 §9).
func mailboxMails(seed uint64, n int) []mailtest.Mail {
	return slices.DeleteFunc(mailtest.Mails(seed, n), func(m mailtest.Mail) bool { return bytes.IndexByte(m.Raw, 0) >= 0 })
}

// Real mails in a real Dovecot become the right tickets, once, also those that arrive while the mailbox is read.
func TestMailsBecomeTickets(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	dovecot, mails := mailtest.NewDovecot(t), mailboxMails(1, 380)
	before, during := mails[:len(mails)-100], mails[len(mails)-100:]
	is.True(len(before) >= 200)
	dovecot.Deliver(t, before...)
	p := newProduct(t)
	api, _ := p.serve(t)

	wrong := dovecot.Mailbox()
	wrong.Password = domain.NewSecret("wrong-password")
	status, problem := api.setMailbox(wrong)
	is.Equal(status, http.StatusUnprocessableEntity)
	detail, _ := problem["detail"].(string)
	is.True(contains(detail, "password")) // says what failed
	status, answer := api.setMailbox(dovecot.Mailbox())
	is.Equal(status, http.StatusOK)
	is.Equal(answer["status"], "CONNECTED")

	delivered := make(chan struct{})
	go func() {
		defer close(delivered)
		for _, m := range during {
			dovecot.Deliver(t, m)
		}
	}()
	for arriving := true; arriving; {
		select {
		case <-delivered:
			arriving = false
		default:
		}
		code, _ := p.worker(t)
		is.Equal(code, 0)
	}
	// The worker inside the server may have had the mailbox when the last worker came for it: then that one left it alone.
	want := expect(mails)
	for deadline := time.Now().Add(5 * time.Minute); p.counts(t) != want && time.Now().Before(deadline); {
		time.Sleep(50 * time.Millisecond)
	}
	got := p.counts(t)
	is.Equal(got, want)
	p.checkTickets(t, mails)
	p.checkThreads(t)

	look := dovecot.Look(t)
	code, out := p.worker(t)
	is.Equal(code, 0)
	is.True(strings.HasSuffix(out, "tenants=1 fetched=0 created=0 duplicates=0 rejected=0 failed=0\n"))
	p.exec(t, "UPDATE marketplace.sync_states SET cursor = NULL") // everything is read again
	code, _ = p.worker(t)
	is.Equal(code, 0)
	is.Equal(p.counts(t), got)
	is.Equal(dovecot.Look(t), look) // and the mailbox is as it was
}

// checkTickets holds that each buyer's text is on a ticket of its thread.
func (p *product) checkTickets(t *testing.T, mails []mailtest.Mail) {
	t.Helper()
	type row struct{ thread, body string }
	have := map[row]bool{}
	p.read(t, func(rows *sql.Rows) error {
		var r row
		err := rows.Scan(&r.thread, &r.body)
		have[r] = true
		return err
	}, `SELECT coalesce(e.thread_id, ''), m.body FROM marketplace.external_messages e
		JOIN marketplace.ticket_messages m ON m.external_message_id = e.id AND m.ticket_id = e.ticket_id`)
	for _, m := range mailtest.Buyers(mails) {
		if !have[row{m.Want.ThreadID, m.Want.Body}] {
			t.Errorf("%s: not on a ticket", m.Shape)
		}
	}
}

// checkThreads holds that no conversation is torn apart.
func (p *product) checkThreads(t *testing.T) {
	t.Helper()
	is.New(t).Equal(p.count(t, `SELECT count(*) FROM (SELECT FROM marketplace.external_messages
		WHERE thread_id IS NOT NULL AND ticket_id IS NOT NULL GROUP BY thread_id HAVING count(DISTINCT ticket_id) > 1) torn`), 0)
}

// A worker that is killed again and again at any point of a long poll loses nothing and doubles nothing.
func TestKilledWorker(t *testing.T) {
	t.Parallel()
	const messages, kills = 5000, 30
	is := is.New(t)
	dovecot := mailtest.NewDovecot(t)
	buyers := mailtest.Buyers(mailboxMails(7, 3*messages))[:messages]
	dovecot.Deliver(t, buyers...)
	p := newProduct(t)
	api, server := p.serve(t)
	status, _ := api.setMailbox(dovecot.Mailbox())
	is.Equal(status, http.StatusOK)
	is.NoErr(server.Process.Kill())

	stored := func() int { return p.count(t, "SELECT count(*) FROM marketplace.external_messages") }
	// killed runs a worker and kills it when it has stored a page, or after latest if that comes first. It returns how
	// long a stored page took, 0 if there was none. On a machine that stops and goes, the worker may be done by then.
	done := false
	killed := func(latest time.Duration) (page time.Duration) {
		before, begun := stored(), time.Now()
		w := start(t, "worker", p.settings, "--once")
		for time.Since(begun) < latest && page == 0 {
			time.Sleep(5 * time.Millisecond)
			if stored() > before {
				page = time.Since(begun)
			}
		}
		done = exited(w)
		_ = w.Process.Signal(syscall.SIGKILL)
		w.wait(t)
		p.checkWhole(t)
		return page
	}
	// The first kill comes when the first page is stored, and tells how long that takes on this machine. The others
	// come at any point before or after: while the worker starts, reads, maps, stores, or has just stored.
	page := killed(5 * time.Minute)
	is.True(!done) // there was work left
	random, progressed, n, begun := rand.New(rand.NewPCG(7, 7)), 1, 1, time.Now()
	for ; n < kills && !done && (n < 5 || time.Since(begun) < 3*time.Minute); n++ {
		spread := page
		if stored() > messages/2 {
			spread = page / 2 // leave work for all the kills
		}
		if took := killed(page/5 + time.Duration(random.Int64N(int64(spread)))); took > 0 {
			page, progressed = min(page, took), progressed+1
		}
	}
	t.Logf("%d of %d messages stored; %d of %d killed polls had stored a page", stored(), messages, progressed, n)
	is.True(n >= 5)
	code, out := p.worker(t)
	is.Equal(code, 0)
	is.True(strings.Contains(out, "failed=0"))
	got := p.counts(t)
	is.Equal(got.messages, messages)
	is.Equal(got.ticketMessages, messages)
	is.Equal(got.received, messages)
	p.checkWhole(t)
	code, out = p.worker(t) // the cursor is right: there is nothing to read again
	is.Equal(code, 0)
	is.True(strings.HasSuffix(out, "tenants=1 fetched=0 created=0 duplicates=0 rejected=0 failed=0\n"))
}

// checkWhole holds that nothing half-mapped can be seen.
func (p *product) checkWhole(t *testing.T) {
	t.Helper()
	is := is.New(t)
	is.Equal(p.count(t, `SELECT count(*) FROM marketplace.external_messages e
		LEFT JOIN marketplace.ticket_messages m ON m.external_message_id = e.id
		LEFT JOIN marketplace.ticket_events v ON v.ticket_message_id = m.id AND v.type = 'MESSAGE_RECEIVED'
		WHERE e.kind = 'BUYER_MESSAGE' AND (m.id IS NULL OR v.id IS NULL OR e.ticket_id IS DISTINCT FROM m.ticket_id)`), 0)
	is.Equal(p.count(t, `SELECT count(*) FROM marketplace.tickets t
		WHERE NOT EXISTS (SELECT FROM marketplace.ticket_messages m WHERE m.ticket_id = t.id)`), 0)
	is.Equal(p.count(t, `SELECT count(*) FROM marketplace.sync_states s WHERE s.cursor IS NULL
		AND EXISTS (SELECT FROM marketplace.external_messages)`), 0) // the cursor moved with them
}
