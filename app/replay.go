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

// Replay reads stored messages again with today's code and rebuilds what follows from their raws.
type Replay struct {
	repo         ports.Repository
	raws         ports.SourceVault
	interpreters map[domain.MarketplaceType]ports.Interpreter
	ingest       *Ingest
	clock        ports.Clock
	log          *slog.Logger
}

// Of one page of a replay there are at most so many messages, and behind so many bytes of raws no more: two pages of
// raws that are as large as they get stay far below what a worker may take.
const (
	replayPage  = domain.MaxPage
	replayBytes = 2 << 20
)

// Run reads again what cmd names, page by page. What it rebuilds and what stays: [domain.RereadMessage] and
// [domain.Ticket.Reread] for stored messages; rejected ones go through the mapping of [Ingest], each together with its
// mark as replayed, if today's code accepts them. Without cmd.Apply it changes nothing and says what it would do.
//
// Running it again finds nothing left to change, so a replay that was killed is finished by another one; running many at
// once, beside polls too, changes everything once: each transaction looks again under the lock of the connection's sync
// state. With cmd.Apply the audit has an entry before anything is changed.
//
// domain.ErrInvalid if cmd does not name exactly one thing, domain.ErrNotFound if the one message does not exist,
// domain.ErrForbidden if some messages are of a marketplace that this installation does not read: the others are done.
// The result counts what was done even when an error ends the replay.
func (u *Replay) Run(ctx context.Context, cmd ReplayCommand) (ReplayResult, error) {
	if err := cmd.check(); err != nil {
		return ReplayResult{}, err
	}
	r := &replaying{Replay: u, cmd: cmd, transact: u.repo.View, unread: map[domain.MarketplaceType]int{}}
	if cmd.Apply {
		r.transact = u.repo.Update
	}
	err := r.run(ctx)
	if err != nil {
		err = fmt.Errorf("replay: %w", err)
	}
	return r.result, err
}

// check holds that cmd names one thing, and who wants it changed.
func (c ReplayCommand) check() error {
	named := 0
	for _, is := range []bool{c.Rejected, c.RejectedID != domain.RejectedID{}, !c.Since.IsZero(), c.Message != domain.MessageID{}} {
		if is {
			named++
		}
	}
	switch {
	case named != 1:
		return domain.Errorf(domain.ErrInvalid, "name what to replay: the rejected messages, one of them, those since a time, or one message")
	case c.Apply && c.Actor == "":
		return domain.Errorf(domain.ErrInvalid, "a replay that changes something needs an actor")
	}
	return nil
}

// replaying is one replay under way.
type replaying struct {
	*Replay
	cmd      ReplayCommand
	transact func(context.Context, domain.TenantID, ports.TxFunc) error // View, or Update with Apply
	total    int
	result   ReplayResult
	unread   map[domain.MarketplaceType]int // messages of marketplaces that nothing here reads
}

func (r *replaying) run(ctx context.Context) error {
	var err error
	switch {
	case r.cmd.Rejected:
		err = r.allRejected(ctx)
	case r.cmd.RejectedID != domain.RejectedID{}:
		err = r.oneRejected(ctx)
	case r.cmd.Message != domain.MessageID{}:
		err = r.oneStored(ctx)
	default:
		err = r.storedSince(ctx)
	}
	for t, n := range r.unread {
		err = errors.Join(err, domain.Errorf(domain.ErrForbidden,
			"%s is not read by this installation: %d of its messages were left as they are", t.Title(), n))
	}
	return err
}

// begin notes in the audit who replays what, when something may be changed.
func (r *replaying) begin(ctx context.Context, total int, subject, cause string) error {
	r.total = total
	if !r.cmd.Apply {
		return nil
	}
	return r.repo.Update(ctx, r.cmd.Tenant, func(ctx context.Context, tx ports.Tx) error {
		return tx.Audit.Record(ctx, domain.AuditEntry{
			ID: domain.NewID[domain.AuditID](), Tenant: r.cmd.Tenant, Action: domain.AuditReplayed, Subject: subject,
			Actor: r.cmd.Actor, ActorID: r.cmd.ActorID, Cause: cause, At: r.clock.Now(),
		})
	})
}

// progress says how far it has got.
func (r *replaying) progress() {
	if r.cmd.Progress != nil {
		r.cmd.Progress(ReplayProgress{ReplayResult: r.result, Total: r.total})
	}
}

// report tells the differences of a message or ticket.
func (r *replaying) report(subject string, id fmt.Stringer, differences ...domain.Difference) {
	if r.cmd.Differs == nil {
		return
	}
	for _, d := range differences {
		r.cmd.Differs(ReplayDifference{Subject: subject, ID: id.String(), Difference: d})
	}
}

// interpret opens a raw and reads it. ok is false if nothing here reads its marketplace. A panic costs the other messages
// nothing: its message could not be read. Nor can one whose key was erased.
func (r *replaying) interpret(ctx context.Context, t domain.MarketplaceType, kept domain.StoredSource, received time.Time, id fmt.Stringer) (m domain.InboundMessage, ok bool, err error) {
	interpreter := r.interpreters[t]
	if interpreter == nil {
		r.unread[t]++
		return m, false, nil
	}
	raw, err := r.raws.Open(ctx, r.cmd.Tenant, kept)
	if kind := domain.KindOf(err); kind == domain.ErrNotFound || kind == domain.ErrInvalid {
		r.result.Read++
		raw.MediaType = kept.MediaType
		return domain.InboundMessage{Source: raw, ReceivedAt: received, Unreadable: domain.Message(err)}, true, nil
	}
	if err != nil {
		return m, false, err
	}
	defer func() {
		if p := recover(); p != nil {
			// The value may hold a buyer's text; its type and the stack do not.
			r.log.ErrorContext(ctx, "reading a message panicked", "tenant", r.cmd.Tenant.String(), "message", id.String(),
				"panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			m, ok, err = domain.InboundMessage{Source: raw, ReceivedAt: received, Unreadable: "reading it fails for a fault of ours"}, true, nil
		}
	}()
	r.result.Read++
	return interpreter.Interpret(raw, received), true, nil
}

// again runs a transaction until the constraints do not say that somebody was first.
func (r *replaying) again(ctx context.Context, fn ports.TxFunc) (err error) {
	for range attempts {
		if err = r.transact(ctx, r.cmd.Tenant, fn); !errors.Is(err, domain.ErrConflict) {
			break
		}
	}
	return err
}
