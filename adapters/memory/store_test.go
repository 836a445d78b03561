package memory_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
	"github.com/keybuzzio/marketplaces/ports/porttest"
)

func fixture(*testing.T) porttest.RepositoryFixture {
	s := memory.NewStore()
	return porttest.RepositoryFixture{
		Repository: s, Directory: s, PollBook: s, Routes: s, Held: s, Consents: s,
		Messages: func(_ *testing.T, tenant domain.TenantID, c domain.ConnectionID) []domain.ExternalMessage {
			return s.ExternalMessages(tenant, c)
		},
		Rejected: func(_ *testing.T, tenant domain.TenantID, c domain.ConnectionID) []domain.RejectedMessage {
			return s.RejectedMessages(tenant, c)
		},
	}
}

func TestRepository(t *testing.T) {
	t.Parallel()
	porttest.TestRepository(t, fixture)
}

func TestPollBook(t *testing.T) {
	t.Parallel()
	porttest.TestPollBook(t, fixture)
}

func TestDirectory(t *testing.T) {
	t.Parallel()
	porttest.TestDirectory(t, fixture)
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	porttest.TestRoutes(t, fixture)
}

func TestPendingConsents(t *testing.T) {
	t.Parallel()
	porttest.TestPendingConsents(t, fixture)
}

func TestRawsHeld(t *testing.T) {
	t.Parallel()
	porttest.TestRawsHeld(t, fixture)
}

func TestJobs(t *testing.T) {
	t.Parallel()
	porttest.TestJobs(t, func(*testing.T) porttest.JobsFixture {
		s := memory.NewStore()
		return porttest.JobsFixture{Repository: s, Queue: s}
	})
}

func TestOperations(t *testing.T) {
	t.Parallel()
	porttest.TestOperations(t, func(*testing.T) porttest.OperationsFixture {
		s := memory.NewStore()
		return porttest.OperationsFixture{Repository: s, Operations: s}
	})
}

// What a database would let pass and lose a race by, the reference refuses.
func TestStoreIsStrict(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.October, 5, 12, 0, 0, 0, time.UTC)
	tenant, err := domain.ParseTenantID("acme")
	is.New(t).NoErr(err)
	c, err := domain.NewConnection(tenant, domain.Amazon, now)
	is.New(t).NoErr(err)
	page := []domain.InboundMessage{{ExternalID: "m1", ThreadID: "thread", ReceivedAt: now}}
	store := memory.NewStore()
	opened := domain.Thread(c.State(), page, domain.Candidates{}, now)
	is.New(t).NoErr(store.Update(t.Context(), tenant, func(ctx context.Context, tx ports.Tx) error {
		return errors.Join(tx.Connections.Insert(ctx, c), tx.Pages.Store(ctx, opened)) // a new connection is its maker's
	}))
	id := c.State().ID
	other, err := domain.ParseTenantID("other")
	is.New(t).NoErr(err)
	posing := func(change func(*domain.PageWrite)) ports.TxFunc { // stores a good intake that change gives to another tenant
		return func(ctx context.Context, tx ports.Tx) error {
			in := domain.Thread(c.State(), []domain.InboundMessage{{ExternalID: "m3", ReceivedAt: now}}, domain.Candidates{}, now)
			change(&in)
			_, err := tx.SyncStates.Lock(ctx, id)
			return errors.Join(err, tx.Pages.Store(ctx, in))
		}
	}
	for name, fn := range map[string]ports.TxFunc{
		"a connection saved without its lock": func(ctx context.Context, tx ports.Tx) error {
			got, err := tx.Connections.Get(ctx, id)
			return errors.Join(err, tx.Connections.Save(ctx, got))
		},
		"a sync state saved under the connection's lock": func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Connections.Lock(ctx, id)
			return errors.Join(err, tx.Pages.Store(ctx, domain.PageWrite{Sync: domain.NewSyncState(c.State())}))
		},
		"messages stored without the sync state's lock": func(ctx context.Context, tx ports.Tx) error {
			page := []domain.InboundMessage{{ExternalID: "m2", ReceivedAt: now}}
			return tx.Pages.Store(ctx, domain.Thread(c.State(), page, domain.Candidates{}, now))
		},
		"a rejected message stored without it": func(ctx context.Context, tx ports.Tx) error {
			return tx.Pages.Store(ctx, domain.PageWrite{Rejected: domain.Screen(c.State(), []domain.InboundMessage{{}}).Rejected})
		},
		"a ticket changed that was in no book": func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.SyncStates.Lock(ctx, id)
			return errors.Join(err, tx.Pages.Store(ctx, domain.PageWrite{Changed: opened.Opened}))
		},
		"a ticket of another tenant": posing(func(in *domain.PageWrite) {
			s := in.Opened[0].State()
			s.Tenant = other
			in.Opened[0], _ = domain.RestoreTicket(s)
		}),
		"a job scheduled without the connection's lock": func(ctx context.Context, tx ports.Tx) error {
			return tx.Jobs.Schedule(ctx, ports.JobPoll, id, time.Time{})
		},
		"a job cancelled without it":         func(ctx context.Context, tx ports.Tx) error { return tx.Jobs.Cancel(ctx, ports.JobPoll, id) },
		"a message of another tenant":        posing(func(in *domain.PageWrite) { in.Messages[0].Tenant = other }),
		"a ticket message of another tenant": posing(func(in *domain.PageWrite) { in.TicketMessages[0].Tenant = other }),
		"an event of another tenant":         posing(func(in *domain.PageWrite) { in.Events[0].Tenant = other }),
		"a list without a limit": func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Tickets.List(ctx, ports.TicketFilter{})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := store.Update(t.Context(), tenant, fn)
			is.New(t).True(errors.Is(err, domain.ErrInvalid) || errors.Is(err, domain.ErrNotFound))
		})
	}
}

// An address that two tenants take at the same time is the first's to commit.
func TestAnAddressIsClaimedWithTheCommit(t *testing.T) {
	t.Parallel()
	is, store := is.New(t), memory.NewStore()
	now := time.Date(2026, time.October, 5, 12, 0, 0, 0, time.UTC)
	insert := func(name string, meanwhile func()) (domain.InboundAddressState, error) {
		tenant, err := domain.ParseTenantID(name)
		is.NoErr(err)
		c, err := domain.NewConnection(tenant, domain.Amazon, now)
		is.NoErr(err)
		a, err := domain.NewInboundAddress(c.State(), "FR", "inbound.example.com", now)
		is.NoErr(err)
		s := a.State()
		s.Address = "amazon.same@inbound.example.com"
		a, err = domain.RestoreInboundAddress(s)
		is.NoErr(err)
		return s, store.Update(t.Context(), tenant, func(ctx context.Context, tx ports.Tx) error {
			err := errors.Join(tx.Connections.Insert(ctx, c), tx.Addresses.Insert(ctx, a))
			meanwhile()
			return err
		})
	}
	var first domain.InboundAddressState
	_, err := insert("late", func() {
		var err error
		first, err = insert("early", func() {})
		is.NoErr(err)
	})
	is.True(errors.Is(err, domain.ErrConflict))
	got, err := store.Route(t.Context(), first.Address)
	is.NoErr(err)
	is.Equal(got.Tenant, first.Tenant)
}

func TestNobodyHasNothing(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), memory.NewStore()
	is.Equal(len(s.ExternalMessages(domain.TenantID{}, domain.ConnectionID{})), 0)
	is.Equal(len(s.RejectedMessages(domain.TenantID{}, domain.ConnectionID{})), 0)
}
