package app

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// MaxList is the most rows that one page of a list holds.
const MaxList = 200

// GetTicket reads one ticket.
type GetTicket struct{ repo ports.Repository }

// TicketFilter names a ticket of a tenant.
type TicketQuery struct {
	Tenant domain.TenantID
	Ticket domain.TicketID
}

// Run returns the ticket. domain.ErrNotFound if the tenant has none with this id.
func (u *GetTicket) Run(ctx context.Context, q TicketQuery) (t domain.TicketState, err error) {
	err = u.repo.View(ctx, q.Tenant, func(ctx context.Context, tx ports.Tx) error {
		ticket, err := tx.Tickets.Get(ctx, q.Ticket)
		if err == nil {
			t = ticket.State()
		}
		return err
	})
	return t, err
}

// ListTickets reads the tickets of a tenant, page by page.
type ListTickets struct{ repo ports.Repository }

// ListTicketsQuery selects tickets.
type ListTicketsQuery struct {
	Tenant domain.TenantID
	ports.TicketFilter
}

// Run returns the tickets with the most recent activity first, and the position to go on from: the zero Position when
// there are no more. domain.ErrInvalid if the limit is not 1 to MaxList.
func (u *ListTickets) Run(ctx context.Context, q ListTicketsQuery) (tickets []domain.TicketState, next ports.Position, err error) {
	found, next, err := list(ctx, u.repo, q.Tenant, q.Limit,
		func(ctx context.Context, tx ports.Tx, limit int) ([]*domain.Ticket, error) {
			query := q.TicketFilter
			query.Limit = limit
			return tx.Tickets.List(ctx, query)
		},
		func(t *domain.Ticket) ports.Position {
			return ports.Position{At: t.State().LastMessageAt, ID: t.State().ID.String()}
		})
	for _, t := range found {
		tickets = append(tickets, t.State())
	}
	return tickets, next, err
}

// ConversationQuery selects a page of what belongs to a ticket.
type ConversationQuery struct {
	TicketQuery
	After ports.Position
	Limit int // 1 to MaxList
}

// ListMessages reads the messages of a ticket, page by page.
type ListMessages struct{ repo ports.Repository }

// Run returns the messages by rising time of sending, and the position to go on from: the zero Position when there are
// no more. domain.ErrNotFound if the tenant has no such ticket; domain.ErrInvalid if the limit is not 1 to MaxList.
func (u *ListMessages) Run(ctx context.Context, q ConversationQuery) ([]domain.TicketMessage, ports.Position, error) {
	return list(ctx, u.repo, q.Tenant, q.Limit,
		func(ctx context.Context, tx ports.Tx, limit int) ([]domain.TicketMessage, error) {
			if _, err := tx.Tickets.Get(ctx, q.Ticket); err != nil {
				return nil, err
			}
			return tx.Tickets.Messages(ctx, q.Ticket, q.After, limit)
		},
		func(m domain.TicketMessage) ports.Position { return ports.Position{At: m.SentAt, ID: m.ID.String()} })
}

// ListEvents reads the events of a ticket, page by page.
type ListEvents struct{ repo ports.Repository }

// Run returns the events by rising time, as [ListMessages.Run] does messages.
func (u *ListEvents) Run(ctx context.Context, q ConversationQuery) ([]domain.TicketEvent, ports.Position, error) {
	return list(ctx, u.repo, q.Tenant, q.Limit,
		func(ctx context.Context, tx ports.Tx, limit int) ([]domain.TicketEvent, error) {
			if _, err := tx.Tickets.Get(ctx, q.Ticket); err != nil {
				return nil, err
			}
			return tx.Tickets.Events(ctx, q.Ticket, q.After, limit)
		},
		func(e domain.TicketEvent) ports.Position { return ports.Position{At: e.At, ID: e.ID.String()} })
}

// list reads a page in a View.
func list[T any](ctx context.Context, repo ports.Repository, tenant domain.TenantID, limit int,
	read func(context.Context, ports.Tx, int) ([]T, error), position func(T) ports.Position,
) ([]T, ports.Position, error) {
	return pageOf(limit, func(limit int) (rows []T, err error) {
		err = repo.View(ctx, tenant, func(ctx context.Context, tx ports.Tx) error {
			rows, err = read(ctx, tx, limit)
			return err
		})
		return rows, err
	}, position)
}

// pageOf reads one row more than asked for, to know whether there are more.
func pageOf[T, P any](limit int, read func(limit int) ([]T, error), position func(T) P) (rows []T, next P, err error) {
	if limit < 1 || limit > MaxList {
		return nil, next, domain.Errorf(domain.ErrInvalid, "limit: give a number from 1 to %d", MaxList)
	}
	if rows, err = read(limit + 1); err != nil {
		return nil, next, err
	}
	if len(rows) > limit {
		rows = rows[:limit]
		next = position(rows[limit-1])
	}
	return rows, next, nil
}
