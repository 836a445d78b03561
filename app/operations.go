package app

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// errNoOperations is the answer where an installation cannot show what operators look at.
var errNoOperations = domain.Errorf(domain.ErrForbidden, "not available on this installation")

// ListJobs shows operators the poll jobs of all tenants, page by page.
type ListJobs struct{ queue ports.Queue }

// Run returns jobs by falling id, and the id to go on behind: 0 when there are no more. domain.ErrInvalid if the limit is
// not 1 to MaxList; domain.ErrForbidden where there is no queue. It changes nothing.
func (u *ListJobs) Run(ctx context.Context, q ports.JobQuery) ([]ports.Job, int64, error) {
	if u.queue == nil {
		return nil, 0, errNoOperations
	}
	return pageOf(q.Limit, func(limit int) ([]ports.Job, error) {
		q.Limit = limit
		return u.queue.Jobs(ctx, q)
	}, func(j ports.Job) int64 { return j.ID })
}

// ListConnections shows operators the connections of all tenants, page by page.
type ListConnections struct{ operations ports.Operations }

// Run returns connections by falling id, and the id to go on behind: the zero one when there are no more. Errors as
// [ListJobs.Run] has. It changes nothing.
func (u *ListConnections) Run(ctx context.Context, q ports.ConnectionQuery) ([]domain.ConnectionState, domain.ConnectionID, error) {
	if u.operations == nil {
		return nil, domain.ConnectionID{}, errNoOperations
	}
	return pageOf(q.Limit, func(limit int) ([]domain.ConnectionState, error) {
		q.Limit = limit
		return u.operations.Connections(ctx, q)
	}, func(c domain.ConnectionState) domain.ConnectionID { return c.ID })
}

// ListRejected shows operators the rejected messages of all tenants, without what buyers wrote, page by page.
type ListRejected struct{ operations ports.Operations }

// Run returns rejected messages by falling id, and the id to go on behind: the zero one when there are no more. Errors as
// [ListJobs.Run] has. It changes nothing.
func (u *ListRejected) Run(ctx context.Context, q ports.RejectedQuery) ([]ports.RejectedRef, domain.RejectedID, error) {
	if u.operations == nil {
		return nil, domain.RejectedID{}, errNoOperations
	}
	return pageOf(q.Limit, func(limit int) ([]ports.RejectedRef, error) {
		q.Limit = limit
		return u.operations.Rejected(ctx, q)
	}, func(r ports.RejectedRef) domain.RejectedID { return r.ID })
}
