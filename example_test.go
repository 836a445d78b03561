package marketplaces_test

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// A service that embeds the module: the stores in memory, postgres.NewRepository in earnest, and a marketplace of its
// own. Errors are left out for brevity.
func Example() {
	ctx, store := context.Background(), memory.NewStore()
	service, _ := app.New(app.Deps{
		Repository: store, Directory: store, PollLedger: store, Secrets: memory.NewSecretStore(), Sources: memory.NewSourceVault(), Mailboxes: anyMailbox{},
		Clients: map[domain.MarketplaceType]ports.MarketplaceClient{domain.Amazon: oneMessage{}},
	})
	tenant, _ := domain.ParseTenantID("shop-1")
	box := domain.Mailbox{Host: "imap.example.com", User: "shop-1@example.com", Password: domain.NewSecret("…")}
	_, _ = service.SetMailbox.Run(ctx, app.SetMailboxCommand{Tenant: tenant, Marketplace: domain.Amazon, Mailbox: box})
	result, _ := service.Sync.Run(ctx, app.SyncCommand{Tenant: tenant, Marketplace: domain.Amazon})
	tickets, _, _ := service.ListTickets.Run(ctx, app.ListTicketsQuery{Tenant: tenant, TicketFilter: ports.TicketFilter{Limit: 10}})

	fmt.Println(result.Created, "message")
	fmt.Println(tickets[0].Subject, "|", tickets[0].Priority, "|", tickets[0].AutoSendBlockedReason)
	// Output:
	// 1 message
	// Charger | URGENT | sensitive_keyword_detected: caught fire
}

// oneMessage is a marketplace with one message.
type oneMessage struct{}

func (oneMessage) Pages(context.Context, domain.ConnectionState, string) iter.Seq2[ports.Page, error] {
	return func(yield func(ports.Page, error) bool) {
		yield(ports.Page{Next: "1", Messages: []domain.InboundMessage{{
			ExternalID: "m-1", ThreadID: "t-1", Subject: "Charger", Body: "Your charger caught fire last night!",
			ReceivedAt: time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC), Source: domain.Source{MediaType: "text/plain", Bytes: []byte("…")},
		}}}, nil)
	}
}

// anyMailbox takes every mailbox for a good one.
type anyMailbox struct{}

func (anyMailbox) CheckMailbox(context.Context, domain.Mailbox) error { return nil }
