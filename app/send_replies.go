package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// SendReplies is one turn of a connection's replies job: the answers that are due leave, one after the other.
type SendReplies struct {
	repo    ports.Repository
	senders map[domain.MarketplaceType]ports.Sender
	clock   ports.Clock
	log     *slog.Logger
}

// SendCommand names the connection.
type SendCommand struct {
	Tenant     domain.TenantID
	Connection domain.ConnectionID
	Slice      time.Duration // how long the turn goes on taking replies; 0: until none is due
}

// SendResult counts what a turn did.
type SendResult struct {
	Accepted, Retried, Failed, Unknown int
	Again                              time.Time // when the next turn is due; zero for none
}

// repliesPage is how many due replies are looked up at once.
const repliesPage = 20

// settleTime is how long storing an outcome may take once the network has been asked: also when the worker stops.
const settleTime = 10 * time.Second

// errStops ends a turn whose rest is for later.
var errStops = errors.New("the turn is over")

// Run sends what is due, and ends by replacing the connection's job by one that is due when the next reply is, or by none.
//
//   - At most once: an attempt is marked before the network is asked, and again before the text is handed over. What was
//     handed over and not answered is UNKNOWN, and no machine sends it again.
//   - Killed before the second mark, a reply is tried again by the next turn; killed after it, the next turn finds it UNKNOWN.
//   - Running it again, or many at once, is harmless: an attempt that is not the newest hands nothing over.
//   - Errors: a bug, the database is away, or ctx has ended. The job is then tried again.
func (u *SendReplies) Run(ctx context.Context, cmd SendCommand) (done SendResult, err error) {
	log := u.log.With("tenant", cmd.Tenant.String(), "connection", cmd.Connection.String())
	err = contain(ctx, log, "replies job", func() error {
		began := u.clock.Now()
		for {
			due, conn, err := u.due(ctx, cmd)
			if err != nil {
				return err
			}
			for _, s := range due {
				if cmd.Slice > 0 && u.clock.Now().Sub(began) >= cmd.Slice {
					due = nil
					break
				}
				if err := u.send(ctx, conn, s, &done); errors.Is(err, errStops) {
					due = nil
					break
				} else if err != nil {
					return err
				}
			}
			if len(due) < repliesPage {
				done.Again, err = u.end(ctx, cmd)
				return err
			}
		}
	})
	return done, err
}

func (u *SendReplies) due(ctx context.Context, cmd SendCommand) (due []domain.ReplyState, conn domain.ConnectionState, err error) {
	err = u.repo.View(ctx, cmd.Tenant, func(ctx context.Context, tx ports.Tx) error {
		c, err := tx.Connections.Get(ctx, cmd.Connection)
		if err != nil {
			return err
		}
		conn = c.State()
		due, err = tx.Replies.Due(ctx, cmd.Connection, u.clock.Now(), repliesPage)
		return err
	})
	return due, conn, err
}

// send makes one attempt at one reply.
func (u *SendReplies) send(ctx context.Context, conn domain.ConnectionState, s domain.ReplyState, done *SendResult) error {
	w, err := u.begin(ctx, s)
	if err != nil || w.Delivery != domain.DeliverySending {
		if w.Delivery == domain.DeliveryUnknown {
			done.Unknown++
		}
		return err
	}
	receipt, sent := u.handTo(ctx, conn, w)
	settling, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	after, err := u.settle(settling, w, receipt, sent)
	if err != nil {
		return err
	}
	log := u.log.With("tenant", s.Tenant.String(), "connection", s.Connection.String(), "reply", s.ID.String(), "attempts", after.Attempts)
	if sent != nil {
		log = log.With("error", sent)
	}
	log.InfoContext(ctx, "reply "+outcomeWords[after.Delivery])
	switch after.Delivery {
	case domain.DeliveryAccepted, domain.DeliveryConfirmed:
		done.Accepted++
	case domain.DeliveryQueued:
		done.Retried++
	case domain.DeliveryFailed:
		done.Failed++
	case domain.DeliveryUnknown:
		done.Unknown++
	}
	if kind := domain.KindOf(sent); kind == domain.ErrThrottled || ctx.Err() != nil {
		return errStops
	}
	return nil
}

// outcomeWords end the log line of an attempt.
var outcomeWords = map[domain.DeliveryStatus]string{
	domain.DeliveryAccepted: "accepted", domain.DeliveryConfirmed: "accepted", domain.DeliveryQueued: "put off",
	domain.DeliveryFailed: "failed", domain.DeliveryUnknown: "of unknown outcome", domain.DeliveryOptedOut: "not wanted by the buyer",
}

// begin marks the attempt. A reply that an attempt before handed over becomes UNKNOWN instead; one that is not to leave any
// more stays as it is.
func (u *SendReplies) begin(ctx context.Context, s domain.ReplyState) (WrittenReply, error) {
	act := ReplyAct{ReplyQuery: ReplyQuery{Tenant: s.Tenant, Reply: s.ID}}
	return settleReply(ctx, u.repo, act, u.clock.Now(), func(_ context.Context, _ ports.Tx, r *domain.Reply) error {
		now := r.State()
		if now.Delivery == domain.DeliverySending && !now.HandedOverAt.IsZero() {
			r.Lose(u.clock.Now())
			return nil
		}
		if err := r.Begin(u.clock.Now()); domain.KindOf(err) != domain.ErrConflict {
			return err
		}
		return nil
	})
}

// handTo asks the marketplace to take the reply.
func (u *SendReplies) handTo(ctx context.Context, conn domain.ConnectionState, w WrittenReply) (domain.Receipt, error) {
	sender := u.senders[conn.Type]
	switch {
	case sender == nil: // another installation's worker may have it
		return domain.Receipt{}, domain.Errorf(domain.ErrUnavailable, "answers to %s do not leave from this installation", conn.Type.Title())
	case conn.Status == domain.ConnectionDisabled:
		return domain.Receipt{}, domain.Errorf(domain.ErrRejected, "the account was disconnected: connect it again and write the reply again")
	}
	return sender.Send(ctx, domain.OutgoingMessage{
		Connection: conn, ID: w.ID.String(), To: w.To, From: w.From, Critical: w.Critical, Subject: w.Subject, Text: w.Text,
		Language: w.Language, ThreadID: w.ThreadID, OrderID: w.OrderID, ExternalID: w.Answers, InReplyTo: w.InReplyTo,
		References: referencesOf(w), MessageID: w.MessageID, Date: w.CreatedAt,
	}, func(ctx context.Context) error {
		return u.repo.Update(ctx, w.Tenant, func(ctx context.Context, tx ports.Tx) error {
			r, err := tx.Replies.Lock(ctx, w.ID)
			if err != nil {
				return err
			}
			if err := r.HandOver(w.Attempts, u.clock.Now()); err != nil {
				return err
			}
			return tx.Replies.HandOver(ctx, r)
		})
	})
}

func referencesOf(w WrittenReply) []string {
	if w.InReplyTo == "" {
		return nil
	}
	return []string{w.InReplyTo}
}

// settle stores what became of an attempt.
func (u *SendReplies) settle(ctx context.Context, w WrittenReply, receipt domain.Receipt, sent error) (WrittenReply, error) {
	act := ReplyAct{ReplyQuery: ReplyQuery{Tenant: w.Tenant, Reply: w.ID}}
	return settleReply(ctx, u.repo, act, u.clock.Now(), func(_ context.Context, _ ports.Tx, r *domain.Reply) error {
		now := u.clock.Now()
		if s := r.State(); s.Attempts != w.Attempts {
			return nil // another attempt has begun: this one handed nothing over
		}
		switch domain.KindOf(sent) {
		case domain.ErrOutcomeUnknown:
			r.Lose(now)
		case domain.ErrRejected, domain.ErrInvalid, domain.ErrForbidden:
			r.Fail(sent, now)
		default:
			if sent == nil {
				r.Accept(receipt, now)
				return nil
			}
			// Unavailable, throttled, the mark could not be stored, or this worker stops: nothing was taken.
			var detail *domain.Error
			var after time.Duration
			if errors.As(sent, &detail) {
				after = detail.RetryAfter
			}
			pause := r.State().Pause(after)
			if errors.Is(sent, context.Canceled) || errors.Is(sent, context.DeadlineExceeded) {
				pause = 0
			}
			r.Retry(pause, sent, now)
		}
		return nil
	})
}

// end replaces the job. What became due while the turn ran is seen here, or by whoever schedules after it.
func (u *SendReplies) end(ctx context.Context, cmd SendCommand) (next time.Time, err error) {
	err = u.repo.Update(ctx, cmd.Tenant, func(ctx context.Context, tx ports.Tx) error {
		if err := tx.Jobs.Cancel(ctx, ports.JobReplies, cmd.Connection); err != nil {
			return err
		}
		if next, err = tx.Replies.NextDue(ctx, cmd.Connection); err != nil || next.IsZero() {
			return err
		}
		return tx.Jobs.Schedule(ctx, ports.JobReplies, cmd.Connection, next)
	})
	return next, err
}
