package boot_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/smtp"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
	"github.com/keybuzzio/marketplaces/adapters/httpapi"
	"github.com/keybuzzio/marketplaces/adapters/mailserver/postfixtest"
	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/adapters/postgres/local"
	"github.com/keybuzzio/marketplaces/domain"
)

// webhookKey signs the mails that tests push.
const webhookKey = "a-key-of-32-bytes-for-the-tests-"

// receiver is a product that takes mail.
type receiver struct {
	*product
	api     *client
	lmtp    string // where it takes mail by LMTP
	address string // of the seller
}

// newReceiver starts the server with settings beside the product's, and has a seller connect.
func newReceiver(t *testing.T, p *product) *receiver {
	t.Helper()
	r := &receiver{product: p, lmtp: freeAddress(t)}
	p.settings = append(p.settings, "KEYBUZZ_LMTP_ADDR="+r.lmtp, "INBOUND_WEBHOOK_KEY="+webhookKey)
	r.api, _ = p.serve(t)
	status, answer := r.api.call("POST", "/api/v1/marketplaces/amazon/connect", map[string]any{"country": "FR"})
	made, _ := answer["inboundAddress"].(map[string]any)
	address, _ := made["address"].(string)
	if status != http.StatusOK || address == "" {
		t.Fatalf("connect: %d %v", status, answer)
	}
	r.address = address
	return r
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// push hands mails over by LMTP, several lines at once, and returns what was not taken.
func (r *receiver) push(ctx context.Context, mails []mailtest.Mail) error {
	const lines = 4
	var wg sync.WaitGroup
	errs := make([]error, lines)
	for i := range lines {
		wg.Go(func() {
			var dialer net.Dialer
			conn, err := dialer.DialContext(ctx, "tcp", r.lmtp)
			if err != nil {
				errs[i] = err
				return
			}
			c := gosmtp.NewClientLMTP(conn)
			defer func() { _ = c.Close() }()
			for j := i; j < len(mails); j += lines {
				if err := c.SendMail("bounce@example.com", []string{r.address}, bytes.NewReader(mails[j].Raw)); err != nil {
					errs[i] = fmt.Errorf("%s: %w", mails[j].Shape, err)
					return
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// post hands a mail over by the webhook.
func (r *receiver) post(ctx context.Context, raw []byte) error {
	const from = "bounce@example.com"
	now := time.Now()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.api.base+"/api/v1/webhooks/inbound-email", bytes.NewReader(raw))
	if err != nil {
		return err
	}
	for name, value := range map[string]string{
		"Content-Type": "message/rfc822", "X-Envelope-From": from, "X-Envelope-To": r.address, "X-KeyBuzz-Timestamp": strconv.FormatInt(now.Unix(), 10),
		"X-KeyBuzz-Signature": httpapi.SignMail(domain.NewSecret(webhookKey), now, from, r.address, raw),
	} {
		request.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return errors.New(answer.Status)
	}
	return nil
}

// The same mails by LMTP, by the webhook and in the seller's mailbox, all at once, are each one message.
func TestMailsByThreeWaysAreOneMessageEach(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	const n = 1000
	seen := map[string]bool{}
	// Each once: deliveries of a message come below. Each names its conversation: the three ways take turns as they like, and what
	// names none is on a ticket of its own when it is there before what it follows.
	mails := slices.DeleteFunc(mailboxMails(21, 2*n), func(m mailtest.Mail) bool {
		again := seen[m.Key]
		seen[m.Key] = true
		return again || m.Want.ThreadID == "" && m.Want.OrderID == ""
	})[:n]
	dovecot := mailtest.NewDovecot(t)
	r := newReceiver(t, newProduct(t))
	dovecot.Deliver(t, mails...)
	status, _ := r.api.setMailbox(dovecot.Mailbox()) // and the worker inside begins to read it
	is.Equal(status, http.StatusOK)

	backwards := slices.Clone(mails)
	slices.Reverse(backwards)
	var wg sync.WaitGroup
	var pushed, posted error
	wg.Go(func() { pushed = r.push(t.Context(), mails) })
	wg.Go(func() {
		for _, m := range backwards {
			posted = errors.Join(posted, r.post(t.Context(), m.Raw))
		}
	})
	wg.Wait()
	is.NoErr(pushed)
	is.NoErr(posted)
	look := dovecot.Look(t)
	want := expect(mails)
	eventually(t, "the mailbox is read to its end", func() bool {
		return r.count(t, "SELECT count(*) FROM marketplace.sync_states WHERE last_success_at IS NOT NULL") == 1
	})
	is.Equal(want.messages, n)
	is.Equal(r.counts(t), want)
	r.checkTickets(t, mails)
	r.checkThreads(t)
	is.Equal(dovecot.Look(t), look)
	is.Equal(r.count(t, "SELECT count(*) FROM marketplace.external_messages WHERE raw_key IS NULL"), 0) // all are sealed
}

// While the database is down, the mail server before ours keeps what comes, and nothing of it is lost or doubled.
func TestPostfixKeepsMailsWhileTheDatabaseIsDown(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	const n = 200
	base := openBase(t, true)
	db, err := postgres.Open(t.Context(), domain.NewSecret(base.url.String()), postgres.Options{MaxConns: 2})
	is.NoErr(err)
	t.Cleanup(func() { _ = db.Close() })
	r := newReceiver(t, &product{db: db, settings: []string{
		"DATABASE_URL=" + base.url.String(), "KEYBUZZ_DEV_MODE=true", "KEYBUZZ_DATA_DIR=" + t.TempDir(), "PORT=0", "LOG_FORMAT=text",
	}})
	_, host, _ := cutAddress(r.address)
	postfix := postfixtest.New(t, postfixtest.Options{Domain: host, LMTP: r.lmtp})
	mails := mailtest.Buyers(mailtest.Typical(22, 3*n))[:n]
	send := func(m mailtest.Mail) error {
		return smtp.SendMail(postfix.Address(), nil, "bounce@example.com", []string{r.address}, m.Raw)
	}
	is.NoErr(send(mails[0])) // before
	eventually(t, "the first is stored", func() bool { return r.counts(t).messages == 1 })

	base.server.Stop()
	begun, outage := time.Now(), time.Minute
	for _, m := range mails[1:] {
		is.NoErr(send(m))
	}
	time.Sleep(max(0, outage-time.Since(begun)))
	eventually(t, "it has them all still", func() bool { return postfix.Queued(t) == n-1 })
	base.server, err = local.Start(t.Context(), base.dir, local.Options{Alone: true, Settings: map[string]string{"fsync": "off"}})
	is.NoErr(err)
	t.Cleanup(base.server.Stop)
	is.Equal(base.server.URL(), base.url.String())
	back := time.Now()
	eventually(t, "all are handed on", func() bool { return postfix.Queued(t) == 0 })
	t.Logf("down for %.0f s: all %d mails stored %.1f s after it was back", outage.Seconds(), n, time.Since(back).Seconds())
	is.Equal(r.counts(t), expect(mails))
	r.checkTickets(t, mails)
}

// cutAddress parts an address at its @.
func cutAddress(address string) (local, host string, ok bool) {
	i := bytes.LastIndexByte([]byte(address), '@')
	if i < 0 {
		return "", "", false
	}
	return address[:i], address[i+1:], true
}

// Mails that nobody here wrote are each a message or in quarantine, and nothing breaks.
func TestForeignMailsAreKept(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	mails := mailtest.Foreign(t)
	is.True(len(mails) > 100)
	for i := range mails { // mail servers send lines with CR LF only
		lines := bytes.ReplaceAll(bytes.ReplaceAll(mails[i].Raw, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
		mails[i].Raw = append(bytes.TrimSuffix(bytes.ReplaceAll(lines, []byte("\n"), []byte("\r\n")), []byte("\r\n")), "\r\n"...)
	}
	r := newReceiver(t, newProduct(t))
	for _, m := range mails {
		is.NoErr(r.push(t.Context(), []mailtest.Mail{m}))
	}
	ids := map[string]bool{}
	c := domain.ConnectionState{Type: domain.Amazon}
	for _, m := range mails {
		screened := domain.Screen(c, []domain.InboundMessage{interpreter.Interpret(domain.Source{MediaType: "message/rfc822", Bytes: m.Raw}, time.Now())})
		for _, accepted := range screened.Accepted {
			ids[accepted.ExternalID] = true
		}
		for _, rejected := range screened.Rejected {
			ids[rejected.Source.Digest.String()] = true
		}
	}
	kept := r.count(t, `SELECT count(*) FROM marketplace.external_messages WHERE ticket_id IS NOT NULL OR quarantine IS NOT NULL OR kind NOT IN ('UNKNOWN', 'SUSPECT')`)
	kept += r.count(t, "SELECT count(*) FROM marketplace.rejected_messages WHERE reason <> ''")
	t.Logf("%d mails, %d different: %d kept with their kind or reason", len(mails), len(ids), kept)
	is.Equal(kept, len(ids))
	is.Equal(r.count(t, "SELECT count(*) FROM marketplace.raw_contents"), len(ids)) // each byte for byte
}
