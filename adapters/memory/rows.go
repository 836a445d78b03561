package memory

import (
	"maps"
	"slices"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// rows are one tenant's tables and the indexes that keep them unique. Values share no memory with the outside.
type rows struct {
	connections    map[domain.ConnectionID]domain.ConnectionState
	syncStates     map[domain.ConnectionID]domain.SyncStateData
	messages       map[domain.MessageID]domain.ExternalMessage
	tickets        map[domain.TicketID]domain.TicketState
	ticketMessages map[domain.TicketMessageID]domain.TicketMessage
	events         map[domain.EventID]domain.TicketEvent
	rejected       map[rejectedKey]domain.RejectedMessage

	byMessageKey map[messageKey]domain.MessageID
	byTicketKey  map[ticketKey]domain.TicketID
	mapped       map[domain.MessageID]domain.TicketMessageID // external messages that are on a ticket
	received     map[domain.TicketMessageID]domain.EventID   // their MESSAGE_RECEIVED
}

type (
	messageKey struct {
		connection domain.ConnectionID
		externalID string
	}
	ticketKey struct {
		connection domain.ConnectionID
		key        string
	}
	rejectedKey struct {
		connection domain.ConnectionID
		raw        string
		reason     domain.RejectReason
	}
)

func newRows() *rows {
	return &rows{
		connections:    map[domain.ConnectionID]domain.ConnectionState{},
		syncStates:     map[domain.ConnectionID]domain.SyncStateData{},
		messages:       map[domain.MessageID]domain.ExternalMessage{},
		tickets:        map[domain.TicketID]domain.TicketState{},
		ticketMessages: map[domain.TicketMessageID]domain.TicketMessage{},
		events:         map[domain.EventID]domain.TicketEvent{},
		rejected:       map[rejectedKey]domain.RejectedMessage{},
		byMessageKey:   map[messageKey]domain.MessageID{},
		byTicketKey:    map[ticketKey]domain.TicketID{},
		mapped:         map[domain.MessageID]domain.TicketMessageID{},
		received:       map[domain.TicketMessageID]domain.EventID{},
	}
}

// clone returns rows that can be changed without changing r.
func (r *rows) clone() *rows {
	return &rows{
		connections:    maps.Clone(r.connections),
		syncStates:     maps.Clone(r.syncStates),
		messages:       maps.Clone(r.messages),
		tickets:        maps.Clone(r.tickets),
		ticketMessages: maps.Clone(r.ticketMessages),
		events:         maps.Clone(r.events),
		rejected:       maps.Clone(r.rejected),
		byMessageKey:   maps.Clone(r.byMessageKey),
		byTicketKey:    maps.Clone(r.byTicketKey),
		mapped:         maps.Clone(r.mapped),
		received:       maps.Clone(r.received),
	}
}

// add is an insert into a table whose primary key is K.
func add[K comparable, V any](table map[K]V, key K, row V) error {
	if _, there := table[key]; there {
		return errThere
	}
	table[key] = row
	return nil
}

// stored is a time as a database keeps it: to the microsecond, in UTC.
func stored(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// The copies keep what callers hold apart from what is stored, on the way in and on the way out.

func copyTicket(s domain.TicketState) domain.TicketState {
	s.SafetyFlags = slices.Clone(s.SafetyFlags)
	s.LastMessageAt, s.CreatedAt, s.UpdatedAt = stored(s.LastMessageAt), stored(s.CreatedAt), stored(s.UpdatedAt)
	return s
}

func copyMessage(m domain.ExternalMessage) domain.ExternalMessage {
	m.Raw.Bytes = slices.Clone(m.Raw.Bytes)
	m.ReceivedAt = stored(m.ReceivedAt)
	return m
}

func copyTicketMessage(m domain.TicketMessage) domain.TicketMessage {
	m.SafetyFlags = slices.Clone(m.SafetyFlags)
	m.SentAt = stored(m.SentAt)
	return m
}

func copyEvent(e domain.TicketEvent) domain.TicketEvent {
	e.Payload = maps.Clone(e.Payload)
	e.At = stored(e.At)
	return e
}

func copyRejected(m domain.RejectedMessage) domain.RejectedMessage {
	m.Raw = slices.Clone(m.Raw)
	m.ReceivedAt = stored(m.ReceivedAt)
	return m
}
