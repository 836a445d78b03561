package app

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// ReplayRejected tries a rejected message again, whosever it is.
type ReplayRejected struct {
	operations ports.Operations
	replay     *Replay
}

// ReplayRejectedCommand says who tries what again.
type ReplayRejectedCommand struct {
	Rejected domain.RejectedID
	By       string // the operator's subject, for the record
}

// Run is [Replay.Run] for the one message, with Apply: it is stored if today's code accepts it, and stays rejected if not;
// the differences say which. Running it again is harmless and recorded again. domain.ErrNotFound if nobody has this
// message; domain.ErrForbidden where operators see nothing or its marketplace is not read.
func (u *ReplayRejected) Run(ctx context.Context, cmd ReplayRejectedCommand) (result ReplayResult, differences []domain.Difference, err error) {
	if u.operations == nil {
		return result, nil, errNoOperations
	}
	ref, err := u.operations.FindRejected(ctx, cmd.Rejected)
	if err != nil {
		return result, nil, err
	}
	result, err = u.replay.Run(ctx, ReplayCommand{
		Tenant: ref.Tenant, RejectedID: ref.ID, Apply: true, Actor: domain.ActorAgent, ActorID: cmd.By,
		Differs: func(d ReplayDifference) { differences = append(differences, d.Difference) },
	})
	return result, differences, err
}
