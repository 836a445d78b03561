package memory

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

type audit struct{ *transaction }

func (x audit) Record(ctx context.Context, e domain.AuditEntry) error {
	if err := x.change(ctx); err != nil {
		return err
	}
	if e.Action == "" || e.Actor == "" {
		return domain.Errorf(domain.ErrInvalid, "an audit entry needs an action and an actor")
	}
	if e.Tenant != x.tenant {
		return errNone
	}
	e.At = stored(e.At)
	return x.fail(add(x.rows.audit, e.ID, e))
}

func (x audit) List(ctx context.Context, subject string, after ports.Position, limit int) ([]domain.AuditEntry, error) {
	var found []domain.AuditEntry
	for _, e := range x.rows.audit {
		if subject == "" || e.Subject == subject {
			found = append(found, e)
		}
	}
	place := func(e domain.AuditEntry) ports.Position { return ports.Position{At: e.At, ID: e.ID.String()} }
	falling := func(a, b ports.Position) int { return rising(b, a) }
	return page(ctx, found, place, falling, after, limit)
}
