package porttest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// TestPollBook checks a PollLedger against its contract. open is called once per subtest; the fixture's PollLedger is over the
// rows of its Repository.
func TestPollBook(t *testing.T, open func(t *testing.T) RepositoryFixture) {
	pollBookRules.check(t, open)
}

// asStored reads a connection and its sync state from the Repository.
func (f RepositoryFixture) asStored(t *testing.T, c domain.ConnectionState) (p ports.PollState) {
	t.Helper()
	f.view(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
		conn, err := tx.Connections.Get(ctx, c.ID)
		if err != nil {
			return err
		}
		s, err := tx.SyncStates.Get(ctx, c.ID)
		if err == nil {
			p = ports.PollState{Connection: conn.State(), Sync: s.State()}
		}
		return err
	})
	return p
}

// pollBookRules are about ports.PollLedger.
var pollBookRules = rules[RepositoryFixture]{
	"a poll begins with what is stored": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon, connected)
		p, err := f.PollBook.BeginPoll(t.Context(), c.Tenant, c.ID)
		is.NoErr(err)
		is.Equal(p, f.asStored(t, c))
	},
	"no poll begins at what a tenant does not have": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon, connected)
		for _, ask := range []struct {
			tenant string
			id     domain.ConnectionID
		}{{"t2", c.ID}, {"t1", domain.NewID[domain.ConnectionID]()}} {
			_, err := f.PollBook.BeginPoll(t.Context(), tenant(t, ask.tenant), ask.id)
			is.True(errors.Is(err, domain.ErrNotFound))
		}
	},
	"the zero tenant polls nothing": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		_, err := f.PollBook.BeginPoll(t.Context(), domain.TenantID{}, domain.NewID[domain.ConnectionID]())
		is.True(errors.Is(err, domain.ErrInvalid))
		_, err = f.PollBook.EndPoll(t.Context(), ports.PollState{}, later)
		is.True(errors.Is(err, domain.ErrInvalid))
	},
	"a poll that found nothing is recorded as the domain records it": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon, connected)
		f.failPoll(t, c) // its trouble is over with this
		began, err := f.PollBook.BeginPoll(t.Context(), c.Tenant, c.ID)
		is.NoErr(err)
		is.Equal(began.Sync.Failures, 1)
		saved, err := f.PollBook.EndPoll(t.Context(), began, minute(9))
		is.NoErr(err)
		is.True(saved)
		conn, err := domain.RestoreConnection(began.Connection)
		is.NoErr(err)
		s, err := domain.RestoreSyncState(began.Sync)
		is.NoErr(err)
		conn.RecordSync(minute(9))
		s.RecordSuccess(minute(9))
		is.Equal(f.asStored(t, c), ports.PollState{Connection: conn.State(), Sync: s.State()})
	},
	"a poll that something changed under is not recorded": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon, connected)
		began, err := f.PollBook.BeginPoll(t.Context(), c.Tenant, c.ID)
		is.NoErr(err)
		f.failPoll(t, c)
		now := f.asStored(t, c)
		saved, err := f.PollBook.EndPoll(t.Context(), began, minute(9))
		is.NoErr(err)
		is.True(!saved)
		is.Equal(f.asStored(t, c), now)
	},
	"a poll is not recorded for another tenant": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon, connected)
		began := f.asStored(t, c)
		stolen := began
		stolen.Connection.Tenant, stolen.Sync.Tenant = tenant(t, "t2"), tenant(t, "t2")
		saved, err := f.PollBook.EndPoll(t.Context(), stolen, minute(9))
		is.NoErr(err)
		is.True(!saved)
		is.Equal(f.asStored(t, c), began)
	},
	"many polls at once each get their own answer": func(t *testing.T, f RepositoryFixture) {
		const n = 300
		var all sync.WaitGroup
		for i := range n {
			c := f.connect(t, tenant(t, fmt.Sprintf("t%d", i%7)), domain.MarketplaceType(fmt.Sprintf("SHOP%d", i)), connected)
			all.Go(func() {
				began, err := f.PollBook.BeginPoll(t.Context(), c.Tenant, c.ID)
				if err != nil || began.Connection.ID != c.ID || began.Sync.Connection != c.ID {
					t.Errorf("began %v: %v", began.Connection.ID, err)
					return
				}
				if saved, err := f.PollBook.EndPoll(t.Context(), began, minute(i)); err != nil || !saved {
					t.Errorf("saved %v: %v", saved, err)
				}
				if got := f.asStored(t, c).Sync.LastSuccessAt; !got.Equal(minute(i)) {
					t.Errorf("recorded at %v", got)
				}
			})
		}
		all.Wait()
	},
	"a caller that gives up gets its own context's error": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon, connected)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := f.PollBook.BeginPoll(ctx, c.Tenant, c.ID)
		is.True(errors.Is(err, context.Canceled))
		_, err = f.PollBook.BeginPoll(t.Context(), c.Tenant, c.ID)
		is.NoErr(err) // and spoiled nobody else's
	},
}

// failPoll notes a poll of c that failed for now.
func (f RepositoryFixture) failPoll(t *testing.T, c domain.ConnectionState) {
	t.Helper()
	f.update(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
		conn, s, err := tx.Polls.Lock(ctx, c.ID)
		if err != nil {
			return err
		}
		down := domain.Errorf(domain.ErrUnavailable, "down")
		conn.RecordFailure(down, minute(3))
		s.RecordFailure(down, minute(3))
		return tx.Polls.Save(ctx, conn, s)
	})
}
