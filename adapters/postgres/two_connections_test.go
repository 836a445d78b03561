package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// The copies of a mail come to several connections of a tenant at the same time, in any order. Each message is stored once, and
// nobody waits for somebody who waits for him: a deadlock would take the server a second to find.
func TestTwoConnectionsStoreTheSameMessagesAtOnce(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	db := open(t)
	repo := postgres.NewRepository(db, nil)
	tenant, err := domain.ParseTenantID("t1")
	is.NoErr(err)
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	sealer, err := memory.NewSourceVault().Sealer(t.Context(), tenant)
	is.NoErr(err)
	var connections []domain.ConnectionState
	for _, marketplace := range []string{"FR", "ES"} {
		c, err := domain.NewConnection(tenant, domain.Amazon, now)
		is.NoErr(err)
		s := c.State()
		s.MarketplaceID = marketplace
		c, err = domain.RestoreConnection(s)
		is.NoErr(err)
		is.NoErr(repo.Update(t.Context(), tenant, func(ctx context.Context, tx ports.Tx) error { return tx.Connections.Insert(ctx, c) }))
		connections = append(connections, s)
	}
	const rounds, messages = 4, 400
	for round := range rounds {
		var both sync.WaitGroup
		begin := make(chan struct{})
		for i := range 4 { // two polls of each
			page := make([]domain.InboundMessage, messages)
			for at, n := range rand.Perm(messages) { // each in an order of its own
				id := round*messages + n
				page[at] = domain.InboundMessage{
					ExternalID: fmt.Sprint("m", id), ThreadID: fmt.Sprint("th", id/3), Body: "Hello",
					ReceivedAt: now.Add(time.Duration(at) * time.Second), Source: domain.Source{Bytes: fmt.Append(nil, "raw ", id)},
				}
			}
			both.Go(func() {
				<-begin
				if err := takeIn(t.Context(), repo, connections[i%2], page, sealer, now); err != nil {
					t.Error(err)
				}
			})
		}
		close(begin)
		both.Wait()
	}
	seen := map[string]int{}
	for _, c := range connections {
		for _, m := range readMessages(t, db, tenant, c.ID) {
			seen[m.ExternalID]++
			is.True(m.Source.Bytes != nil)
		}
	}
	is.Equal(len(seen), rounds*messages)
	for _, times := range seen {
		is.Equal(times, 1)
	}
}

// takeIn stores a page as the use case does, until nobody else is first. A deadlock is an error.
func takeIn(ctx context.Context, repo *postgres.Repository, c domain.ConnectionState, page []domain.InboundMessage, sealer ports.SourceSealer, now time.Time) error {
	screened := domain.Screen(c, page)
	ids := make([]string, len(screened.Accepted))
	for i, m := range screened.Accepted {
		ids[i] = m.ExternalID
	}
	for {
		err := repo.Update(ctx, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			if _, err := tx.SyncStates.Lock(ctx, c.ID); err != nil {
				return err
			}
			known, err := tx.Pages.Known(ctx, c.Type, ids)
			if err != nil {
				return err
			}
			var fresh []domain.InboundMessage
			for _, m := range screened.Accepted {
				if !known[m.ExternalID] {
					fresh = append(fresh, m)
				}
			}
			book, err := tx.Pages.Candidates(ctx, c.ID, domain.Keys(fresh), now)
			if err != nil {
				return err
			}
			in := domain.Thread(c, fresh, book, now)
			for i := range in.Messages {
				if in.Messages[i].Source, err = sealer.Seal(in.Messages[i].Source); err != nil {
					return err
				}
			}
			return tx.Pages.Store(ctx, in)
		})
		var deadlock *pgconn.PgError
		if !errors.Is(err, domain.ErrConflict) || errors.As(err, &deadlock) && deadlock.Code == "40P01" {
			return err
		}
	}
}
