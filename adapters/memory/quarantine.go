package memory

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

type quarantine struct{ *transaction }

func (x quarantine) List(ctx context.Context, after ports.Position, limit int) ([]domain.Quarantined, error) {
	var found []domain.Quarantined
	for _, m := range x.rows.messages {
		if m.Quarantine != "" {
			found = append(found, x.rows.stored(m))
		}
	}
	for _, m := range x.rows.rejected {
		if _, done := x.rows.replayed[m.ID]; !done {
			found = append(found, x.rows.refused(m))
		}
	}
	for i := range found {
		found[i].Raw.Bytes = nil
	}
	place := func(q domain.Quarantined) ports.Position { return ports.Position{At: q.StoredAt, ID: q.ID.String()} }
	falling := func(a, b ports.Position) int { return rising(b, a) }
	return page(ctx, found, place, falling, after, limit)
}

func (x quarantine) Get(ctx context.Context, id domain.QuarantineID) (domain.Quarantined, error) {
	if err := ctx.Err(); err != nil {
		return domain.Quarantined{}, err
	}
	if m, there := x.rows.messages[domain.MessageID(id)]; there && m.Quarantine != "" {
		return x.rows.stored(m), nil
	}
	if _, done := x.rows.replayed[domain.RejectedID(id)]; !done {
		for _, m := range x.rows.rejected {
			if m.ID == domain.RejectedID(id) {
				return x.rows.refused(m), nil
			}
		}
	}
	return domain.Quarantined{}, errNone
}

func (x quarantine) Lock(ctx context.Context, id domain.QuarantineID) (domain.Quarantined, error) {
	if err := x.change(ctx); err != nil {
		return domain.Quarantined{}, err
	}
	q, err := x.Get(ctx, id)
	if err != nil {
		return domain.Quarantined{}, err
	}
	x.locked[quarantineLock(id)] = true
	q.Raw.Bytes = nil
	return q, nil
}

func (x quarantine) Assign(ctx context.Context, id domain.MessageID, ticket domain.TicketID) error {
	return x.end(ctx, id, func(m *domain.ExternalMessage) error {
		if _, there := x.rows.tickets[ticket]; !there {
			return errNone
		}
		m.Kind, m.Ticket = domain.KindBuyerMessage, ticket
		return nil
	})
}

func (x quarantine) Dismiss(ctx context.Context, id domain.MessageID) error {
	return x.end(ctx, id, func(*domain.ExternalMessage) error { return nil })
}

// end takes a stored message out of quarantine.
func (x quarantine) end(ctx context.Context, id domain.MessageID, change func(*domain.ExternalMessage) error) error {
	if err := x.change(ctx); err != nil {
		return err
	}
	m, there := x.rows.messages[id]
	if !there || m.Quarantine == "" {
		return errNone
	}
	if err := x.holds(quarantineLock(id)); err != nil {
		return err
	}
	if err := change(&m); err != nil {
		return err
	}
	m.Quarantine = ""
	x.rows.messages[id] = m
	return nil
}

// stored is a message as its quarantine shows it.
func (r *rows) stored(m domain.ExternalMessage) domain.Quarantined {
	return domain.Quarantined{
		ID: domain.QuarantineID(m.ID), Tenant: m.Tenant, Connection: m.Connection, Type: m.Type, Reason: string(m.Quarantine),
		Detail: m.Evidence, Kind: m.Kind, ExternalID: m.ExternalID, OrderID: m.OrderID, BuyerName: m.BuyerName,
		BuyerEmail: m.BuyerEmail, Subject: m.Subject, ReceivedAt: m.ReceivedAt, StoredAt: made(m.ID.UUID), Raw: r.kept(m.Source),
	}
}

// refused is a rejected message as its quarantine shows it.
func (r *rows) refused(m domain.RejectedMessage) domain.Quarantined {
	return domain.Quarantined{
		ID: domain.QuarantineID(m.ID), Tenant: m.Tenant, Connection: m.Connection, Type: m.Type, Rejected: true,
		Reason: string(m.Reason), Detail: m.Detail, ExternalID: m.ExternalID, ReceivedAt: m.ReceivedAt, StoredAt: made(m.ID.UUID),
		Raw: r.kept(m.Source),
	}
}

// made is when an id was made: shortly before what it names was stored.
func made(id uuid.UUID) time.Time { return stored(time.Unix(id.Time().UnixTime())) }
