package app

import (
	"context"
	"errors"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// GetOrder shows what is known of the order that a ticket is about.
type GetOrder struct {
	repo  ports.Repository
	clock ports.Clock
}

// OrderView is an order as a ticket shows it.
type OrderView struct {
	OrderID    string              // "" if the ticket names none
	Authorized bool                // the marketplace can be asked
	Outcome    domain.OrderOutcome // OrderWanted where nothing is known yet
	Reason     string              // why there is no order, or no newer one; fit for users
	Order      *domain.Order       // the last that came; nil if none did
	FetchedAt  time.Time
	Stale      bool // it should have been asked for again by now
}

// Run returns the order of a ticket as it was last fetched. It asks nobody and changes nothing. domain.ErrNotFound if the
// tenant has no such ticket.
func (u *GetOrder) Run(ctx context.Context, q TicketQuery) (view OrderView, err error) {
	err = u.repo.View(ctx, q.Tenant, func(ctx context.Context, tx ports.Tx) error {
		ticket, err := tx.Tickets.Get(ctx, q.Ticket)
		if err != nil {
			return err
		}
		view, err = viewOrder(ctx, tx, ticket.State(), u.clock.Now())
		return err
	})
	return view, err
}

func viewOrder(ctx context.Context, tx ports.Tx, t domain.TicketState, now time.Time) (OrderView, error) {
	view := OrderView{OrderID: t.OrderID, Outcome: domain.OrderWanted}
	if t.OrderID == "" || t.Connection == (domain.ConnectionID{}) {
		return view, nil
	}
	c, err := tx.Connections.Get(ctx, t.Connection)
	if err != nil {
		return view, err
	}
	view.Authorized = c.State().Authorized
	o, err := tx.Orders.Get(ctx, t.Connection, t.OrderID)
	if errors.Is(err, domain.ErrNotFound) {
		if !view.Authorized {
			view.Reason = domain.Message(errNotAuthorized)
		}
		return view, nil
	}
	view.Outcome, view.Reason, view.Order, view.FetchedAt, view.Stale = o.Outcome, o.Reason, o.Order, o.FetchedAt, o.Stale(now)
	return view, err
}

// RefreshOrder has the marketplace asked again about the order of a ticket.
type RefreshOrder struct {
	repo  ports.Repository
	clock ports.Clock
}

var errNotAuthorized = domain.Errorf(domain.ErrConflict, "the seller has not authorized us to ask for orders")

// refreshAfter keeps people who click from using up the seller's calls.
const refreshAfter = time.Minute

// Run has the order asked for now, unless that was done within the last minute, and returns it as it is so far. Running it again
// is harmless. domain.ErrNotFound if the tenant has no such ticket; domain.ErrConflict if the ticket names no order, or the seller has not authorized us.
func (u *RefreshOrder) Run(ctx context.Context, q TicketQuery) (view OrderView, err error) {
	err = u.repo.Update(ctx, q.Tenant, func(ctx context.Context, tx ports.Tx) error {
		ticket, err := tx.Tickets.Get(ctx, q.Ticket)
		if err != nil {
			return err
		}
		t := ticket.State()
		if t.OrderID == "" || t.Connection == (domain.ConnectionID{}) {
			return domain.Errorf(domain.ErrConflict, "the ticket names no order")
		}
		c, err := tx.Connections.Lock(ctx, t.Connection)
		if err != nil {
			return err
		}
		if !c.State().Authorized {
			return errNotAuthorized
		}
		if err := enqueueOrders(ctx, tx, c.State(), []domain.TicketState{t}, refreshAfter, u.clock.Now()); err != nil {
			return err
		}
		view, err = viewOrder(ctx, tx, t, u.clock.Now())
		return err
	})
	return view, err
}

// orderFreshFor is how old what is kept of an order may be when a message about it comes.
const orderFreshFor = 15 * time.Minute

// enqueueOrders has the marketplace asked about the orders of tickets, if the seller has authorized us. The caller holds the lock
// of the connection.
func enqueueOrders(ctx context.Context, tx ports.Tx, c domain.ConnectionState, tickets []domain.TicketState, freshFor time.Duration, now time.Time) error {
	wanted := domain.OrderRequests(tickets)
	if !c.Authorized || len(wanted) == 0 {
		return nil
	}
	due, err := tx.Orders.Enqueue(ctx, c.ID, wanted, freshFor, now)
	if err != nil || due == 0 {
		return err
	}
	return tx.Jobs.Schedule(ctx, ports.JobOrders, c.ID, time.Time{})
}
