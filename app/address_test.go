package app_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// newTenant is a tenant without a connection.
func newTenant(t testing.TB) domain.TenantID { return tenant(t, "t2") }

func (s *stage) createAddress(t testing.TB, who domain.TenantID, country string) (domain.InboundAddressState, bool) {
	t.Helper()
	a, created, err := s.CreateAddress.Run(t.Context(), app.CreateAddressCommand{Tenant: who, Marketplace: domain.Amazon, Country: country, By: "ana"})
	if err != nil {
		t.Fatal(err)
	}
	return a, created
}

func (s *stage) addresses(t testing.TB, who domain.TenantID) []domain.InboundAddressState {
	t.Helper()
	all, err := s.ListAddresses.Run(t.Context(), app.ListAddressesQuery{Tenant: who, Marketplace: domain.Amazon})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// trail is what the audit has about a subject, the newest first.
func (s *stage) trail(t testing.TB, who domain.TenantID, subject string) (actions []domain.AuditAction, by []string) {
	t.Helper()
	err := s.store.View(t.Context(), who, func(ctx context.Context, tx ports.Tx) error {
		entries, err := tx.Audit.List(ctx, subject, ports.Position{}, 100)
		for _, e := range entries {
			actions, by = append(actions, e.Action), append(by, e.ActorID)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return actions, by
}

func TestOneLiveAddressForACountry(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is, who := is.New(t), newTenant(t)
		var made atomic.Int64
		ids := make([]domain.InboundAddressID, 16)
		var all sync.WaitGroup
		for i := range ids {
			all.Go(func() {
				a, created := s.createAddress(t, who, []string{"FR", "fr"}[i%2])
				if created {
					made.Add(1)
				}
				ids[i] = a.ID
			})
		}
		all.Wait()
		is.Equal(made.Load(), int64(1))
		for _, id := range ids {
			is.Equal(id, ids[0])
		}
		actions, by := s.trail(t, who, ids[0].String())
		is.Equal(actions, []domain.AuditAction{domain.AuditAddressCreated})
		is.Equal(by, []string{"ana"})
		status, err := s.Status.Run(t.Context(), app.StatusQuery{Tenant: who, Marketplace: domain.Amazon})
		c := status.Connection
		is.NoErr(err)
		is.Equal(c.Status, domain.ConnectionPending) // made on the way
		is.Equal(s.addresses(t, who)[0].Connection, c.ID)
	})
}

func TestRetiredAddressesNeverComeBack(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is, who := is.New(t), newTenant(t)
		old, _ := s.createAddress(t, who, "FR")
		cmd := app.RetireAddressCommand{Tenant: who, Address: old.ID, By: "ben"}
		for range 2 { // twice is harmless
			out, err := s.RetireAddress.Run(t.Context(), cmd)
			is.NoErr(err)
			is.Equal(out.Status, domain.AddressRetired)
			s.clock.Advance(time.Hour)
		}
		actions, by := s.trail(t, who, old.ID.String())
		is.Equal(actions, []domain.AuditAction{domain.AuditAddressRetired, domain.AuditAddressCreated}) // once
		is.Equal(by, []string{"ben", "ana"})
		next, created := s.createAddress(t, who, "FR")
		is.True(created)
		is.True(next.Address != old.Address)
		is.Equal(len(s.addresses(t, who)), 2) // retired ones are shown

		cmd.Tenant = tenant(t, "t3")
		_, err := s.RetireAddress.Run(t.Context(), cmd)
		is.True(errors.Is(err, domain.ErrNotFound)) // another tenant's
	})
}

func TestDisconnectRetiresTheAddresses(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is, who := is.New(t), newTenant(t)
		fr, _ := s.createAddress(t, who, "FR")
		s.createAddress(t, who, "DE")
		for range 2 {
			_, err := s.Disconnect.Run(t.Context(), app.DisconnectCommand{Tenant: who, Marketplace: domain.Amazon, By: "ben"})
			is.NoErr(err)
		}
		for _, a := range s.addresses(t, who) {
			is.Equal(a.Status, domain.AddressRetired)
		}
		actions, by := s.trail(t, who, fr.ID.String())
		is.Equal(actions[0], domain.AuditAddressRetired)
		is.Equal(by[0], "ben")
		again, created := s.createAddress(t, who, "FR") // opens the connection again
		is.True(created)
		is.Equal(again.Connection, fr.Connection)
		is.True(again.Address != fr.Address)
	})
}

func TestConnectForACountry(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is, who := is.New(t), newTenant(t)
		cmd := app.ConnectCommand{Tenant: who, Marketplace: domain.Amazon, By: "ana"}
		plain, err := s.Connect.Run(t.Context(), cmd)
		is.NoErr(err)
		is.True(plain.Address == nil) // there is no default country
		cmd.Country = "ES"
		for range 2 {
			with, err := s.Connect.Run(t.Context(), cmd)
			is.NoErr(err)
			is.Equal(with.ID, plain.ID)
			is.Equal(with.Address.ID, s.addresses(t, who)[0].ID)
		}
		cmd.Country = "ZZ"
		_, err = s.Connect.Run(t.Context(), cmd)
		is.True(errors.Is(err, domain.ErrInvalid))
		is.True(contains(domain.Message(err), "ES, FR, GB")) // names those that there are
		is.Equal(len(s.addresses(t, who)), 1)
	})
}

func TestAnAddressIsTriedOut(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is, who := is.New(t), newTenant(t)
		a, _ := s.createAddress(t, who, "FR")
		cmd := app.ValidateAddressCommand{Tenant: who, Address: a.ID}
		out, code, err := s.ValidateAddress.Run(t.Context(), cmd)
		is.NoErr(err)
		is.Equal(out.CodeExpires, noon.Add(24*time.Hour))
		_, next, err := s.ValidateAddress.Run(t.Context(), cmd)
		is.NoErr(err)
		is.True(next != code) // the one before is no good any more
		stored := s.addresses(t, who)[0]
		is.Equal(stored.CodeHash, hashOf(next))
		_, err = s.RetireAddress.Run(t.Context(), app.RetireAddressCommand{Tenant: who, Address: a.ID})
		is.NoErr(err)
		_, _, err = s.ValidateAddress.Run(t.Context(), cmd)
		is.True(errors.Is(err, domain.ErrConflict))
		cmd.Tenant = tenant(t, "t3")
		_, _, err = s.ValidateAddress.Run(t.Context(), cmd)
		is.True(errors.Is(err, domain.ErrNotFound))
	})
}

func hashOf(code string) []byte {
	digest := domain.DigestOf([]byte(code))
	return digest[:]
}

// pushed is a connection whose mail is pushed: CONNECTED, and nothing to poll.
func (s *stage) pushed(t testing.TB, who domain.TenantID) domain.ConnectionState {
	t.Helper()
	a, _ := s.createAddress(t, who, "FR")
	m := message(1)
	m.Authentic, m.BuyerEmail = true, "buyer@marketplace.amazon.fr"
	status, err := s.Status.Run(t.Context(), app.StatusQuery{Tenant: who, Marketplace: domain.Amazon})
	c := status.Connection
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Ingest.Run(t.Context(), app.IngestCommand{
		Connection: c, Page: ports.Page{Messages: []domain.InboundMessage{m}}, Pushed: true, Addresses: []domain.InboundAddressID{a.ID},
	})
	if err != nil {
		t.Fatal(err)
	}
	status, err = s.Status.Run(t.Context(), app.StatusQuery{Tenant: who, Marketplace: domain.Amazon})
	c = status.Connection
	if err != nil || c.Status != domain.ConnectionConnected || c.Source != domain.SourcePush {
		t.Fatal(err, c.Status, c.Source)
	}
	return c
}

// Where mail is pushed there is nothing to poll, whoever asks for it, and nothing goes wrong.
func TestPushedMailIsNotPolled(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		c := s.pushed(t, newTenant(t))
		s.source.add(messages(3)...) // which nobody reads for it
		before := s.syncState(t, c)
		s.clock.Advance(time.Hour)

		result, err := s.Sync.Run(t.Context(), app.SyncCommand{Tenant: c.Tenant, Marketplace: domain.Amazon})
		is.NoErr(err)
		is.Equal(result, app.PollResult{})
		turn, err := s.PollTurn.Run(t.Context(), app.PollCommand{Tenant: c.Tenant, Connection: c.ID})
		is.NoErr(err)
		is.True(turn.Over) // it has no job
		is.NoErr(s.PollTurn.GiveUp(t.Context(), c.Tenant, c.ID))
		summary, err := s.PollAll.Run(t.Context(), app.PollAllCommand{Concurrency: 2})
		is.NoErr(err)
		is.Equal(summary.Failed, 0)
		is.Equal(len(summary.Tenants), 1) // the stage's own, which has a mailbox
		out, err := s.Resume.Run(t.Context(), app.ResumeCommand{Connection: c.ID, By: "op-7"})
		is.NoErr(err)
		is.Equal(out.Status, domain.ConnectionConnected)
		if queue, ok := s.store.(ports.Queue); ok {
			_, err := s.Reschedule.Run(t.Context())
			is.NoErr(err)
			jobs, err := queue.Polled(t.Context(), []domain.ConnectionID{c.ID})
			is.NoErr(err)
			is.Equal(len(jobs), 0)
		}
		is.Equal(s.syncState(t, c), before)
		status, err := s.Status.Run(t.Context(), app.StatusQuery{Tenant: c.Tenant, Marketplace: domain.Amazon})
		after := status.Connection
		is.NoErr(err)
		is.Equal(after.Status, c.Status)
		is.Equal(after.LastError, "")
	})
}

func TestAMailboxReplacesPushAsTheSource(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		c := s.pushed(t, newTenant(t))
		s.source.add(message(7))
		after := s.connect(t, c.Tenant)
		is.Equal(after.ID, c.ID)
		is.Equal(after.Source, domain.SourceIMAP)
		result, err := s.Sync.Run(t.Context(), app.SyncCommand{Tenant: c.Tenant, Marketplace: domain.Amazon})
		is.NoErr(err)
		is.Equal(result.Created, 1)
		is.Equal(s.addresses(t, c.Tenant)[0].Status, domain.AddressValidated) // and takes mail all the same
	})
}
