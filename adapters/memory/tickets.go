package memory

import (
	"cmp"
	"context"
	"slices"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

type tickets struct{ *transaction }

func (x tickets) Get(ctx context.Context, id domain.TicketID) (*domain.Ticket, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, ok := x.rows.tickets[id]
	if !ok {
		return nil, errNone
	}
	return domain.RestoreTicket(copyTicket(s))
}

func (x tickets) List(ctx context.Context, q ports.TicketFilter) ([]*domain.Ticket, error) {
	var found []domain.TicketState
	for _, s := range x.rows.tickets {
		if (q.Status == "" || s.Status == q.Status) && (q.Channel == "" || s.Channel == q.Channel) {
			found = append(found, s)
		}
	}
	place := func(s domain.TicketState) ports.Position {
		return ports.Position{At: s.LastMessageAt, ID: s.ID.String()}
	}
	falling := func(a, b ports.Position) int { return rising(b, a) }
	found, err := page(ctx, found, place, falling, q.After, q.Limit)
	if err != nil {
		return nil, err
	}
	all := make([]*domain.Ticket, len(found))
	for i, s := range found {
		if all[i], err = domain.RestoreTicket(copyTicket(s)); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (x tickets) Messages(ctx context.Context, id domain.TicketID, after ports.Position, limit int) ([]domain.TicketMessage, error) {
	var found []domain.TicketMessage
	for _, m := range x.rows.ticketMessages {
		if m.Ticket == id {
			found = append(found, x.withFiles(m))
		}
	}
	place := func(m domain.TicketMessage) ports.Position { return ports.Position{At: m.SentAt, ID: m.ID.String()} }
	return page(ctx, found, place, rising, after, limit)
}

func (x tickets) Events(ctx context.Context, id domain.TicketID, after ports.Position, limit int) ([]domain.TicketEvent, error) {
	var found []domain.TicketEvent
	for _, e := range x.rows.events {
		if e.Ticket == id {
			found = append(found, copyEvent(e))
		}
	}
	place := func(e domain.TicketEvent) ports.Position { return ports.Position{At: e.At, ID: e.ID.String()} }
	return page(ctx, found, place, rising, after, limit)
}

func (x tickets) Message(ctx context.Context, id domain.TicketID, message domain.TicketMessageID) (domain.TicketMessage, error) {
	if err := ctx.Err(); err != nil {
		return domain.TicketMessage{}, err
	}
	m, there := x.rows.ticketMessages[message]
	if !there || m.Ticket != id {
		return domain.TicketMessage{}, errNone
	}
	return x.withFiles(m), nil
}

func (x tickets) File(ctx context.Context, id domain.TicketID, file domain.FileID) (domain.File, domain.ExternalMessage, error) {
	if err := ctx.Err(); err != nil {
		return domain.File{}, domain.ExternalMessage{}, err
	}
	for _, m := range x.rows.messages {
		if m.Ticket != id || id == (domain.TicketID{}) {
			continue
		}
		for _, f := range copyFiles(m.Files) {
			if f.ID == file {
				return f, x.rows.message(m.ID), nil
			}
		}
	}
	return domain.File{}, domain.ExternalMessage{}, errNone
}

func (x tickets) withFiles(m domain.TicketMessage) domain.TicketMessage {
	m.Files = x.rows.messages[m.ExternalMessage].Files
	return copyTicketMessage(m)
}

// rising orders by time and, within one time, by id. Ids of one length in hexadecimal sort as their bytes do.
func rising(a, b ports.Position) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) }

// page sorts all and returns the first limit of those behind after.
func page[V any](ctx context.Context, all []V, place func(V) ports.Position, order func(a, b ports.Position) int, after ports.Position, limit int) ([]V, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if limit < 1 {
		return nil, errLimit
	}
	slices.SortFunc(all, func(a, b V) int { return order(place(a), place(b)) })
	if after != (ports.Position{}) {
		all = slices.DeleteFunc(all, func(v V) bool { return order(place(v), after) <= 0 })
	}
	return all[:min(limit, len(all))], nil
}
