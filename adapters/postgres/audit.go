package postgres

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

type auditRow struct {
	bun.BaseModel `bun:"table:marketplace.audit_entries,alias:a"`

	ID      domain.AuditID     `bun:"id,pk,type:uuid"`
	Tenant  string             `bun:"tenant_id"`
	Action  domain.AuditAction `bun:"action"`
	Subject string             `bun:"subject"`
	Actor   domain.ActorType   `bun:"actor_type"`
	ActorID string             `bun:"actor_id,nullzero"`
	Cause   string             `bun:"cause,nullzero"`
	At      time.Time          `bun:"created_at"`
}

type audit struct {
	tx     bun.Tx
	tenant domain.TenantID
}

func (q audit) Record(ctx context.Context, e domain.AuditEntry) error {
	if e.Action == "" || e.Actor == "" {
		return domain.Errorf(domain.ErrInvalid, "an audit entry needs an action and an actor")
	}
	if e.Tenant != q.tenant {
		return errNone
	}
	_, err := q.tx.NewInsert().Model(&auditRow{
		ID: e.ID, Tenant: e.Tenant.String(), Action: e.Action, Subject: e.Subject, Actor: e.Actor, ActorID: e.ActorID,
		Cause: e.Cause, At: e.At,
	}).Exec(ctx)
	return translate(ctx, "record audit entry", err)
}

func (q audit) List(ctx context.Context, subject string, after ports.Position, limit int) ([]domain.AuditEntry, error) {
	if limit < 1 {
		return nil, errLimit
	}
	var rows []auditRow
	query := q.tx.NewSelect().Model(&rows).Where("a.tenant_id = ?", q.tenant.String())
	if subject != "" {
		query = query.Where("a.subject = ?", subject)
	}
	if after != (ports.Position{}) {
		query = query.Where("(a.created_at, a.id) < (?, ?::uuid)", after.At, after.ID)
	}
	if err := query.OrderExpr("a.created_at DESC, a.id DESC").Limit(int64(limit)).Scan(ctx); err != nil {
		return nil, translate(ctx, "list audit entries", err)
	}
	all := make([]domain.AuditEntry, len(rows))
	for i, r := range rows {
		all[i] = domain.AuditEntry{
			ID: r.ID, Tenant: q.tenant, Action: r.Action, Subject: r.Subject, Actor: r.Actor, ActorID: r.ActorID,
			Cause: r.Cause, At: utc(r.At),
		}
	}
	return all, nil
}

// errLimit refuses a list of nothing, which bun would take for a list of everything.
var errLimit = domain.Errorf(domain.ErrInvalid, "limit: at least 1")
