package ports

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
)

// SubmissionChecker finds out whether an SMTP account takes our log-in.
type SubmissionChecker interface {
	// CheckSubmission connects, logs in and leaves. It sends nothing.
	//
	//   - domain.ErrRejected with a message for the seller: the name, the network policy, the connection, TLS or the password.
	//     It never quotes the password.
	//   - domain.ErrThrottled: a limit of our own says not now; nothing was found out.
	//   - Context errors pass as they are.
	//
	// Safe for concurrent use.
	CheckSubmission(ctx context.Context, s domain.Submission) error
}
