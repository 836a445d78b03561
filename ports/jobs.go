package ports

import (
	"context"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// Jobs is the work that a transaction makes necessary: what is asked for through it exists only if the transaction
// commits. A connection has one poll job while it is polled and none otherwise, because every transaction that changes the
// one changes the other. The caller holds the connection's lock.
type Jobs interface {
	// SchedulePoll sees to it that the connection has its poll job, due now. One that waits is brought forward; one that
	// runs stays as it is. Running it again changes nothing.
	SchedulePoll(ctx context.Context, c domain.ConnectionID) error

	// CancelPoll takes the connection's poll job away. A poll under way is not interrupted: it finds out by the
	// connection's status, and its job does not come again. Without a job it does nothing.
	CancelPoll(ctx context.Context, c domain.ConnectionID) error

	// ScheduleContext sees to it that the connection has its context job, due at at or before, now if at is zero: what the
	// marketplace says of its accounts and orders is asked for then. One that waits for later is brought forward; one that runs stays as it is,
	// and whoever ends its turn finds what is due by then, under the connection's lock. Running it again changes nothing.
	ScheduleContext(ctx context.Context, c domain.ConnectionID, at time.Time) error

	// CancelContext takes the connection's context job away, also while it runs. Without a job it does nothing.
	CancelContext(ctx context.Context, c domain.ConnectionID) error
}
