package memory

import (
	"bytes"
	"context"
	"slices"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Connected implements ports.Directory.
func (s *Store) Connected(ctx context.Context, after domain.ConnectionID, limit int) ([]ports.ConnectionRef, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if limit < 1 {
		return nil, errLimit
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var refs []ports.ConnectionRef
	for id, t := range s.tenants {
		for _, c := range t.committed.Load().connections {
			if c.Polled() && bytes.Compare(c.ID.UUID[:], after.UUID[:]) > 0 {
				refs = append(refs, ports.ConnectionRef{Tenant: id, ID: c.ID, Type: c.Type})
			}
		}
	}
	slices.SortFunc(refs, func(a, b ports.ConnectionRef) int { return bytes.Compare(a.ID.UUID[:], b.ID.UUID[:]) })
	return refs[:min(limit, len(refs))], nil
}
