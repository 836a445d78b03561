package app

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// ListQuarantine shows a tenant what a person should look at, page by page.
type ListQuarantine struct{ repo ports.Repository }

// ListQuarantineQuery selects a page.
type ListQuarantineQuery struct {
	Tenant domain.TenantID
	After  ports.Position
	Limit  int // 1 to MaxList
}

// Run returns what is in quarantine, the newest first, and the position to go on from: the zero Position when there is no
// more. domain.ErrInvalid if the limit is not 1 to MaxList. It changes nothing.
func (u *ListQuarantine) Run(ctx context.Context, q ListQuarantineQuery) ([]domain.Quarantined, ports.Position, error) {
	return list(ctx, u.repo, q.Tenant, q.Limit,
		func(ctx context.Context, tx ports.Tx, limit int) ([]domain.Quarantined, error) {
			return tx.Quarantine.List(ctx, q.After, limit)
		},
		func(m domain.Quarantined) ports.Position { return ports.Position{At: m.StoredAt, ID: m.ID.String()} })
}
