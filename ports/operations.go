package ports

import (
	"context"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// Operations is what operators see across all tenants. It reads only, and it shows no buyer's text: to change something
// for a tenant, find out whose it is here and use the Repository.
type Operations interface {
	// Connections returns connections, by falling id.
	Connections(ctx context.Context, q ConnectionQuery) ([]domain.ConnectionState, error)

	// FindConnection says whose a connection is. domain.ErrNotFound if there is none with this id.
	FindConnection(ctx context.Context, id domain.ConnectionID) (ConnectionRef, error)

	// Rejected returns rejected messages without their raw, by falling id.
	Rejected(ctx context.Context, q RejectedQuery) ([]RejectedRef, error)

	// FindRejected says whose a rejected message is. domain.ErrNotFound if there is none with this id.
	FindRejected(ctx context.Context, id domain.RejectedID) (RejectedRef, error)

	// FleetStats counts what monitoring watches, all at one moment.
	FleetStats(ctx context.Context) (FleetStats, error)
}

// ConnectionQuery selects connections.
type ConnectionQuery struct {
	Status domain.ConnectionStatus // "" for any
	After  domain.ConnectionID     // those with a smaller id only; zero for the first page
	Limit  int                     // at most so many; at least 1
}

// RejectedQuery selects rejected messages.
type RejectedQuery struct {
	Replayed bool              // those that were replayed too
	After    domain.RejectedID // those with a smaller id only; zero for the first page
	Limit    int               // at most so many; at least 1
}

// RejectedRef is a rejected message as operators see it: without its content.
type RejectedRef struct {
	ID         domain.RejectedID
	Tenant     domain.TenantID
	Connection domain.ConnectionID
	Type       domain.MarketplaceType
	Reason     domain.RejectReason
	Detail     string
	Bytes      int // of its raw
	RejectedAt time.Time
	ReplayedAt time.Time // zero when it was not
}

// FleetStats is the state of all tenants' connections together.
type FleetStats struct {
	Connections map[ConnectionClass]int
	// Since the last good poll of a connection that is polled, or since it was made if it had none: the longest, and the
	// longest but for one in a hundred. 0 when none is polled.
	WorstPollLag, P99PollLag time.Duration
	LastMessage              time.Time // when a message was last stored for any of them; zero when none ever was
	Rejected                 int       // rejected messages that were not replayed
	// GRANTED authorizations that end within so many days: those of domain.WarnDays, and 0 for those that are over and were not
	// given again. Each counts those of the fewer days too.
	Expiring  map[int]int
	Withdrawn int // authorizations that are WITHDRAWN
}

// ConnectionClass is what connections are counted by.
type ConnectionClass struct {
	Type   domain.MarketplaceType
	Status domain.ConnectionStatus
}
