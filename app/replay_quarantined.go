package app

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// ReplayQuarantined reads something in quarantine again with today's code.
type ReplayQuarantined struct {
	repo   ports.Repository
	replay *Replay
}

// ReplayQuarantinedCommand says who has what read again.
type ReplayQuarantinedCommand struct {
	Tenant domain.TenantID
	ID     domain.QuarantineID
	By     string // the token's subject, for the record
}

// Run is [Replay.Run] for the one message, with Apply: a message that today's code understands leaves quarantine and goes
// where it belongs, any other stays; the differences say which. Running it again once it has left is domain.ErrNotFound,
// else it is harmless and recorded again. domain.ErrForbidden if its marketplace is not read by this installation.
func (u *ReplayQuarantined) Run(ctx context.Context, cmd ReplayQuarantinedCommand) (result ReplayResult, differences []domain.Difference, err error) {
	replay := ReplayCommand{
		Tenant: cmd.Tenant, Apply: true, Actor: domain.ActorAgent, ActorID: cmd.By,
		Differs: func(d ReplayDifference) { differences = append(differences, d.Difference) },
	}
	err = u.repo.View(ctx, cmd.Tenant, func(ctx context.Context, tx ports.Tx) error {
		q, err := tx.Quarantine.Get(ctx, cmd.ID)
		if q.Rejected {
			replay.RejectedID = domain.RejectedID(cmd.ID)
		} else {
			replay.Message = domain.MessageID(cmd.ID)
		}
		return err
	})
	if err != nil {
		return result, nil, err
	}
	result, err = u.replay.Run(ctx, replay)
	return result, differences, err
}
