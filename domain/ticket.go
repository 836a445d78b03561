package domain

import (
	"time"

	"github.com/keybuzzio/marketplaces/domain/safety"
)

// TicketStatus is the state of a Ticket.
type TicketStatus string

// The states of a Ticket.
const (
	TicketOpen            TicketStatus = "OPEN"
	TicketPending         TicketStatus = "PENDING"
	TicketWaitingCustomer TicketStatus = "WAITING_CUSTOMER"
	TicketResolved        TicketStatus = "RESOLVED"
	TicketEscalated       TicketStatus = "ESCALATED"
	TicketClosed          TicketStatus = "CLOSED"
)

// ParseTicketStatus reads a status in upper case. Anything else is ErrInvalid.
func ParseTicketStatus(s string) (TicketStatus, error) {
	switch t := TicketStatus(s); t {
	case TicketOpen, TicketPending, TicketWaitingCustomer, TicketResolved, TicketEscalated, TicketClosed:
		return t, nil
	}
	return "", Errorf(ErrInvalid, "unknown ticket status: use OPEN, PENDING, WAITING_CUSTOMER, RESOLVED, ESCALATED or CLOSED")
}

// Priority says how urgent a ticket is.
type Priority string

// The priorities, in rising order.
const (
	PriorityLow    Priority = "LOW"
	PriorityNormal Priority = "NORMAL"
	PriorityHigh   Priority = "HIGH"
	PriorityUrgent Priority = "URGENT"
)

// rank orders priorities; an unknown one ranks lowest.
func (p Priority) rank() int {
	switch p {
	case PriorityLow:
		return 1
	case PriorityNormal:
		return 2
	case PriorityHigh:
		return 3
	case PriorityUrgent:
		return 4
	}
	return 0
}

// TicketState is the data of a Ticket.
type TicketState struct {
	ID                    TicketID
	Tenant                TenantID
	Connection            ConnectionID
	Channel               Channel
	ExternalID            string // key of the conversation: thread, else order if it is no other ticket's, else the first message's id
	OrderID               string
	Subject               string
	Status                TicketStatus
	Priority              Priority
	CustomerName          string
	CustomerEmail         string
	SafetyFlags           []safety.Flag // union over its messages
	AutoSendBlockedReason string        // "" when nothing blocks
	LastMessageAt         time.Time     // of the newest message, and never in the future
	CreatedAt             time.Time
	UpdatedAt             time.Time
}

// Ticket is a conversation with one buyer.
type Ticket struct{ s TicketState }

// RestoreTicket loads a ticket. A ticket that holds no message yet was last active when it was created. ErrInvalid if s
// breaks a rule of tickets: only a MANUAL one is without a connection and a key.
func RestoreTicket(s TicketState) (*Ticket, error) {
	if s.ID == (TicketID{}) || s.Tenant.IsZero() || s.Channel == "" {
		return nil, Errorf(ErrInvalid, "a ticket needs an id, a tenant and a channel")
	}
	if _, err := ParseTicketStatus(string(s.Status)); err != nil {
		return nil, err
	}
	if s.Priority.rank() == 0 {
		return nil, Errorf(ErrInvalid, "unknown ticket priority %q", s.Priority)
	}
	if s.Channel != ChannelManual && (s.Connection == (ConnectionID{}) || s.ExternalID == "") {
		return nil, Errorf(ErrInvalid, "a marketplace's ticket needs a connection and a key")
	}
	if s.LastMessageAt.IsZero() {
		s.LastMessageAt = s.CreatedAt
	}
	return &Ticket{s}, nil
}

// State returns the data of the ticket.
func (t *Ticket) State() TicketState { return t.s }

// openTicket returns the ticket that m begins: keyed by its thread, else its order, else its own id. It is OPEN, and CLOSED if m
// is history.
func openTicket(c ConnectionState, m InboundMessage, now time.Time) *Ticket {
	status := TicketOpen
	if c.predates(m.ReceivedAt) {
		status = TicketClosed
	}
	return &Ticket{TicketState{
		ID: NewID[TicketID](), Tenant: c.Tenant, Connection: c.ID, Channel: c.Type.Channel(),
		ExternalID: firstOf(m.ThreadID, m.OrderID, m.ExternalID), OrderID: m.OrderID, Subject: m.Subject,
		Status: status, Priority: PriorityNormal, CustomerName: m.BuyerName, CustomerEmail: m.BuyerEmail,
		CreatedAt: now.UTC(), UpdatedAt: now.UTC(),
	}}
}

// receive takes in a buyer's message and reports the status that it ended, "" when the status stayed: the buyer's word always
// brings the ticket back to the seller.
func (t *Ticket) receive(m InboundMessage, flags []safety.Flag, now time.Time) (ended TicketStatus) {
	t.applyMessage(m, flags, now)
	return t.reopen()
}

// hear is receive for what nobody has to act on any more. What is known of buyer and order is completed, never overwritten,
// and safety flags only add up.
func (t *Ticket) applyMessage(m InboundMessage, flags []safety.Flag, now time.Time) {
	s := &t.s
	s.OrderID = firstOf(s.OrderID, m.OrderID)
	s.Subject = firstOf(s.Subject, m.Subject)
	s.CustomerName = firstOf(s.CustomerName, m.BuyerName)
	s.CustomerEmail = firstOf(s.CustomerEmail, m.BuyerEmail)
	t.active(m.ReceivedAt, now)
	t.flag(flags)
	s.UpdatedAt = now.UTC()
}

// reopen brings a RESOLVED, CLOSED or WAITING_CUSTOMER ticket back to the seller and returns the status that it had, "" when it
// stays as it is.
func (t *Ticket) reopen() (was TicketStatus) {
	switch t.s.Status {
	case TicketResolved, TicketClosed, TicketWaitingCustomer:
		was, t.s.Status = t.s.Status, TicketOpen
	}
	return was
}

// answer takes in what the seller sent elsewhere at a time and returns the status that it ended, "" when the status stayed:
// an OPEN ticket waits for the customer if no message on it is newer. An URGENT one does not: what makes it urgent, such as a
// claim, a message to the buyer seldom settles, and a machine may have sent it.
func (t *Ticket) answer(at, now time.Time) (was TicketStatus) {
	if t.s.Status == TicketOpen && t.s.Priority != PriorityUrgent && at.After(t.s.LastMessageAt) {
		was, t.s.Status = t.s.Status, TicketWaitingCustomer
	}
	t.active(at, now)
	return was
}

// unanswer takes notice that an answer did not arrive and returns the status that it ended, "" when the status stayed: a ticket
// that waits for the customer, or for anything, is the seller's again.
func (t *Ticket) unanswer() (was TicketStatus) {
	switch t.s.Status {
	case TicketPending, TicketWaitingCustomer:
		was, t.s.Status = t.s.Status, TicketOpen
	}
	return was
}

// active notes the time of a message. A clock that runs ahead must not keep the ticket on top of every list.
func (t *Ticket) active(at, now time.Time) {
	if at = earlier(at, now); at.After(t.s.LastMessageAt) {
		t.s.LastMessageAt = at.UTC()
	}
}

// flag adds safety flags and what follows from them.
func (t *Ticket) flag(flags []safety.Flag) {
	if len(flags) > 0 {
		t.s.SafetyFlags = safety.Merge(t.s.SafetyFlags, flags)
		t.s.AutoSendBlockedReason = BlockedReason(t.s.SafetyFlags)
		t.raise(SafetyPriority(flags))
	}
}

// raise makes the priority at least p.
func (t *Ticket) raise(p Priority) {
	if p.rank() > t.s.Priority.rank() {
		t.s.Priority = p
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
