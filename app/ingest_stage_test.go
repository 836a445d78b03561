package app_test

import (
	"context"
	"testing"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// connection stores a connection of the stage's tenant for one of Amazon's marketplaces, PENDING unless changed.
func (r *replayStage) connection(t testing.TB, marketplaceID string, changes ...func(*domain.ConnectionState)) domain.ConnectionState {
	t.Helper()
	c, err := domain.NewConnection(r.who, domain.Amazon, r.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	state := c.State()
	state.MarketplaceID = marketplaceID
	for _, change := range changes {
		change(&state)
	}
	if c, err = domain.RestoreConnection(state); err != nil {
		t.Fatal(err)
	}
	r.update(t, func(ctx context.Context, tx ports.Tx) error { return tx.Connections.Insert(ctx, c) })
	return state
}

// address stores an inbound address of a connection and returns it with a code for a validation mail.
func (r *replayStage) address(t testing.TB, c domain.ConnectionState, country string) (a domain.InboundAddressState, code string) {
	t.Helper()
	made, err := domain.NewInboundAddress(c, country, "inbound.example.com", r.clock.Now())
	if err == nil {
		code, _, err = made.NewCode(r.clock.Now())
	}
	if err != nil {
		t.Fatal(err)
	}
	r.update(t, func(ctx context.Context, tx ports.Tx) error { return tx.Addresses.Insert(ctx, made) })
	return made.State(), code
}

// addressNow reads an inbound address.
func (r *replayStage) addressNow(t testing.TB, id domain.InboundAddressID) (now domain.InboundAddressState) {
	t.Helper()
	r.update(t, func(ctx context.Context, tx ports.Tx) error {
		a, err := tx.Addresses.Lock(ctx, id)
		if err == nil {
			now = a.State()
		}
		return err
	})
	return now
}

// connectionNow reads a connection.
func (r *replayStage) connectionNow(t testing.TB, id domain.ConnectionID) (now domain.ConnectionState) {
	t.Helper()
	r.update(t, func(ctx context.Context, tx ports.Tx) error {
		c, err := tx.Connections.Get(ctx, id)
		if err == nil {
			now = c.State()
		}
		return err
	})
	return now
}

func (r *replayStage) update(t testing.TB, fn ports.TxFunc) {
	t.Helper()
	if err := r.store.Update(t.Context(), r.who, fn); err != nil {
		t.Fatal(err)
	}
}

// push ingests messages that were sent to an address, knowing no more of its connection than a receiver does.
func (r *replayStage) push(t testing.TB, a domain.InboundAddressState, messages ...domain.InboundMessage) app.PollResult {
	t.Helper()
	result, err := r.tryPush(t.Context(), a, messages...)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func (r *replayStage) tryPush(ctx context.Context, a domain.InboundAddressState, messages ...domain.InboundMessage) (app.PollResult, error) {
	addresses := make([]domain.InboundAddressID, len(messages))
	for i := range addresses {
		addresses[i] = a.ID
	}
	return r.Ingest.Run(ctx, app.IngestCommand{
		Connection: domain.ConnectionState{ID: a.Connection, Tenant: a.Tenant, Type: a.Type},
		Page:       ports.Page{Messages: messages}, Pushed: true, Addresses: addresses,
	})
}

// recorded returns the actions of the audit about a subject, the first first, with their causes.
func (r *replayStage) recorded(t testing.TB, subject string) (all []string) {
	t.Helper()
	err := r.store.View(t.Context(), r.who, func(ctx context.Context, tx ports.Tx) error {
		entries, err := tx.Audit.List(ctx, subject, ports.Position{}, 100)
		for _, e := range entries {
			all = append([]string{string(e.Action) + " " + e.Cause}, all...)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
