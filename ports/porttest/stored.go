package porttest

import (
	"cmp"
	"context"
	"slices"
	"testing"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// everything is more than any list of the suites holds.
const everything = 10_000

// holding is all that a tenant's tickets hold, read through the ports.
type holding struct {
	Tickets  []domain.TicketState // the most recent activity first
	Messages []domain.TicketMessage
	Events   []domain.TicketEvent
}

// holding reads what a tenant has. No flags and no payload are nil in it.
func (f RepositoryFixture) holding(t *testing.T, tenant domain.TenantID) (h holding) {
	t.Helper()
	f.view(t, tenant, func(ctx context.Context, tx ports.Tx) error {
		tickets, err := tx.Tickets.List(ctx, ports.TicketFilter{Limit: everything})
		if err != nil {
			return err
		}
		for _, ticket := range tickets {
			h.Tickets = append(h.Tickets, plainTicket(ticket.State()))
			messages, err := tx.Tickets.Messages(ctx, ticket.State().ID, ports.Position{}, everything)
			if err != nil {
				return err
			}
			for _, m := range messages {
				h.Messages = append(h.Messages, plainTicketMessage(m))
			}
			events, err := tx.Tickets.Events(ctx, ticket.State().ID, ports.Position{}, everything)
			if err != nil {
				return err
			}
			for _, e := range events {
				h.Events = append(h.Events, plainEvent(e))
			}
		}
		return nil
	})
	return h
}

// count is how many tickets, messages and events there are.
func (h holding) count() [3]int { return [3]int{len(h.Tickets), len(h.Messages), len(h.Events)} }

// The plain form of a record has nil for no flags, files, facts, payload and bytes: a store may give either.

func plainTicket(s domain.TicketState) domain.TicketState {
	s.SafetyFlags = plain(s.SafetyFlags)
	return s
}

func plainTicketMessage(m domain.TicketMessage) domain.TicketMessage {
	m.SafetyFlags, m.Files = plain(m.SafetyFlags), plainFiles(m.Files)
	return m
}

func plainMessage(m domain.ExternalMessage) domain.ExternalMessage {
	if len(m.Facts) == 0 {
		m.Facts = nil
	}
	m.Flags, m.SafetyFlags, m.Files, m.Source.Bytes = plain(m.Flags), plain(m.SafetyFlags), plainFiles(m.Files), plain(m.Source.Bytes)
	return m
}

func plainFiles(files []domain.File) []domain.File {
	files = slices.Clone(plain(files))
	for i := range files {
		files[i].Flags = plain(files[i].Flags)
	}
	return files
}

func plainEvent(e domain.TicketEvent) domain.TicketEvent {
	if len(e.Payload) == 0 {
		e.Payload = nil
	}
	return e
}

func plain[V any](s []V) []V {
	if len(s) == 0 {
		return nil
	}
	return s
}

// messages is what is stored for c, by external id.
func (f RepositoryFixture) messages(t *testing.T, c domain.ConnectionState) []domain.ExternalMessage {
	t.Helper()
	found := f.Messages(t, c.Tenant, c.ID)
	for i := range found {
		found[i] = plainMessage(found[i])
	}
	slices.SortFunc(found, func(a, b domain.ExternalMessage) int { return cmp.Compare(a.ExternalID, b.ExternalID) })
	return found
}

// rejected is what was rejected for c, by external id.
func (f RepositoryFixture) rejected(t *testing.T, c domain.ConnectionState) []domain.RejectedMessage {
	t.Helper()
	found := f.Rejected(t, c.Tenant, c.ID)
	slices.SortFunc(found, func(a, b domain.RejectedMessage) int {
		return cmp.Or(cmp.Compare(a.ExternalID, b.ExternalID), cmp.Compare(a.Reason, b.Reason))
	})
	return found
}

// connectionOf reads a connection.
func (f RepositoryFixture) connectionOf(t *testing.T, c domain.ConnectionState) (got domain.ConnectionState) {
	t.Helper()
	f.view(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
		stored, err := tx.Connections.Get(ctx, c.ID)
		if err == nil {
			got = stored.State()
		}
		return err
	})
	return got
}

// syncStateOf reads the sync state of a connection.
func (f RepositoryFixture) syncStateOf(t *testing.T, c domain.ConnectionState) (got domain.SyncStateData) {
	t.Helper()
	f.view(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
		stored, err := tx.SyncStates.Get(ctx, c.ID)
		if err == nil {
			got = stored.State()
		}
		return err
	})
	return got
}
