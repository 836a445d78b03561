package postgres_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// BenchmarkBook looks up the conversations of a page of 500 messages by every kind of key, with 200,000 messages stored, half
// of which the planner's statistics do not know. A look-up that reads more than its index would take a thousand times as long.
func BenchmarkBook(b *testing.B) {
	bench := newIngestBench(b)
	bench.seed(b, 200_000)
	repo := postgres.NewRepository(bench.db, nil)
	keysOf := func(format string, n int) []string {
		keys := make([]string, n)
		for i := range keys {
			keys[i] = fmt.Sprintf(format, 1+i*61)
		}
		return keys
	}
	now := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	for name, keys := range map[string]domain.ConversationKeys{
		"new":     {Threads: keysOf("new %d", domain.MaxPage), Orders: keysOf("new %d", domain.MaxPage)},
		"threads": {Threads: keysOf("T%d", domain.MaxPage), Orders: keysOf("O%d", domain.MaxPage)},
		"mails":   {Mails: keysOf("X%d", domain.MaxPage), Answers: true},
		"relays":  {Relays: keysOf("a%d+case@relay.example.com", domain.MaxPage), Answers: true},
		"names":   {Names: []string{"Ana 1", "Ana 2", "Ana 3"}, Answers: true},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				err := repo.Update(b.Context(), bench.polled.Tenant, func(ctx context.Context, tx ports.Tx) error {
					book, err := tx.Pages.Candidates(ctx, bench.polled.ID, keys, now)
					if err == nil && (len(book.Tickets) == 0) != (name == "new") {
						err = fmt.Errorf("%d tickets", len(book.Tickets))
					}
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
