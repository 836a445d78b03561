package ports

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
)

// MailboxWatcher tells when something comes, so that it is polled at once and not with its turn.
type MailboxWatcher interface {
	// Watch stays with the source of connection c until ctx ends or an error does, and calls arrived each time something may
	// have come, from one goroutine. It changes nothing in the source. domain.ErrRejected when the source cannot tell or
	// refuses us, domain.ErrUnavailable when the line broke, domain.ErrThrottled when a limit of ours says not now. Something
	// that comes while nobody watches is not told: a poll finds it.
	Watch(ctx context.Context, c domain.ConnectionState, arrived func()) error
}

// Leases are names that one holder has at a time, across all processes. A process that dies loses its leases within the time
// that the database takes to notice.
type Leases interface {
	// Take takes the lease of a name. ok is false when somebody has it. ctx of the holder ends when the lease is lost. Release
	// gives it back; releasing twice is harmless.
	Take(ctx context.Context, name string) (held context.Context, release func(), ok bool, err error)
}
