package memory

import (
	"maps"
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
	replayed       map[domain.RejectedID]time.Time
	audit          map[domain.AuditID]domain.AuditEntry
	jobs           map[jobKey]job
	addresses      map[domain.InboundAddressID]domain.InboundAddressState
	rawKeys        map[domain.SourceKeyID]rawKey
	contents       map[contentKey]content
	authorizations map[domain.AuthorizationID]domain.AuthorizationState
	participations map[regionKey][]domain.Participation
	consents       map[domain.ConsentID]domain.ConsentState
	orders         map[orderKey]domain.OrderContext
	replies        map[domain.ReplyID]domain.ReplyState
	replyKeys      map[string]domain.ReplyID

	byMessageKey map[messageKey]domain.MessageID
	byTicketKey  map[ticketKey]domain.TicketID
	mapped       map[domain.MessageID]domain.TicketMessageID // external messages that are on a ticket
	received     map[domain.TicketMessageID]domain.EventID   // their MESSAGE_RECEIVED
	byOrigin     map[originKey]domain.EventID
}

type (
	messageKey struct {
		kind       domain.MarketplaceType
		externalID string
	}
	ticketKey struct {
		connection domain.ConnectionID
		key        string
	}
	rejectedKey struct {
		connection domain.ConnectionID
		raw        domain.Digest
		reason     domain.RejectReason
	}
	originKey struct {
		message domain.MessageID
		event   domain.EventType
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
		replayed:       map[domain.RejectedID]time.Time{},
		audit:          map[domain.AuditID]domain.AuditEntry{},
		jobs:           map[jobKey]job{},
		addresses:      map[domain.InboundAddressID]domain.InboundAddressState{},
		rawKeys:        map[domain.SourceKeyID]rawKey{},
		contents:       map[contentKey]content{},
		authorizations: map[domain.AuthorizationID]domain.AuthorizationState{},
		participations: map[regionKey][]domain.Participation{},
		consents:       map[domain.ConsentID]domain.ConsentState{},
		orders:         map[orderKey]domain.OrderContext{},
		replies:        map[domain.ReplyID]domain.ReplyState{},
		replyKeys:      map[string]domain.ReplyID{},
		byMessageKey:   map[messageKey]domain.MessageID{},
		byTicketKey:    map[ticketKey]domain.TicketID{},
		mapped:         map[domain.MessageID]domain.TicketMessageID{},
		received:       map[domain.TicketMessageID]domain.EventID{},
		byOrigin:       map[originKey]domain.EventID{},
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
		replayed:       maps.Clone(r.replayed),
		audit:          maps.Clone(r.audit),
		jobs:           maps.Clone(r.jobs),
		addresses:      maps.Clone(r.addresses),
		rawKeys:        maps.Clone(r.rawKeys),
		contents:       maps.Clone(r.contents),
		authorizations: maps.Clone(r.authorizations),
		participations: maps.Clone(r.participations),
		consents:       maps.Clone(r.consents),
		orders:         maps.Clone(r.orders),
		replies:        maps.Clone(r.replies),
		replyKeys:      maps.Clone(r.replyKeys),
		byMessageKey:   maps.Clone(r.byMessageKey),
		byTicketKey:    maps.Clone(r.byTicketKey),
		mapped:         maps.Clone(r.mapped),
		received:       maps.Clone(r.received),
		byOrigin:       maps.Clone(r.byOrigin),
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
