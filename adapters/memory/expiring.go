package memory

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Expiring implements ports.Directory.
func (s *Store) Expiring(ctx context.Context, now time.Time, after domain.AuthorizationID, limit int) ([]ports.AuthorizationRef, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if limit < 1 {
		return nil, errLimit
	}
	var refs []ports.AuthorizationRef
	for id, r := range s.all() {
		for _, state := range r.authorizations {
			a, err := domain.RestoreAuthorization(state)
			if err != nil {
				return nil, err
			}
			if bytes.Compare(state.ID.UUID[:], after.UUID[:]) > 0 && a.Warn(now) > 0 {
				refs = append(refs, ports.AuthorizationRef{Tenant: id, Connection: state.Connection, ID: state.ID})
			}
		}
	}
	slices.SortFunc(refs, func(a, b ports.AuthorizationRef) int { return bytes.Compare(a.ID.UUID[:], b.ID.UUID[:]) })
	return refs[:min(limit, len(refs))], nil
}
