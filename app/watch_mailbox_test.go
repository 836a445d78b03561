package app_test

import (
	"context"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail"
	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// A mail in a real mailbox has its connection's poll scheduled within two seconds.
func TestWatchRealMailbox(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	server := mailtest.NewDovecot(t)
	overTLS, ok := server.MailboxOver(domain.TLSImplicit)
	is.True(ok)
	secrets, store := memory.NewSecretStore(), &scheduled{store: memory.NewStore(), times: map[domain.ConnectionID]int{}}
	client := mail.NewClient(secrets, mail.Options{Loopback: true, RootCAs: server.Roots()})
	a, err := app.New(app.Deps{
		Repository: store, Directory: store, PollLedger: store, Secrets: secrets, Mailboxes: client, Sources: memory.NewSourceVault(),
		Clients: map[domain.MarketplaceType]ports.MarketplaceClient{domain.Amazon: client}, Watcher: client, Leases: memory.NewLeases(),
	})
	is.NoErr(err)
	c, err := a.SetMailbox.Run(t.Context(), app.SetMailboxCommand{Tenant: tenant(t, "t1"), Marketplace: domain.Amazon, Mailbox: overTLS})
	is.NoErr(err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Watch.Run(ctx, 10) }()

	mails := mailtest.Mails(61, 2)
	scheduled := func(within time.Duration) bool {
		before := store.of(c)
		for began := time.Now(); time.Since(began) < within; time.Sleep(5 * time.Millisecond) {
			if store.of(c) > before {
				return true
			}
		}
		return false
	}
	for tries := 0; ; tries++ { // until it is there, nothing is told
		is.True(tries < 600)
		server.Deliver(t, mails[0])
		if scheduled(500 * time.Millisecond) {
			break
		}
	}
	for scheduled(1500 * time.Millisecond) { // of those delivered before
	}
	server.Deliver(t, mails[1])
	is.True(scheduled(5 * time.Minute))
	stop()
	is.NoErr(<-ended)
}
