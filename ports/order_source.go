package ports

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
)

// OrderSource asks a marketplace about orders.
type OrderSource interface {
	// Order returns an order of the authorization's account. domain.ErrNotFound when the account has none with this id, or it
	// is too old to be told; otherwise errors are those of Authorizer. It repeats what may be repeated a few times, within
	// ctx and the bucket. Safe for concurrent use.
	Order(ctx context.Context, a domain.AuthorizationState, id string) (domain.Order, error)
}
