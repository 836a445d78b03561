package memory

import (
	"maps"
	"slices"

	"github.com/keybuzzio/marketplaces/domain"
)

// The copies keep what callers hold apart from what is stored, on the way in and on the way out.

func copyTicket(s domain.TicketState) domain.TicketState {
	s.SafetyFlags = slices.Clone(s.SafetyFlags)
	s.LastMessageAt, s.CreatedAt, s.UpdatedAt = stored(s.LastMessageAt), stored(s.CreatedAt), stored(s.UpdatedAt)
	return s
}

func copyMessage(m domain.ExternalMessage) domain.ExternalMessage {
	m.Facts, m.Flags, m.SafetyFlags = maps.Clone(m.Facts), slices.Clone(m.Flags), slices.Clone(m.SafetyFlags)
	m.Files = copyFiles(m.Files)
	m.Source.Bytes = slices.Clone(m.Source.Bytes)
	m.ReceivedAt = stored(m.ReceivedAt)
	return m
}

func copyFiles(files []domain.File) []domain.File {
	files = slices.Clone(files)
	for i := range files {
		files[i].Flags = slices.Clone(files[i].Flags)
	}
	return files
}

func copyTicketMessage(m domain.TicketMessage) domain.TicketMessage {
	m.SafetyFlags, m.Files = slices.Clone(m.SafetyFlags), copyFiles(m.Files)
	m.SentAt = stored(m.SentAt)
	return m
}

func copyEvent(e domain.TicketEvent) domain.TicketEvent {
	e.Payload = maps.Clone(e.Payload)
	e.At = stored(e.At)
	return e
}

func copyRejected(m domain.RejectedMessage) domain.RejectedMessage {
	m.Source.Bytes = slices.Clone(m.Source.Bytes)
	m.ReceivedAt = stored(m.ReceivedAt)
	return m
}

func copyAddress(s domain.InboundAddressState) domain.InboundAddressState {
	s.CodeHash = slices.Clone(s.CodeHash)
	s.ValidatedAt, s.RetiredAt, s.CodeExpires = stored(s.ValidatedAt), stored(s.RetiredAt), stored(s.CodeExpires)
	s.LastMailAt, s.CreatedAt = stored(s.LastMailAt), stored(s.CreatedAt)
	return s
}

func copyAuthorization(s domain.AuthorizationState) domain.AuthorizationState {
	s.GrantedAt, s.ExpiresAt, s.LookedAt = stored(s.GrantedAt), stored(s.ExpiresAt), stored(s.LookedAt)
	s.CreatedAt, s.UpdatedAt = stored(s.CreatedAt), stored(s.UpdatedAt)
	return s
}

func copyConsent(s domain.ConsentState) domain.ConsentState {
	s.StateHash, s.BrowserHash = slices.Clone(s.StateHash), slices.Clone(s.BrowserHash)
	s.ExpiresAt, s.ConsumedAt, s.CreatedAt = stored(s.ExpiresAt), stored(s.ConsumedAt), stored(s.CreatedAt)
	return s
}

func copyOrder(o domain.OrderContext) domain.OrderContext {
	o.FetchedAt, o.DueAt = stored(o.FetchedAt), stored(o.DueAt)
	if o.Order != nil {
		order := *o.Order
		order.Programs, order.Items, order.Packages = slices.Clone(order.Programs), slices.Clone(order.Items), slices.Clone(order.Packages)
		o.Order = &order
	}
	return o
}
