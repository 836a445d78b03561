package app_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// broken is a Repository whose changes fail as long as there is a reason.
type broken struct {
	ports.Repository
	reason atomic.Pointer[domain.Error]
}

func (b *broken) Update(ctx context.Context, who domain.TenantID, fn ports.TxFunc) error {
	if err := b.reason.Load(); err != nil {
		return err
	}
	return b.Repository.Update(ctx, who, fn)
}

// A connection is CONNECTED exactly as long as it has a job, also when the end of a poll cannot be stored: then the job goes on.
func TestAnEndThatIsNotStoredEndsNoJob(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		source  ports.MarketplaceClient
		reason  error
		outcome ports.PollOutcome
	}{
		"refused, and the database is away": {
			failing(domain.Errorf(domain.ErrRejected, "wrong password")), domain.Errorf(domain.ErrUnavailable, "away"), ports.PollRefused,
		},
		"somebody else was first, again and again": {
			&source{size: 2, messages: messages(3)}, domain.Errorf(domain.ErrConflict, "somebody else was first"), ports.PollUnavailable,
		},
		"a key was not found": {
			&source{size: 2, messages: messages(3)}, domain.Errorf(domain.ErrNotFound, "no key"), ports.PollUnavailable,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			s := newStage(t, memory.NewStore())
			c := s.connect(t, tenant(t, "t000"))
			repo := &broken{Repository: s.store}
			a, err := app.New(app.Deps{
				Repository: repo, Directory: s.store, PollLedger: s.store, Queue: s.store.(ports.Queue), Secrets: s.secrets,
				Mailboxes: s.mailboxes, Sources: s.raws, Clock: s.clock,
				Clients: map[domain.MarketplaceType]ports.MarketplaceClient{domain.Amazon: test.source},
			})
			is.NoErr(err)
			repo.reason.Store(test.reason.(*domain.Error))
			got, err := turn(t, s, a, 0)
			is.NoErr(err)
			is.Equal(got.Outcome, test.outcome)
			is.True(!got.Over)
			between(is, got.Again, 54*time.Second, 66*time.Second)

			repo.reason.Store(nil)
			got, err = turn(t, s, a, 0)
			is.NoErr(err)
			status, err := s.Status.Run(t.Context(), app.StatusQuery{Tenant: c.Tenant, Marketplace: domain.Amazon})
			is.NoErr(err)
			is.Equal(got.Over, status.Connection.Status != domain.ConnectionConnected) // and ends when it can be stored
			is.Equal(got.Over, test.outcome == ports.PollRefused)
		})
	}
}
