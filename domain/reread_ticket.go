package domain

import (
	"slices"
	"strings"
	"time"

	"github.com/keybuzzio/marketplaces/domain/safety"
)

// Reread makes a ticket fit messages of it that were read again. flags are those of all its messages and events, in the order
// in which they came. It returns what differs; run again with the same it finds nothing.
//
// The safety flags are the union over the messages again, and the reason to block follows from them. The order, the
// buyer's name and his address follow the message that they were taken from. What people decided stands: the status is not
// touched, and the priority rises only if the flags now demand more than they did, never falls.
func (t *Ticket) Reread(messages []*Reread, flags [][]safety.Flag, now time.Time) []Difference {
	var r Reread
	s := &t.s
	for _, m := range messages {
		was, is := m.Was.Message, m.Is.Message
		r.follow("order_id", &s.OrderID, was.OrderID, is.OrderID, orNone)
		if m.Is.OnTicket.SenderType != SenderCustomer {
			continue
		}
		r.follow("customer_name", &s.CustomerName, was.BuyerName, is.BuyerName, length)
		r.follow("customer_email", &s.CustomerEmail, was.BuyerEmail, is.BuyerEmail, length)
	}
	var union []safety.Flag
	for _, f := range flags {
		union = safety.Merge(union, f)
	}
	if !sameFlags(s.SafetyFlags, union) {
		demanded := SafetyPriority(s.SafetyFlags)
		r.replace("safety_flags", categoryNames(s.SafetyFlags), categoryNames(union))
		s.SafetyFlags = union
		if p := SafetyPriority(union); p.rank() > demanded.rank() && p.rank() > s.Priority.rank() {
			r.differ("priority", string(s.Priority), string(p), "")
			s.Priority = p
		}
	}
	r.text("auto_send_blocked_reason", &s.AutoSendBlockedReason, BlockedReason(s.SafetyFlags), orNone)
	if len(r.Differences) > 0 {
		s.UpdatedAt = now.UTC()
	}
	return r.Differences
}

// sameFlags reports whether two unions are alike. What waited for its ticket was merged later than it came.
func sameFlags(a, b []safety.Flag) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(f safety.Flag) bool { return !slices.Contains(b, f) })
}

// follow replaces what a ticket has from a message. As with a new message, nothing never replaces something.
func (r *Reread) follow(field string, has *string, was, is string, show func(string) string) {
	if *has == was && is != "" {
		r.text(field, has, is, show)
	}
}

// categoryNames shows the flags of a whole ticket.
func categoryNames(flags []safety.Flag) string {
	var names []string
	for _, f := range flags {
		if name := string(f.Category) + " " + f.Term; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
