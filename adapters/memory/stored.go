package memory

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/keybuzzio/marketplaces/domain"
)

// ExternalMessages returns the messages that are stored for a connection, by the buyers' time and id, with their raws as they
// are kept: what a test may want to see.
func (s *Store) ExternalMessages(tenant domain.TenantID, c domain.ConnectionID) []domain.ExternalMessage {
	var found []domain.ExternalMessage
	r := s.committed(tenant)
	for id, m := range r.messages {
		if m.Connection == c {
			found = append(found, r.message(id))
		}
	}
	slices.SortFunc(found, func(a, b domain.ExternalMessage) int {
		return cmp.Or(a.ReceivedAt.Compare(b.ReceivedAt), bytes.Compare(a.ID.UUID[:], b.ID.UUID[:]))
	})
	return found
}

// RejectedMessages returns the messages of a connection that could not be mapped, by id, replayed or not: what a test may
// want to see.
func (s *Store) RejectedMessages(tenant domain.TenantID, c domain.ConnectionID) []domain.RejectedMessage {
	var found []domain.RejectedMessage
	r := s.committed(tenant)
	for _, m := range r.rejected {
		if m.Connection == c {
			found = append(found, r.reject(m))
		}
	}
	slices.SortFunc(found, func(a, b domain.RejectedMessage) int { return bytes.Compare(a.ID.UUID[:], b.ID.UUID[:]) })
	return found
}

func (s *Store) committed(id domain.TenantID) *rows {
	t, err := s.tenant(id)
	if err != nil {
		return newRows() // nobody has nothing
	}
	return t.committed.Load()
}
