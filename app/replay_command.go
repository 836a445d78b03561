package app

import (
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// ReplayCommand says what to read again: exactly one of Rejected, RejectedID, Since and Message.
type ReplayCommand struct {
	Tenant     domain.TenantID
	Rejected   bool              // every rejected message that was not replayed yet
	RejectedID domain.RejectedID // one rejected message
	Since      time.Time         // every message that was stored since then
	Message    domain.MessageID  // one stored message

	Apply   bool             // write what differs; without it nothing is changed
	Actor   domain.ActorType // who wants it, for the audit; required with Apply
	ActorID string           // who of them; "" for SYSTEM

	Progress func(ReplayProgress)   // called after each page; nil: nobody wants to know
	Differs  func(ReplayDifference) // called for each field that differs, message by message; nil likewise
}

// ReplayProgress is how far a replay has got.
type ReplayProgress struct {
	ReplayResult
	Total int // messages that there were to read when it began
}

// ReplayDifference is a field that today's code reads differently, and whose. It holds no buyer's text, name or address.
type ReplayDifference struct {
	Subject string // what it is a field of: message, rejected or ticket
	ID      string // which of them
	domain.Difference
}

// ReplayResult counts messages. Of stored ones each is Unchanged, Changed or Kept, of rejected ones Accepted, Duplicate
// or Rejected. Without Apply it counts what would be.
type ReplayResult struct {
	Read      int // raws that were read again
	Unchanged int // as today's code reads them
	Changed   int // rebuilt
	Kept      int // today's code reads them differently, and they stay as they are all the same: the differences say why
	Ticketed  int // of the changed: buyers' messages now that were none, put on tickets

	Accepted  int // rejected messages that are stored now
	Duplicate int // rejected messages that are stored already, by another delivery or an earlier replay
	Rejected  int // still rejected
}
