package ports

import (
	"context"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// JobKind says what a job does for its connection. Kinds are stored data and never change.
type JobKind string

// The kinds of jobs. A connection has at most one job of each.
const (
	JobPoll    JobKind = "poll"    // reads its messages
	JobOrders  JobKind = "context" // asks its marketplace about accounts and orders
	JobReplies JobKind = "replies" // sends the answers that are due
)

// Jobs schedules the work that a transaction makes necessary: a job exists only if the transaction commits.
//
//   - A connection has a poll job while it is polled and none otherwise: every transaction that changes the one changes the
//     other.
//   - Locks: for JobPoll and JobOrders the caller holds the connection's lock. JobReplies needs none, so that people do not
//     wait for imports.
type Jobs interface {
	// Schedule makes sure that the connection has its job of this kind, due at at or before; the zero time is now.
	//
	//   - A waiting job that is due later is brought forward.
	//   - A running job stays as it is. Whoever ends it calls Cancel first, then looks for what is due: so nothing that is
	//     scheduled meanwhile is missed.
	//   - Idempotent.
	Schedule(ctx context.Context, kind JobKind, c domain.ConnectionID, at time.Time) error

	// Cancel removes the connection's job of this kind, also while it runs: it is not interrupted, and does not come again.
	// Without a job it does nothing.
	Cancel(ctx context.Context, kind JobKind, c domain.ConnectionID) error
}
