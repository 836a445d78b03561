package app

import (
	"context"
	"errors"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// PollJob is one turn of a connection's poll job: a poll, and the answer when the next one is due.
type PollJob struct {
	poll  *Poll
	repo  ports.Repository
	clock ports.Clock
	pace  domain.Pace
}

// JobRun is what a turn of a poll job did and what becomes of the job.
type JobRun struct {
	PollResult
	Outcome ports.PollOutcome
	Over    bool          // the job ends: the connection is not polled any more
	Again   time.Duration // when not over: the pause until the next turn; 0 is at once, behind all that is due by then
}

// supersededPause lets the poll that was ahead get on.
const supersededPause = time.Second

// Run polls once, as [Poll.Run] does with cmd. Whatever a seller, a mail server or a limit did is part of the turn and no
// error. An error is a bug, or ctx has ended: the job is then tried again as the queue sees fit, see [PollJob.GiveUp].
func (u *PollJob) Run(ctx context.Context, cmd PollCommand) (JobRun, error) {
	end := u.poll.run(ctx, cmd)
	turn := JobRun{PollResult: end.PollResult, Outcome: end.outcome}
	var detail *domain.Error
	var retryAfter time.Duration
	if errors.As(end.err, &detail) {
		retryAfter = detail.RetryAfter
	}
	switch end.outcome {
	case ports.PollOK:
		turn.Again = u.pace.AfterSuccess(u.clock.Now().Sub(lastSign(end)))
		// Whatever was meanwhile: a connection that is not polled has no job.
		turn.Over = !end.Connection.Polled()
	case ports.PollMore:
		turn.Again = 0
	case ports.PollSuperseded:
		turn.Again = supersededPause
	case ports.PollThrottled:
		turn.Again = u.pace.AfterThrottling(retryAfter)
	case ports.PollUnavailable:
		turn.Again = u.pace.AfterFailure(end.Sync.Failures, retryAfter)
	case ports.PollRefused:
		turn.Over, turn.Again = u.afterRefusal(end)
	default:
		return turn, end.err
	}
	return turn, nil
}

// afterRefusal says whether the job ends with a refusal, and if not, when the next turn is due.
func (u *PollJob) afterRefusal(end pollEnd) (over bool, again time.Duration) {
	switch {
	case errors.Is(end.err, domain.ErrForbidden): // this installation does not read it; another may
		return false, domain.MaxBackoff
	case end.unrecorded: // the connection is still CONNECTED, and has a job for as long as it is
		return false, u.pace.AfterFailure(end.Sync.Failures, 0)
	}
	return true, 0
}

// lastSign is when something last came, or when the connection was made.
func lastSign(end pollEnd) time.Time {
	if end.Sync.LastArrivalAt.IsZero() {
		return end.Connection.CreatedAt
	}
	return end.Sync.LastArrivalAt
}

// GiveUp notes that the poll job of a connection failed too often for a bug of ours and does not come again: the
// connection goes to ERROR and says so, until an operator resumes it. Running it again changes nothing. Nothing happens
// to a connection that is not polled.
func (u *PollJob) GiveUp(ctx context.Context, tenant domain.TenantID, id domain.ConnectionID) error {
	return u.repo.Update(ctx, tenant, func(ctx context.Context, tx ports.Tx) error {
		conn, err := tx.Connections.Lock(ctx, id)
		if err != nil {
			return err
		}
		if !conn.State().Polled() {
			return nil
		}
		now := u.clock.Now()
		cause := domain.Errorf(domain.ErrRejected, "reading the messages failed again and again for a fault of ours: the operators must have a look")
		conn.RecordFailure(cause, now)
		if err := recordFailed(ctx, tx, conn.State(), cause, now); err != nil {
			return err
		}
		return tx.Connections.Save(ctx, conn)
	})
}
