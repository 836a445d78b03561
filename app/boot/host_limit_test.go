package boot_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
)

// Where every seller is at one mail server, worker --once keeps to the limit of that server and leaves nobody out.
func TestOneServerForAll(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	const tenants = 12
	server := mailtest.NewMemoryServer(t)
	server.Deliver(t, mailtest.Buyers(mailboxMails(5, 20))[:3]...)
	proxy := mailtest.NewProxy(t, server.Mailbox())
	url, data := pgtest.Database(t), t.TempDir()
	for n := range tenants {
		connectMailbox(t, url, data, fmt.Sprintf("t%d", n), proxy.Mailbox())
	}
	worker := start(t, "worker", []string{
		"DATABASE_URL=" + url, "KEYBUZZ_DEV_MODE=true", "KEYBUZZ_DATA_DIR=" + data, "KEYBUZZ_IMAP_CONNECTIONS_PER_HOST=2",
	}, "--once")
	is.Equal(worker.wait(t), 0)
	is.True(strings.HasSuffix(worker.out.String(), "tenants=12 fetched=36 created=36 duplicates=0 rejected=0 failed=0\n"))
	is.True(proxy.Most() <= tenants*2/3) // the proxy sees a connection's end later than the worker does
	is.Equal(proxy.Held(), 0)
}
