package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Poll reads what has come for one connection and turns it into tickets: the main job.
type Poll struct {
	repo    ports.Repository
	clients map[domain.MarketplaceType]ports.MarketplaceClient
	ingest  *Ingest
	clock   ports.Clock
	log     *slog.Logger
}

// PollCommand names the connection to poll.
type PollCommand struct {
	Tenant     domain.TenantID
	Connection domain.ConnectionID
}

// PollResult counts the messages of a poll. Each message fetched is one of the other three.
type PollResult struct {
	Fetched    int  // messages that the source gave
	Created    int  // stored now
	Duplicates int  // stored before, or more than once in a page
	Rejected   int  // could not be mapped; in rejected_messages
	Superseded bool // another poll of the same connection was ahead; this one stopped and nothing is lost
}

func (r *PollResult) add(o PollResult) {
	r.Fetched += o.Fetched
	r.Created += o.Created
	r.Duplicates += o.Duplicates
	r.Rejected += o.Rejected
	r.Superseded = r.Superseded || o.Superseded
}

// recordTimeout bounds the noting of a failed poll, which goes on when the poll itself was cancelled.
const recordTimeout = 5 * time.Second

// Run reads the source from the stored cursor to its end, one transaction per page. Running it again reads on from
// there; running many at once stores every message once. Killed at any point it loses nothing: the cursor moved with
// the messages it passed.
//
// The result counts what was stored even when an error ends the poll. domain.ErrConflict if the connection is not
// CONNECTED. When the source refuses (domain.ErrRejected) the connection goes to ERROR; a temporary fault leaves it as
// it is. Either way the reason is stored beside the connection. A cancelled poll is no failure of the connection.
func (u *Poll) Run(ctx context.Context, cmd PollCommand) (PollResult, error) {
	c, cursor, err := u.begin(ctx, cmd)
	if err != nil {
		return PollResult{}, err
	}
	result, err := u.read(ctx, c, cursor)
	if err == nil && !result.Superseded {
		err = u.succeed(ctx, c)
	}
	if err != nil && ctx.Err() == nil {
		if noted := u.fail(ctx, c, err); noted != nil {
			u.log.ErrorContext(ctx, "failed poll not recorded", "tenant", c.Tenant.String(), "connection", c.ID.String(), "error", noted)
		}
	}
	if err != nil {
		return result, fmt.Errorf("poll connection %s: %w", c.ID, err)
	}
	return result, nil
}

// begin reads where the poll starts.
func (u *Poll) begin(ctx context.Context, cmd PollCommand) (c domain.ConnectionState, cursor string, err error) {
	err = u.repo.View(ctx, cmd.Tenant, func(ctx context.Context, tx ports.Tx) error {
		k, err := tx.Connections.Get(ctx, cmd.Connection)
		if err != nil {
			return err
		}
		s, err := tx.SyncStates.Get(ctx, cmd.Connection)
		if err != nil {
			return err
		}
		c, cursor = k.State(), s.State().Cursor
		return nil
	})
	if err == nil && c.Status != domain.ConnectionConnected {
		err = domain.Errorf(domain.ErrConflict, "the connection is %s, not CONNECTED", c.Status)
	}
	return c, cursor, err
}

// read ingests page after page until the source has no more.
func (u *Poll) read(ctx context.Context, c domain.ConnectionState, cursor string) (PollResult, error) {
	client := u.clients[c.Type]
	if client == nil {
		return PollResult{}, domain.Errorf(domain.ErrForbidden, "%s is not read by this installation", c.Type.Title())
	}
	var total PollResult
	for page, err := range client.Pages(ctx, c, cursor) {
		if err != nil {
			return total, err
		}
		result, err := u.ingest.Run(ctx, IngestCommand{Connection: c, From: cursor, Page: page})
		total.add(result)
		if err != nil || result.Superseded {
			return total, err
		}
		if page.Next != "" {
			cursor = page.Next
		}
	}
	return total, ctx.Err()
}

// succeed notes that the source was read to its end.
func (u *Poll) succeed(ctx context.Context, c domain.ConnectionState) error {
	now := u.clock.Now()
	return u.record(ctx, c, func(k *domain.Connection, s *domain.SyncState) {
		k.RecordSync(now)
		s.RecordSuccess(now)
	})
}

// fail notes why the poll failed, beside the connection. It does so even when ctx has just ended.
func (u *Poll) fail(ctx context.Context, c domain.ConnectionState, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	now := u.clock.Now()
	return u.record(ctx, c, func(k *domain.Connection, s *domain.SyncState) {
		k.RecordFailure(cause, now)
		s.RecordFailure(cause, now)
	})
}

// record changes connection and sync state together, unless the connection reads something else by now. Both are locked
// in the order in which Ingest locks them.
func (u *Poll) record(ctx context.Context, c domain.ConnectionState, change func(*domain.Connection, *domain.SyncState)) error {
	return u.repo.Update(ctx, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
		s, err := tx.SyncStates.Lock(ctx, c.ID)
		if err != nil {
			return err
		}
		k, err := tx.Connections.Lock(ctx, c.ID)
		if err != nil {
			return err
		}
		if !k.Reads(c) {
			return nil
		}
		change(k, s)
		if err := tx.SyncStates.Save(ctx, s); err != nil {
			return err
		}
		return tx.Connections.Save(ctx, k)
	})
}
