package ports

import (
	"context"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// DeadLetters is the messages that could not be mapped, to be tried again.
type DeadLetters interface {
	// Count returns how many were not replayed yet.
	Count(ctx context.Context) (int, error)

	// Get returns a rejected message, replayed or not. domain.ErrNotFound if the tenant has none with this id.
	Get(ctx context.Context, id domain.RejectedID) (domain.RejectedMessage, error)

	// Pending returns messages behind after that were not replayed yet, by rising id: at most limit, and none behind the one
	// with which their raws reach size bytes. An empty page is the end. limit and size are at least 1.
	Pending(ctx context.Context, after domain.RejectedID, limit, size int) ([]domain.RejectedMessage, error)

	// MarkReplayed notes that a message was replayed at now. One that was already keeps its first time. domain.ErrNotFound if
	// the tenant has none with this id.
	MarkReplayed(ctx context.Context, id domain.RejectedID, now time.Time) error
}
