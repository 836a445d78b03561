package ports

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
)

// MailboxChecker finds out whether a mailbox can be read.
type MailboxChecker interface {
	// CheckMailbox logs in to m, opens its folder without changing anything, and leaves. domain.ErrRejected with a
	// message for the seller says what failed: the name, the network policy, the line, the password, the folder. It
	// never quotes the password. domain.ErrThrottled when a limit of our own says not now; nothing was found out then.
	// Context errors pass as they are.
	CheckMailbox(ctx context.Context, m domain.Mailbox) error
}
