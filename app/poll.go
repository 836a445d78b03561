package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Poll reads what has come for one connection and turns it into tickets: the main job.
type Poll struct {
	repo     ports.Repository
	book     ports.PollLedger
	clients  map[domain.MarketplaceType]ports.MarketplaceClient
	ingest   *Ingest
	clock    ports.Clock
	observer ports.Observer
	log      *slog.Logger
}

// PollCommand names the connection to poll.
type PollCommand struct {
	Tenant     domain.TenantID
	Connection domain.ConnectionID

	// Slice is how long the poll goes on taking pages. The page in hand is finished; what is left comes with the next poll,
	// so that a seller with a backlog does not keep others waiting. 0: to the end of the source.
	Slice time.Duration
}

// PollResult counts the messages of a poll. Each message fetched is one of the other three.
type PollResult struct {
	Fetched    int  // messages that the source gave
	Created    int  // stored now
	Duplicates int  // stored before, or more than once in a page
	Rejected   int  // could not be mapped; in rejected_messages
	Superseded bool // another poll of the same connection was ahead; this one stopped and nothing is lost
	More       bool // the slice was over before the source was
}

func (r *PollResult) add(o PollResult) {
	r.Fetched += o.Fetched
	r.Created += o.Created
	r.Duplicates += o.Duplicates
	r.Rejected += o.Rejected
	r.Superseded = r.Superseded || o.Superseded
	r.More = r.More || o.More
}

// recordTimeout bounds the noting of a failed poll, which goes on when the poll itself was cancelled.
const recordTimeout = 5 * time.Second

// errPanic stands for a panic. Its value may hold a buyer's text and is not kept.
var errPanic = errors.New("panic")

// Run reads the source from the stored cursor to its end, one transaction per page. Running it again reads on from
// there; running many at once stores every message once. Killed at any point it loses nothing: the cursor moved with
// the messages it passed.
//
// The result counts what was stored even when an error ends the poll. domain.ErrConflict if the connection is not
// CONNECTED. One whose mail is pushed has nothing to poll: nothing happens. When the source refuses (domain.ErrRejected) the connection goes to ERROR and its poll job ends; a temporary
// fault leaves it as it is. Either way the reason is stored beside the connection. A cancelled poll and one that a limit of
// ours put off (domain.ErrThrottled) are no failure of the connection. A panic of the source or of the mapping is an
// error like any other.
func (u *Poll) Run(ctx context.Context, cmd PollCommand) (PollResult, error) {
	end := u.run(ctx, cmd)
	return end.PollResult, end.err
}

// runAhead is Run for a person who waits for what has come: where another poll was ahead, it reads on behind that one, so that
// all that was there when the person asked is stored when it returns.
func (u *Poll) runAhead(ctx context.Context, cmd PollCommand) (total PollResult, err error) {
	for range attempts {
		var result PollResult
		result, err = u.Run(ctx, cmd)
		total.add(result)
		if total.Superseded = result.Superseded; err != nil || !result.Superseded {
			break
		}
	}
	return total, err
}

// pollEnd is how a poll ended.
type pollEnd struct {
	PollResult
	ports.PollState // as the poll left it, as far as it knows
	err             error
	outcome         ports.PollOutcome
	pages           int
	unrecorded      bool // the connection does not know of err
}

func (u *Poll) run(ctx context.Context, cmd PollCommand) (end pollEnd) {
	began := u.clock.Now()
	log := u.log.With("tenant", cmd.Tenant.String(), "connection", cmd.Connection.String())
	u.poll(ctx, cmd, began, &end, log)
	end.outcome = outcome(ctx, end)
	if end.err != nil {
		end.err = fmt.Errorf("poll connection %s: %w", cmd.Connection, end.err)
	}
	took := max(0, u.clock.Now().Sub(began))
	u.observer.Polled(ports.Polled{
		Tenant: cmd.Tenant, Connection: cmd.Connection, Type: end.Connection.Type, Outcome: end.outcome, Took: took,
	})
	report(ctx, log, end, took)
	return end
}

// poll fills end in as it goes, so that a panic leaves what was done until then.
func (u *Poll) poll(ctx context.Context, cmd PollCommand, began time.Time, end *pollEnd, log *slog.Logger) {
	end.err = contain(ctx, log, "poll", func() error {
		if err := u.begin(ctx, cmd, end); err != nil || !end.Connection.Polled() {
			return err
		}
		if err := u.read(ctx, cmd, began, end); err != nil || end.Superseded || end.More {
			return err
		}
		return u.succeed(ctx, end)
	})
	if end.err != nil && ctx.Err() == nil && !excused(end) {
		if err := u.fail(ctx, end); err != nil {
			end.unrecorded = true
			log.ErrorContext(ctx, "failed poll not recorded", "error", err)
		}
	}
}

// contain runs fn and makes an error of a panic.
func contain(ctx context.Context, log *slog.Logger, what string, fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errPanic
			log.ErrorContext(ctx, what+" panicked", "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
		}
	}()
	return fn()
}

// excused reports whether an error is no failure of the connection: it was put off, is not read here, or the connection is not read.
func excused(end *pollEnd) bool {
	kind := domain.KindOf(end.err)
	return kind == domain.ErrThrottled || kind == domain.ErrForbidden || !end.Connection.Receiving()
}

// outcome names how a poll ended.
func outcome(ctx context.Context, end pollEnd) ports.PollOutcome {
	switch {
	case end.err == nil && end.Superseded:
		return ports.PollSuperseded
	case end.err == nil && end.More:
		return ports.PollMore
	case end.err == nil:
		return ports.PollOK
	case ctx.Err() != nil:
		return ports.PollInterrupted
	}
	switch domain.KindOf(end.err) {
	case domain.ErrThrottled:
		return ports.PollThrottled
	case domain.ErrUnavailable:
		return ports.PollUnavailable
	case domain.ErrConflict, domain.ErrNotFound:
		if end.Connection.Polled() { // then it is what others did to the page in hand, and nothing that lasts
			return ports.PollUnavailable
		}
		return ports.PollRefused
	case domain.ErrRejected, domain.ErrForbidden:
		return ports.PollRefused
	}
	return ports.PollFailed
}

// report says in the log what a poll did. One that found nothing is worth a line only to who looks for it.
func report(ctx context.Context, log *slog.Logger, end pollEnd, took time.Duration) {
	level, message := slog.LevelInfo, "polled"
	args := []any{
		"outcome", string(end.outcome), "fetched", end.Fetched, "created", end.Created, "duplicates", end.Duplicates,
		"rejected", end.Rejected, "took", took,
	}
	switch {
	case end.outcome == ports.PollInterrupted:
		message = "poll interrupted, goes on in the next run"
	case end.outcome == ports.PollThrottled:
		level, message = slog.LevelDebug, "poll put off"
	case end.err != nil:
		level, message = slog.LevelWarn, "poll failed"
		args = append(args, "error", end.err)
	case end.Created == 0 && end.Rejected == 0:
		level = slog.LevelDebug
	}
	log.Log(ctx, level, message, args...)
}

// begin reads where the poll starts.
func (u *Poll) begin(ctx context.Context, cmd PollCommand, end *pollEnd) error {
	p, err := u.book.BeginPoll(ctx, cmd.Tenant, cmd.Connection)
	if err != nil {
		return err
	}
	end.PollState = p
	if !p.Connection.Receiving() {
		return domain.Errorf(domain.ErrConflict, "the connection is %s, not CONNECTED", p.Connection.Status)
	}
	return nil
}

// read ingests page after page until the source has no more, or the slice is over.
func (u *Poll) read(ctx context.Context, cmd PollCommand, began time.Time, end *pollEnd) error {
	c, cursor := end.Connection, end.Sync.Cursor
	client := u.clients[c.Type]
	if client == nil {
		return domain.Errorf(domain.ErrForbidden, "%s is not read by this installation", c.Type.Title())
	}
	for page, err := range client.Pages(ctx, c, cursor) {
		if err != nil {
			return err
		}
		end.pages++
		result, err := u.ingest.Run(ctx, IngestCommand{Connection: c, From: cursor, Page: page})
		end.add(result)
		if err != nil || result.Superseded {
			return err
		}
		if page.Next != "" {
			cursor = page.Next
		}
		if cmd.Slice > 0 && u.clock.Now().Sub(began) >= cmd.Slice {
			end.More = true
			return nil
		}
	}
	return ctx.Err()
}

// succeed notes that the source was read to its end. A poll that found nothing costs next to nothing, as long as nobody else
// is at the connection.
func (u *Poll) succeed(ctx context.Context, end *pollEnd) error {
	now := u.clock.Now()
	if end.pages == 0 {
		if saved, err := u.book.EndPoll(ctx, end.PollState, now); saved || err != nil {
			return err
		}
	}
	return u.record(ctx, end, func(_ context.Context, _ ports.Tx, conn *domain.Connection, s *domain.SyncState) error {
		conn.RecordSync(now)
		s.RecordSuccess(now)
		return nil
	})
}

// fail notes why the poll failed, beside the connection. It does so even when ctx has just ended.
func (u *Poll) fail(ctx context.Context, end *pollEnd) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	now, cause := u.clock.Now(), end.err
	return u.record(ctx, end, func(ctx context.Context, tx ports.Tx, conn *domain.Connection, s *domain.SyncState) error {
		conn.RecordFailure(cause, now)
		s.RecordFailure(cause, now)
		if conn.State().Receiving() {
			return nil
		}
		if err := tx.Jobs.Cancel(ctx, ports.JobPoll, conn.State().ID); err != nil {
			return err
		}
		return recordFailed(ctx, tx, conn.State(), cause, now)
	})
}

// recordFailed records that a connection went to ERROR, and why.
func recordFailed(ctx context.Context, tx ports.Tx, c domain.ConnectionState, cause error, now time.Time) error {
	return tx.Audit.Record(ctx, domain.AuditEntry{
		ID: domain.NewID[domain.AuditID](), Tenant: c.Tenant, Action: domain.AuditFailed, Subject: c.ID.String(),
		Actor: domain.ActorSystem, Cause: domain.Message(cause), At: now,
	})
}

// record changes connection and sync state together, unless the connection reads something else by now.
func (u *Poll) record(ctx context.Context, end *pollEnd,
	change func(context.Context, ports.Tx, *domain.Connection, *domain.SyncState) error,
) error {
	then := end.Connection
	return u.repo.Update(ctx, then.Tenant, func(ctx context.Context, tx ports.Tx) error {
		conn, s, err := tx.Polls.Lock(ctx, then.ID)
		if err != nil {
			return err
		}
		defer func() { end.Connection, end.Sync = conn.State(), s.State() }()
		if !conn.SameSource(then) {
			// Whatever this poll met was not what the connection reads by now: that is still to be read.
			if conn.State().Receiving() {
				end.Superseded, end.err = true, nil
			}
			return nil
		}
		if err := change(ctx, tx, conn, s); err != nil {
			return err
		}
		return tx.Polls.Save(ctx, conn, s)
	})
}
