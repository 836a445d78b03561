package memory

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/keybuzzio/marketplaces/domain"
)

// ExternalMessages returns the messages that are stored for a connection, by the buyers' time and id. No port shows
// them; a test may want to see them.
func (s *Store) ExternalMessages(tenant domain.TenantID, c domain.ConnectionID) []domain.ExternalMessage {
	var found []domain.ExternalMessage
	for _, m := range s.committed(tenant).messages {
		if m.Connection == c {
			found = append(found, copyMessage(m))
		}
	}
	slices.SortFunc(found, func(a, b domain.ExternalMessage) int {
		return cmp.Or(a.ReceivedAt.Compare(b.ReceivedAt), bytes.Compare(a.ID.UUID[:], b.ID.UUID[:]))
	})
	return found
}

// RejectedMessages returns the messages of a connection that could not be mapped, by id. No port shows them; a test may
// want to see them.
func (s *Store) RejectedMessages(tenant domain.TenantID, c domain.ConnectionID) []domain.RejectedMessage {
	var found []domain.RejectedMessage
	for _, m := range s.committed(tenant).rejected {
		if m.Connection == c {
			found = append(found, copyRejected(m))
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
