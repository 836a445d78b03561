package memory

import (
	"bytes"
	"context"
	"slices"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Connections implements ports.Operations.
func (s *Store) Connections(ctx context.Context, q ports.ConnectionQuery) ([]domain.ConnectionState, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if q.Limit < 1 {
		return nil, errLimit
	}
	var found []domain.ConnectionState
	for _, r := range s.all() {
		for id, c := range r.connections {
			before := q.After == domain.ConnectionID{} || bytes.Compare(id.UUID[:], q.After.UUID[:]) < 0
			if before && (q.Status == "" || c.Status == q.Status) {
				found = append(found, c)
			}
		}
	}
	slices.SortFunc(found, func(a, b domain.ConnectionState) int { return bytes.Compare(b.ID.UUID[:], a.ID.UUID[:]) })
	return found[:min(q.Limit, len(found))], nil
}

// FindConnection implements ports.Operations.
func (s *Store) FindConnection(ctx context.Context, id domain.ConnectionID) (ports.ConnectionRef, error) {
	if err := ctx.Err(); err != nil {
		return ports.ConnectionRef{}, err
	}
	for tenant, r := range s.all() {
		if c, there := r.connections[id]; there {
			return ports.ConnectionRef{Tenant: tenant, ID: id, Type: c.Type}, nil
		}
	}
	return ports.ConnectionRef{}, errNone
}

// Rejected implements ports.Operations.
func (s *Store) Rejected(ctx context.Context, q ports.RejectedQuery) ([]ports.RejectedRef, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if q.Limit < 1 {
		return nil, errLimit
	}
	var found []ports.RejectedRef
	for _, r := range s.all() {
		for _, m := range r.rejected {
			ref := r.rejectedRef(m)
			before := q.After == domain.RejectedID{} || bytes.Compare(m.ID.UUID[:], q.After.UUID[:]) < 0
			if before && (q.Replayed || ref.ReplayedAt.IsZero()) {
				found = append(found, ref)
			}
		}
	}
	slices.SortFunc(found, func(a, b ports.RejectedRef) int { return bytes.Compare(b.ID.UUID[:], a.ID.UUID[:]) })
	return found[:min(q.Limit, len(found))], nil
}

// FindRejected implements ports.Operations.
func (s *Store) FindRejected(ctx context.Context, id domain.RejectedID) (ports.RejectedRef, error) {
	if err := ctx.Err(); err != nil {
		return ports.RejectedRef{}, err
	}
	for _, r := range s.all() {
		for _, m := range r.rejected {
			if m.ID == id {
				return r.rejectedRef(m), nil
			}
		}
	}
	return ports.RejectedRef{}, errNone
}

// rejectedRef is m as operators see it. When it was rejected, its id says.
func (r *rows) rejectedRef(m domain.RejectedMessage) ports.RejectedRef {
	return ports.RejectedRef{
		ID: m.ID, Tenant: m.Tenant, Connection: m.Connection, Type: m.Type, Reason: m.Reason, Detail: m.Detail,
		Bytes: m.Source.Size, RejectedAt: made(m.ID.UUID), ReplayedAt: r.replayed[m.ID],
	}
}
