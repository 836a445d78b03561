package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// The transaction of a context that ended is undone, whoever goes on with another context: he is told so, and stores nothing.
func TestNothingIsStoredBehindATransaction(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	db := open(t)
	repo := postgres.NewRepository(db, nil)
	tenant, err := domain.ParseTenantID("t1")
	is.NoErr(err)
	c := fill(t, repo, tenant)
	before := readMessages(t, db, tenant, c.ID)
	ctx, end := context.WithCancel(t.Context())
	defer end()
	refused := false
	err = repo.Update(ctx, tenant, func(_ context.Context, tx ports.Tx) error {
		end()
		for i, give := 0, time.Now().Add(10*time.Second); !refused && time.Now().Before(give); i++ {
			m := domain.InboundMessage{ExternalID: fmt.Sprint("late ", i), Body: "Hello", ReceivedAt: time.Now(), Source: domain.Source{Bytes: []byte("late")}}
			in := domain.Thread(c, domain.Screen(c, []domain.InboundMessage{m}).Accepted, domain.Candidates{}, time.Now())
			stored := tx.Pages.Store(t.Context(), in) // until it is refused it is part of what is undone
			if refused = stored != nil; refused {
				is.Equal(domain.KindOf(stored), domain.ErrUnavailable)
			}
		}
		return nil
	})
	is.True(refused)
	is.True(errors.Is(err, context.Canceled))
	is.Equal(readMessages(t, db, tenant, c.ID), before)
}
