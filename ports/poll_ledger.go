package ports

import (
	"context"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// PollLedger is the bookkeeping of polls that find nothing, which is most of them: where each begins, and that it ended well.
// It serves many callers at once, of any tenants, in one round trip where it can. A poll that stores something uses the
// Repository.
type PollLedger interface {
	// BeginPoll returns a connection and how far it has been read. domain.ErrNotFound if the tenant has no such connection.
	BeginPoll(ctx context.Context, tenant domain.TenantID, id domain.ConnectionID) (PollState, error)

	// EndPoll notes that the poll which began with began found nothing and read the source to its end at now, as
	// domain.Connection.RecordSync and domain.SyncState.RecordSuccess do: if nothing has changed since BeginPoll returned
	// began, and nobody has the connection or its state locked. Otherwise it changes nothing and saved is false: the caller
	// goes by the Repository, which waits.
	EndPoll(ctx context.Context, began PollState, now time.Time) (saved bool, err error)
}

// PollState is a connection and how far it has been read.
type PollState struct {
	Connection domain.ConnectionState
	Sync       domain.SyncStateData
}
