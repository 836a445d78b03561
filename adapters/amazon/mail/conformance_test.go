package mail_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail"
	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports/porttest"
)

// pageBytes is small, so that a few mails are pages already.
const pageBytes = 16 << 10

func TestMarketplaceClient(t *testing.T) {
	t.Parallel()
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testMarketplaceClient(t, start)
		})
	}
}

func testMarketplaceClient(t *testing.T, start func(testing.TB) *mailtest.Server) {
	porttest.TestMarketplaceClient(t, func(t *testing.T) porttest.MarketplaceFixture {
		s := start(t)
		p := mailtest.NewProxy(t, s.Mailbox())
		a := newAccount(t, p.Mailbox())
		var mails supply
		return porttest.MarketplaceFixture{
			Client: a.client(mail.Options{PageBytes: pageBytes}), Connection: a.connection, PageBytes: pageBytes,
			Deliver: func(t *testing.T, n int) []string {
				some := mails.next(n)
				s.Deliver(t, some...)
				ids := make([]string, n)
				for i, m := range some {
					ids[i] = mail.Interpreter{}.Parse(m.Raw, m.Arrived).ExternalID
				}
				return ids
			},
			DeliverUnreadable: func(t *testing.T) []byte {
				raw := []byte("a: b\r\n\r\nnothing that anyone would call a mail\r\n")
				s.DeliverRaw(t, raw)
				return raw
			},
			DeliverLarge: func(t *testing.T, n, bytes int) {
				for _, m := range mails.next(n) {
					m.Raw = append(m.Raw, strings.Repeat("0123456789\r\n", max(0, bytes-len(m.Raw))/12)...)
					s.Deliver(t, m)
				}
			},
			Refuse: func(t *testing.T) {
				m := p.Mailbox()
				m.Password = domain.NewSecret("no longer")
				a.set(t, m)
			},
			Fail:     func(*testing.T) { p.Down() },
			Cut:      func(*testing.T) { p.CutAfter(18 << 10) },
			Renumber: func(t *testing.T) { s.Renumber(t) },
			Held:     p.Held,
			Look:     func(t *testing.T) string { return s.Look(t) },
		}
	})
}

// supply hands out mails of buyers, each once.
type supply struct{ used atomic.Int64 }

var buyers = mailtest.Buyers(mailtest.Mails(31, 1600))

func (s *supply) next(n int) []mailtest.Mail {
	end := int(s.used.Add(int64(n)))
	return append([]mailtest.Mail(nil), buyers[end-n:end]...)
}

func TestMailboxChecker(t *testing.T) {
	t.Parallel()
	porttest.TestMailboxChecker(t, func(t *testing.T) porttest.MailboxFixture {
		s := mailtest.NewMemoryServer(t)
		s.Deliver(t, buyers[:3]...)
		p := mailtest.NewProxy(t, s.Mailbox())
		with := func(change func(*domain.Mailbox)) domain.Mailbox {
			m := p.Mailbox()
			m.Password = domain.NewSecret("correct-horse-battery")
			change(&m)
			return m
		}
		return porttest.MailboxFixture{
			Checker: newAccount(t, s.Mailbox()).client(mail.Options{Timeout: 5 * time.Second}),
			Good:    p.Mailbox(),
			Bad: map[string]domain.Mailbox{
				"name":     with(func(m *domain.Mailbox) { m.Host = "no-such-host.invalid" }),
				"policy":   with(func(m *domain.Mailbox) { m.Host, m.TLS = "10.0.0.1", domain.TLSImplicit }),
				"line":     with(func(m *domain.Mailbox) { m.Port = 1 }),
				"TLS":      with(func(m *domain.Mailbox) { m.TLS = domain.TLSStart }),
				"password": with(func(m *domain.Mailbox) { m.Password = domain.NewSecret("wrong-password") }),
				"folder":   with(func(m *domain.Mailbox) { m.Name = "Nowhere" }),
			},
			Held: p.Held,
			Look: func(t *testing.T) string { return s.Look(t) },
		}
	})
}

// BenchmarkPages reads a mailbox of 500 mails.
func BenchmarkPages(b *testing.B) {
	s := mailtest.NewMemoryServer(b)
	s.Deliver(b, buyers[:500]...)
	a := newAccount(b, s.Mailbox())
	c := a.client(mail.Options{})
	for b.Loop() {
		got, _, err := readAll(b.Context(), c, a.connection, "", nil)
		if err != nil || len(got) != 500 {
			b.Fatal(fmt.Sprint(len(got), err))
		}
	}
	b.ReportMetric(500*float64(b.N)/b.Elapsed().Seconds(), "mails/s")
}
