package memory

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
)

type intake struct{ *transaction }

func (x intake) Known(ctx context.Context, t domain.MarketplaceType, externalIDs []string) (map[string]bool, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, id := range externalIDs {
		if _, there := x.rows.byMessageKey[messageKey{t, id}]; there {
			known[id] = true
		}
	}
	return known, nil
}
