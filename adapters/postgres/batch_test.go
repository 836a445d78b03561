package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// The transaction of a context that ended is undone at once, and its connection is free for statements of no transaction: none of
// a page may be among them, whoever goes on with another context.
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
		for give := time.Now().Add(10 * time.Second); !refused && time.Now().Before(give); {
			m := domain.InboundMessage{ExternalID: "late", Body: "Hello", ReceivedAt: time.Now(), Raw: domain.Raw{Bytes: []byte("late")}}
			in := domain.Thread(c, domain.Screen(c, []domain.InboundMessage{m}).Accepted, domain.Book{}, time.Now())
			refused = tx.Intake.Store(t.Context(), in) != nil // until then it is part of what is undone
		}
		return nil
	})
	is.True(refused)
	is.True(err != nil)
	is.Equal(readMessages(t, db, tenant, c.ID), before)
}
