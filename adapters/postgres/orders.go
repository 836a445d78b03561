package postgres

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/uptrace/bun"

	"github.com/keybuzzio/marketplaces/domain"
)

type orderRow struct {
	bun.BaseModel `bun:"table:marketplace.orders,alias:o"`

	Connection domain.ConnectionID `bun:"connection_id,pk,type:uuid"`
	OrderID    string              `bun:"order_id,pk"`
	Region     string              `bun:"region,nullzero"`
	Outcome    domain.OrderOutcome `bun:"outcome"`
	Context    json.RawMessage     `bun:"context,type:jsonb,nullzero"` // an orderJSON
	Reason     string              `bun:"reason,nullzero"`
	FetchedAt  time.Time           `bun:"fetched_at,nullzero"`
	DueAt      time.Time           `bun:"due_at,nullzero"`
	Failures   int                 `bun:"failures"`
}

func (r *orderRow) order() (domain.OrderContext, error) {
	o := domain.OrderContext{
		Connection: r.Connection, OrderID: r.OrderID, Region: r.Region, Outcome: r.Outcome, Reason: r.Reason,
		FetchedAt: utc(r.FetchedAt), DueAt: utc(r.DueAt), Failures: r.Failures,
	}
	var err error
	o.Order, err = restoreOrder(r.Context)
	return o, err
}

type orders struct {
	tx     bun.Tx
	tenant domain.TenantID
}

// howeverFresh is the freshFor with which Enqueue asks again for what was answered at this very moment.
const howeverFresh = -time.Microsecond

// The statement takes its orders by id, so that two of them that meet wait for each other and do not deadlock. It writes those
// that stay as they are too: what is told of an order is what it is then, whoever changed it meanwhile.
const wantOrders = `
	WITH c AS (
		SELECT id, tenant_id FROM marketplace.connections WHERE id = $2 AND tenant_id || '' = $1
	), wanted AS (
		INSERT INTO marketplace.orders AS o (tenant_id, connection_id, order_id, region, outcome, due_at)
		SELECT c.tenant_id, c.id, w.id, nullif(w.region, ''), 'WANTED', $5::timestamptz
		FROM c, unnest($3::text[], $4::text[]) AS w (id, region) ORDER BY w.id
		ON CONFLICT (connection_id, order_id) DO UPDATE SET
			region = coalesce(o.region, excluded.region), updated_at = now(),
			due_at = CASE WHEN (o.fetched_at IS NULL OR o.fetched_at < $6) AND (o.due_at IS NULL OR o.due_at > $5)
				THEN excluded.due_at ELSE o.due_at END
		RETURNING o.due_at
	)
	SELECT (SELECT count(*) FROM c), (SELECT count(*) FROM wanted WHERE due_at <= $5)`

func (q orders) Enqueue(ctx context.Context, c domain.ConnectionID, wanted []domain.OrderRequest, freshFor time.Duration, now time.Time) (int, error) {
	region := make(map[string]string, len(wanted)) // an order that is named twice is one
	for _, w := range wanted {
		if w.OrderID == "" {
			return 0, errOrder
		}
		if region[w.OrderID] == "" {
			region[w.OrderID] = w.Region
		}
	}
	ids, regions := make([]string, 0, len(region)), make([]string, 0, len(region))
	for id, r := range region {
		ids, regions = append(ids, id), append(regions, r)
	}
	var there, due int
	err := q.tx.Tx.QueryRowContext(ctx, wantOrders, q.tenant.String(), c.String(), ids, regions, now, now.Add(-freshFor)).Scan(&there, &due)
	if err == nil && there == 0 {
		err = sql.ErrNoRows
	}
	return due, translate(ctx, "want orders", err)
}

var errOrder = domain.Errorf(domain.ErrInvalid, "an order needs an id")

// EnqueueRecent names the tenant, whose tickets an index has by their activity. Which regions orders are of is the domain's to say,
// so that it takes a second statement, that of Enqueue.
func (q orders) EnqueueRecent(ctx context.Context, c domain.ConnectionID, since time.Time, limit int, now time.Time) (int, error) {
	if limit < 1 {
		return 0, errLimit
	}
	rows, err := q.tx.Tx.QueryContext(ctx, `
		SELECT recent.order_id, coalesce(recent.customer_email, '') FROM (
			SELECT t.order_id, t.customer_email FROM marketplace.tickets t
			WHERE t.tenant_id = $1 AND t.connection_id = $2 AND t.order_id <> '' AND t.last_message_at > $3
			ORDER BY t.last_message_at DESC, t.id DESC LIMIT $4) AS recent
		LEFT JOIN LATERAL (SELECT o.outcome FROM marketplace.orders o
			WHERE o.connection_id = $2 AND o.order_id = recent.order_id LIMIT 1) AS kept ON true
		WHERE coalesce(kept.outcome, $5) = $5`,
		q.tenant.String(), c.String(), since, limit, string(domain.OrderDenied))
	if err != nil {
		return 0, translate(ctx, "find recent orders", err)
	}
	defer func() { _ = rows.Close() }()
	var tickets []domain.TicketState
	for rows.Next() {
		var t domain.TicketState
		if err := rows.Scan(&t.OrderID, &t.CustomerEmail); err != nil {
			return 0, translate(ctx, "find recent orders", err)
		}
		tickets = append(tickets, t)
	}
	if err := rows.Err(); err != nil {
		return 0, translate(ctx, "find recent orders", err)
	}
	return q.Enqueue(ctx, c, domain.OrderRequests(tickets), howeverFresh, now)
}

func (q orders) Due(ctx context.Context, c domain.ConnectionID, now time.Time, limit int) ([]domain.OrderContext, error) {
	if limit < 1 {
		return nil, errLimit
	}
	var rows []orderRow
	err := q.tx.NewSelect().Model(&rows).ModelTableExpr("marketplace.due_orders(?, ?, ?) AS o", c, now, limit).
		OrderExpr("o.due_at, o.order_id").Scan(ctx)
	if err != nil {
		return nil, translate(ctx, "list due orders", err)
	}
	all := make([]domain.OrderContext, len(rows))
	for i := range rows {
		if all[i], err = rows[i].order(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (q orders) NextDue(ctx context.Context, c domain.ConnectionID) (time.Time, error) {
	var next bun.NullTime
	err := q.tx.NewSelect().TableExpr("marketplace.due_orders(?, 'infinity', 1) AS o", c).ColumnExpr("min(o.due_at)").Scan(ctx, &next)
	return utc(next.Time), translate(ctx, "find the next due order", err)
}

func (q orders) Get(ctx context.Context, c domain.ConnectionID, orderID string) (domain.OrderContext, error) {
	return q.get(ctx, c, orderID, "")
}

func (q orders) Lock(ctx context.Context, c domain.ConnectionID, orderID string) (domain.OrderContext, error) {
	return q.get(ctx, c, orderID, "NO KEY UPDATE")
}

// get reads one order, under a row lock if one is named.
func (q orders) get(ctx context.Context, c domain.ConnectionID, orderID, lock string) (domain.OrderContext, error) {
	var r orderRow
	query := q.tx.NewSelect().Model(&r).Where("o.connection_id = ? AND o.order_id = ?", c, orderID)
	if lock != "" {
		query = query.For(lock)
	}
	if err := query.Scan(ctx); err != nil {
		return domain.OrderContext{}, translate(ctx, "get order", err)
	}
	return r.order()
}

// Save goes past bun, which takes the letters of an escape for the escape when it writes JSON into a statement.
func (q orders) Save(ctx context.Context, o domain.OrderContext) error {
	res, err := q.tx.Tx.ExecContext(ctx, `
		UPDATE marketplace.orders SET region = nullif($3, ''), outcome = $4, context = $5::jsonb, reason = nullif($6, ''),
			fetched_at = $7, due_at = $8, failures = $9, updated_at = now()
		WHERE connection_id = $1 AND order_id = $2`,
		o.Connection.String(), o.OrderID, o.Region, string(o.Outcome), newOrderJSON(o.Order), o.Reason, orNull(o.FetchedAt),
		orNull(o.DueAt), o.Failures)
	return changedOne(ctx, "save order", res, err)
}
