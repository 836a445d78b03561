package memory

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Store goes row by row. When one cannot be stored, what went before it is undone with the transaction, which is broken.
func (x intake) Store(ctx context.Context, in domain.PageWrite) error {
	if err := x.change(ctx); err != nil {
		return err
	}
	return x.fail(x.store(in))
}

func (x intake) store(in domain.PageWrite) error {
	for _, t := range in.Opened {
		if err := x.open(t.State()); err != nil {
			return err
		}
	}
	for _, t := range in.Changed {
		if err := x.save(t.State()); err != nil {
			return err
		}
	}
	for _, m := range in.Messages {
		if err := x.keep(m); err != nil {
			return err
		}
	}
	for _, m := range in.TicketMessages {
		if err := x.converse(m); err != nil {
			return err
		}
	}
	for _, e := range in.Events {
		if err := x.note(e); err != nil {
			return err
		}
	}
	for _, j := range in.Joined {
		if err := x.join(j); err != nil {
			return err
		}
	}
	for _, d := range in.Deliveries {
		if err := x.deliver(d); err != nil {
			return err
		}
	}
	for _, m := range in.Rejected {
		if err := x.reject(m); err != nil {
			return err
		}
	}
	if in.Sync != nil {
		return x.advance(in.Sync.State())
	}
	return nil
}

func (x intake) open(s domain.TicketState) error {
	manual := s.Channel == domain.ChannelManual
	if s.Tenant != x.tenant || !x.connected(s.Connection) && (!manual || s.Connection != domain.ConnectionID{}) {
		return errNone
	}
	if s.ExternalID == "" && !manual {
		return domain.Errorf(domain.ErrInvalid, "a ticket of a marketplace needs a key")
	}
	if !manual {
		if err := add(x.rows.byTicketKey, ticketKey{s.Connection, s.ExternalID}, s.ID); err != nil {
			return err
		}
	}
	return add(x.rows.tickets, s.ID, copyTicket(s))
}

func (x intake) save(s domain.TicketState) error {
	if _, there := x.rows.tickets[s.ID]; !there {
		return errNone
	}
	if err := x.holds(ticketLock(s.ID)); err != nil {
		return err
	}
	x.rows.tickets[s.ID] = copyTicket(s)
	return nil
}

func (x intake) keep(m domain.ExternalMessage) error {
	if m.Tenant != x.tenant || !x.connected(m.Connection) || m.Ticket != (domain.TicketID{}) && !x.opened(m.Ticket) {
		return errNone
	}
	if err := x.holds(syncStateLock(m.Connection)); err != nil {
		return err
	}
	if err := add(x.rows.byMessageKey, messageKey{m.Type, m.ExternalID}, m.ID); err != nil {
		return err
	}
	m = copyMessage(m)
	m.Files = withIDs(m.Files)
	var err error
	if m.Source, err = x.rows.put(m.Source); err != nil {
		return err
	}
	return add(x.rows.messages, m.ID, m)
}

// withIDs gives an id to those of the files that have none.
func withIDs(files []domain.File) []domain.File {
	for i := range files {
		if files[i].ID == (domain.FileID{}) {
			files[i].ID = domain.NewID[domain.FileID]()
		}
	}
	return files
}

func (x intake) converse(m domain.TicketMessage) error {
	if m.Tenant != x.tenant || !x.opened(m.Ticket) {
		return errNone
	}
	if m.ExternalMessage != (domain.MessageID{}) {
		if _, there := x.rows.messages[m.ExternalMessage]; !there {
			return errNone
		}
		if err := add(x.rows.mapped, m.ExternalMessage, m.ID); err != nil {
			return err
		}
	}
	m.Files = nil // they are stored with the ExternalMessage
	return add(x.rows.ticketMessages, m.ID, copyTicketMessage(m))
}

func (x intake) note(e domain.TicketEvent) error {
	if e.Tenant != x.tenant || !x.opened(e.Ticket) {
		return errNone
	}
	if e.Message != (domain.TicketMessageID{}) {
		if _, there := x.rows.ticketMessages[e.Message]; !there {
			return errNone
		}
		if e.Type == domain.EventMessageReceived {
			if err := add(x.rows.received, e.Message, e.ID); err != nil {
				return err
			}
		}
	}
	if e.Origin != (domain.MessageID{}) {
		if _, there := x.rows.messages[e.Origin]; !there {
			return errNone
		}
		if err := add(x.rows.byOrigin, originKey{e.Origin, e.Type}, e.ID); err != nil {
			return err
		}
	}
	return add(x.rows.events, e.ID, copyEvent(e))
}

func (x intake) join(j domain.Joined) error {
	m, there := x.rows.messages[j.Message]
	if !there || !x.opened(j.Ticket) {
		return errNone
	}
	if !x.locked[waitingLock(j.Message)] && !x.locked[quarantineLock(j.Message)] {
		return errUnlocked
	}
	m.Ticket, m.Quarantine = j.Ticket, ""
	x.rows.messages[j.Message] = m
	return nil
}

func (x intake) deliver(d domain.DeliveryChange) error {
	m, there := x.rows.ticketMessages[d.Message]
	if !there {
		return errNone
	}
	if err := x.holds(ticketLock(m.Ticket)); err != nil {
		return err
	}
	m.Delivery = d.Delivery
	x.rows.ticketMessages[d.Message] = m
	for id, r := range x.rows.replies {
		if r.Message == d.Message && r.Delivery != d.Delivery {
			r.Delivery, r.Cause, r.ChangedAt = d.Delivery, d.Delivery.Cause(), ports.SystemClock{}.Now()
			x.rows.replies[id] = r
		}
	}
	return nil
}

func (x intake) reject(m domain.RejectedMessage) error {
	if m.Tenant != x.tenant || !x.connected(m.Connection) {
		return errNone
	}
	if err := x.holds(syncStateLock(m.Connection)); err != nil {
		return err
	}
	key := rejectedKey{m.Connection, m.Source.Digest, m.Reason}
	if _, there := x.rows.rejected[key]; there {
		return nil
	}
	m = copyRejected(m)
	var err error
	if m.Source, err = x.rows.put(m.Source); err != nil {
		return err
	}
	x.rows.rejected[key] = m
	return nil
}

func (x intake) connected(id domain.ConnectionID) bool {
	_, there := x.rows.connections[id]
	return there
}

func (x intake) opened(id domain.TicketID) bool {
	_, there := x.rows.tickets[id]
	return there
}
