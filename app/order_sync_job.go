package app

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// OrderSyncJob is one turn of a connection's context job: what its marketplace says of the seller's accounts and of the orders
// that tickets are about.
type OrderSyncJob struct {
	repo        ports.Repository
	authorizers map[domain.MarketplaceType]ports.Authorizer
	orders      map[domain.MarketplaceType]ports.OrderSource
	clock       ports.Clock
	log         *slog.Logger
}

// ContextCommand names the connection.
type ContextCommand struct {
	Tenant     domain.TenantID
	Connection domain.ConnectionID

	// Slice is how long the turn goes on taking orders; 0: until none is due.
	Slice time.Duration
}

// ContextResult counts what a turn did.
type ContextResult struct {
	Fetched int       // orders that came
	Missed  int       // orders that did not, for whatever reason
	Again   time.Time // when the next turn is due; zero for none
}

// contextPage is how many due orders are looked up at once.
const contextPage = 30

// contextPace says when a marketplace that did not answer is asked again.
var contextPace = domain.Pace{Interval: 30 * time.Second}

// Run asks what is due, and ends by replacing the connection's job by one that is due when the next thing is, or by none. What
// cannot be had leaves tickets as they are and is noted beside the order. When a marketplace takes an authorization no more it
// is WITHDRAWN and the connection goes to ERROR; its messages are read all the same. A temporary fault or a limit of ours ends
// the turn. Running it again, or many at once, asks what is due by then. An error is a bug, or ctx has ended, or the database
// is away: the job is then tried again.
func (u *OrderSyncJob) Run(ctx context.Context, cmd ContextCommand) (ContextResult, error) {
	turn := contextTurn{OrderSyncJob: u, cmd: cmd, began: u.clock.Now()}
	err := contain(ctx, u.log.With("tenant", cmd.Tenant.String(), "connection", cmd.Connection.String()), "context job", func() error { return turn.run(ctx) })
	return turn.ContextResult, err
}

// contextTurn is a turn under way.
type contextTurn struct {
	*OrderSyncJob
	ContextResult
	cmd      ContextCommand
	began    time.Time
	kind     domain.MarketplaceType
	all      []domain.AuthorizationState
	notUntil time.Time // the marketplace is not to be asked before
}

func (t *contextTurn) run(ctx context.Context) error {
	if err := t.load(ctx); err != nil {
		return err
	}
	if err := t.look(ctx); err != nil {
		return err
	}
	for t.goesOn() {
		due, err := t.due(ctx)
		if err != nil || len(due) == 0 {
			return errors.Join(err, t.end(ctx))
		}
		for _, o := range due {
			if err := t.fetch(ctx, o); err != nil {
				return err
			}
			if !t.goesOn() {
				break
			}
		}
	}
	return t.end(ctx)
}

// goesOn reports whether another order may be asked for in this turn.
func (t *contextTurn) goesOn() bool {
	return t.notUntil.IsZero() && len(domain.AuthorizationFor(t.all, "")) > 0 &&
		(t.cmd.Slice == 0 || t.clock.Now().Sub(t.began) < t.cmd.Slice)
}

// load reads what the turn starts from.
func (t *contextTurn) load(ctx context.Context) error {
	return t.repo.View(ctx, t.cmd.Tenant, func(ctx context.Context, tx ports.Tx) error {
		c, err := tx.Connections.Get(ctx, t.cmd.Connection)
		if err != nil {
			return err
		}
		t.kind = c.State().Type
		if t.authorizers[t.kind] == nil || t.orders[t.kind] == nil { // not asked by this installation; another may
			t.notUntil = t.clock.Now().Add(domain.MaxBackoff)
		}
		t.all, err = authorizationsOf(ctx, tx, t.cmd.Connection)
		return err
	})
}

func authorizationsOf(ctx context.Context, tx ports.Tx, c domain.ConnectionID) ([]domain.AuthorizationState, error) {
	all, err := tx.Authorizations.Of(ctx, c)
	states := make([]domain.AuthorizationState, len(all))
	for i, a := range all {
		states[i] = a.State()
	}
	return states, err
}

func (t *contextTurn) due(ctx context.Context) (due []domain.OrderContext, err error) {
	err = t.repo.View(ctx, t.cmd.Tenant, func(ctx context.Context, tx ports.Tx) error {
		due, err = tx.Orders.Due(ctx, t.cmd.Connection, t.clock.Now(), contextPage)
		return err
	})
	return due, err
}

// look asks what the accounts take part in, those whose time has come.
func (t *contextTurn) look(ctx context.Context) error {
	for _, a := range t.all {
		if at := a.LookAt(); at.IsZero() || at.After(t.clock.Now()) || !t.notUntil.IsZero() {
			continue
		}
		found, err := t.authorizers[t.kind].Participations(ctx, a)
		switch domain.KindOf(err) {
		case domain.ErrThrottled, domain.ErrUnavailable:
			t.putOff(err, 1)
			continue
		case domain.ErrRejected:
			if err := t.withdraw(ctx, a, err); err != nil {
				return err
			}
			continue
		}
		if err != nil && !errors.Is(err, domain.ErrForbidden) {
			return err
		}
		if err := t.looked(ctx, a, found, err); err != nil {
			return err
		}
	}
	return nil
}

// looked stores what an account takes part in. Who may not ask keeps what was known, and asks again in a week.
func (t *contextTurn) looked(ctx context.Context, a domain.AuthorizationState, found []domain.Participation, denied error) error {
	return t.change(ctx, a, func(ctx context.Context, tx ports.Tx, conn *domain.Connection, now *domain.Authorization) error {
		now.Looked(t.clock.Now())
		if denied == nil {
			if err := tx.Authorizations.SetParticipations(ctx, a.Connection, a.Region, found); err != nil {
				return err
			}
		}
		return tx.Authorizations.Save(ctx, now)
	})
}

// change runs fn on a connection and the authorization that a is, locked, if it is still the one that was asked with.
func (t *contextTurn) change(ctx context.Context, a domain.AuthorizationState,
	fn func(context.Context, ports.Tx, *domain.Connection, *domain.Authorization) error,
) error {
	return t.repo.Update(ctx, t.cmd.Tenant, func(ctx context.Context, tx ports.Tx) error {
		conn, err := tx.Connections.Lock(ctx, t.cmd.Connection)
		if err != nil {
			return err
		}
		there, err := tx.Authorizations.Of(ctx, t.cmd.Connection)
		if err != nil {
			return err
		}
		for _, now := range there {
			if s := now.State(); s.ID == a.ID && s.VaultPath == a.VaultPath && s.Status == domain.AuthorizationGranted {
				if err := fn(ctx, tx, conn, now); err != nil {
					return err
				}
			}
		}
		t.all = t.all[:0:0]
		for _, now := range there {
			t.all = append(t.all, now.State())
		}
		return nil
	})
}

// withdraw takes in that the marketplace takes an authorization no more.
func (t *contextTurn) withdraw(ctx context.Context, a domain.AuthorizationState, cause error) error {
	return t.change(ctx, a, func(ctx context.Context, tx ports.Tx, conn *domain.Connection, w *domain.Authorization) error {
		now := t.clock.Now()
		if !w.Withdraw(a.VaultPath, cause, now) {
			return nil
		}
		if err := tx.Authorizations.Save(ctx, w); err != nil {
			return err
		}
		all, err := authorizationsOf(ctx, tx, a.Connection)
		if err != nil {
			return err
		}
		changed := conn.RecomputeStatus(all, now)
		if err := tx.Connections.Save(ctx, conn); err != nil {
			return err
		}
		t.log.WarnContext(ctx, "authorization withdrawn", "tenant", a.Tenant.String(), "connection", a.Connection.String(), "region", a.Region, "error", cause)
		err = tx.Audit.Record(ctx, domain.AuditEntry{
			ID: domain.NewID[domain.AuditID](), Tenant: a.Tenant, Action: domain.AuditWithdrawn, Subject: a.Connection.String(),
			Actor: domain.ActorSystem, Cause: a.Region + ": " + domain.Message(cause), At: now,
		})
		if err != nil || !changed {
			return err
		}
		return recordFailed(ctx, tx, conn.State(), cause, now)
	})
}

// fetch asks for one order: of the authorization that likely knows it first, then of the others.
func (t *contextTurn) fetch(ctx context.Context, o domain.OrderContext) error {
	source := t.orders[t.kind]
	var missed error // what the likeliest said
	for _, a := range domain.AuthorizationFor(t.all, o.Region) {
		order, err := source.Order(ctx, a, o.OrderID)
		switch domain.KindOf(err) {
		case nil:
			if err != nil {
				return err
			}
			t.Fetched++
			return t.save(ctx, o, func(kept *domain.OrderContext) { kept.Fetched(order, t.clock.Now()) })
		case domain.ErrRejected:
			if err := t.withdraw(ctx, a, err); err != nil {
				return err
			}
			missed = cmp.Or(missed, domain.Wrap(domain.ErrForbidden, err, "the seller must authorize us again before this order can be asked for"))
		case domain.ErrThrottled, domain.ErrUnavailable:
			pause := t.putOff(err, o.Failures+1)
			if errors.Is(err, domain.ErrThrottled) {
				return nil // nothing was asked
			}
			t.Missed++
			return t.save(ctx, o, func(kept *domain.OrderContext) { kept.Missed(err, pause, t.clock.Now()) })
		case domain.ErrNotFound, domain.ErrForbidden:
			missed = cmp.Or(missed, err)
		case domain.ErrInvalid: // no order has such an id
			missed = cmp.Or(missed, domain.Wrap(domain.ErrNotFound, err, "the marketplace has no orders with such an id"))
		default:
			return err
		}
	}
	if missed == nil { // it was withdrawn meanwhile
		return nil
	}
	t.Missed++
	return t.save(ctx, o, func(kept *domain.OrderContext) { kept.Missed(missed, 0, t.clock.Now()) })
}

// putOff ends the turn: the marketplace is not asked again before the pause that it returns is over.
func (t *contextTurn) putOff(cause error, failures int) time.Duration {
	var detail *domain.Error
	var after time.Duration
	if errors.As(cause, &detail) {
		after = detail.RetryAfter
	}
	pause := contextPace.AfterFailure(failures, after)
	if domain.KindOf(cause) == domain.ErrThrottled {
		pause = contextPace.AfterThrottling(after)
	}
	t.notUntil = t.clock.Now().Add(pause)
	return pause
}

// save changes what is kept of an order, as it is by now.
func (t *contextTurn) save(ctx context.Context, o domain.OrderContext, change func(*domain.OrderContext)) error {
	return t.repo.Update(ctx, t.cmd.Tenant, func(ctx context.Context, tx ports.Tx) error {
		kept, err := tx.Orders.Lock(ctx, o.Connection, o.OrderID)
		if err != nil {
			return err
		}
		change(&kept)
		return tx.Orders.Save(ctx, kept)
	})
}

// end replaces the job. What became due while the turn ran is seen here, or by whoever schedules after it.
func (t *contextTurn) end(ctx context.Context) error {
	return t.repo.Update(ctx, t.cmd.Tenant, func(ctx context.Context, tx ports.Tx) error {
		if _, err := tx.Connections.Lock(ctx, t.cmd.Connection); err != nil {
			return err
		}
		if err := tx.Jobs.Cancel(ctx, ports.JobOrders, t.cmd.Connection); err != nil {
			return err
		}
		next, err := nextContext(ctx, tx, t.cmd.Connection)
		if err != nil || next.IsZero() {
			return err
		}
		if next.Before(t.notUntil) {
			next = t.notUntil
		}
		t.Again = next
		return tx.Jobs.Schedule(ctx, ports.JobOrders, t.cmd.Connection, next)
	})
}

// nextContext is when something of a connection is next to be asked of its marketplace; zero if nothing is.
func nextContext(ctx context.Context, tx ports.Tx, c domain.ConnectionID) (time.Time, error) {
	all, err := authorizationsOf(ctx, tx, c)
	if err != nil || len(domain.AuthorizationFor(all, "")) == 0 {
		return time.Time{}, err
	}
	next, err := tx.Orders.NextDue(ctx, c)
	for _, a := range all {
		if at := a.LookAt(); !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next, err
}
