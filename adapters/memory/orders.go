package memory

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

type orders struct{ *transaction }

// howeverFresh is the freshFor with which Enqueue asks again for what was answered at this very moment.
const howeverFresh = -time.Microsecond

// orderKey is the identity of an order.
type orderKey struct {
	connection domain.ConnectionID
	id         string
}

func (x orders) Enqueue(ctx context.Context, c domain.ConnectionID, wanted []domain.OrderRequest, freshFor time.Duration, now time.Time) (int, error) {
	if err := x.change(ctx); err != nil {
		return 0, err
	}
	if slices.ContainsFunc(wanted, func(w domain.OrderRequest) bool { return w.OrderID == "" }) {
		return 0, domain.Errorf(domain.ErrInvalid, "an order needs an id")
	}
	if _, there := x.rows.connections[c]; !there {
		return 0, errNone
	}
	due, now := map[string]bool{}, stored(now)
	for _, w := range wanted {
		key := orderKey{c, w.OrderID}
		o, there := x.rows.orders[key]
		if !there {
			o = domain.OrderContext{Connection: c, OrderID: w.OrderID, Outcome: domain.OrderWanted}
		}
		if o.FetchedAt.Before(stored(now.Add(-freshFor))) && (o.DueAt.IsZero() || o.DueAt.After(now)) {
			o.DueAt = now
		}
		if !o.DueAt.IsZero() && !o.DueAt.After(now) {
			due[w.OrderID] = true
		}
		o.Region = cmp.Or(o.Region, w.Region)
		x.rows.orders[key] = o
	}
	return len(due), nil
}

func (x orders) EnqueueRecent(ctx context.Context, c domain.ConnectionID, since time.Time, limit int, now time.Time) (int, error) {
	if err := x.change(ctx); err != nil {
		return 0, err
	}
	if limit < 1 {
		return 0, errLimit
	}
	var recent []domain.TicketState
	for _, t := range x.rows.tickets {
		if t.Connection == c && t.OrderID != "" && t.LastMessageAt.After(stored(since)) {
			recent = append(recent, t)
		}
	}
	slices.SortFunc(recent, func(a, b domain.TicketState) int {
		return cmp.Or(b.LastMessageAt.Compare(a.LastMessageAt), cmp.Compare(b.ID.String(), a.ID.String()))
	})
	recent = slices.DeleteFunc(recent[:min(limit, len(recent))], func(t domain.TicketState) bool {
		o, kept := x.rows.orders[orderKey{c, t.OrderID}]
		return kept && o.Outcome != domain.OrderDenied
	})
	return x.Enqueue(ctx, c, domain.OrderRequests(recent), howeverFresh, now)
}

func (x orders) Due(ctx context.Context, c domain.ConnectionID, now time.Time, limit int) ([]domain.OrderContext, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if limit < 1 {
		return nil, errLimit
	}
	var due []domain.OrderContext
	for key, o := range x.rows.orders {
		if key.connection == c && !o.DueAt.IsZero() && !o.DueAt.After(stored(now)) {
			due = append(due, copyOrder(o))
		}
	}
	slices.SortFunc(due, func(a, b domain.OrderContext) int {
		return cmp.Or(a.DueAt.Compare(b.DueAt), cmp.Compare(a.OrderID, b.OrderID))
	})
	return due[:min(limit, len(due))], nil
}

func (x orders) NextDue(ctx context.Context, c domain.ConnectionID) (next time.Time, err error) {
	for key, o := range x.rows.orders {
		if key.connection == c && !o.DueAt.IsZero() && (next.IsZero() || o.DueAt.Before(next)) {
			next = o.DueAt
		}
	}
	return next, ctx.Err()
}

func (x orders) Get(ctx context.Context, c domain.ConnectionID, orderID string) (domain.OrderContext, error) {
	if err := ctx.Err(); err != nil {
		return domain.OrderContext{}, err
	}
	o, there := x.rows.orders[orderKey{c, orderID}]
	if !there {
		return domain.OrderContext{}, errNone
	}
	return copyOrder(o), nil
}

func (x orders) Lock(ctx context.Context, c domain.ConnectionID, orderID string) (domain.OrderContext, error) {
	if err := x.change(ctx); err != nil {
		return domain.OrderContext{}, err
	}
	return x.Get(ctx, c, orderID)
}

func (x orders) Save(ctx context.Context, o domain.OrderContext) error {
	if err := x.change(ctx); err != nil {
		return err
	}
	key := orderKey{o.Connection, o.OrderID}
	if _, there := x.rows.orders[key]; !there {
		return errNone
	}
	x.rows.orders[key] = copyOrder(o)
	return nil
}
