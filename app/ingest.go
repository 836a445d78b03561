package app

import (
	"context"
	"errors"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Ingest stores one page of messages: identity, messages, tickets, events and cursor in one transaction.
type Ingest struct {
	repo  ports.Repository
	clock ports.Clock
}

// IngestCommand is a page and where it was read.
type IngestCommand struct {
	Connection domain.ConnectionState
	From       string // the cursor that the page was read from
	Page       ports.Page
}

// Run stores the page's messages, each once, on the right tickets, and moves the cursor from From to Page.Next. What
// cannot be mapped is stored as rejected with its raw. It all happens or none of it.
//
// If another poller moved the cursor, or the connection does not read this source any more, the page is thrown away and
// the result says Superseded. Running it again with the same page is therefore harmless. domain.ErrInvalid if the page holds more
// than domain.MaxPage messages: the transaction would be unbounded.
func (u *Ingest) Run(ctx context.Context, cmd IngestCommand) (PollResult, error) {
	if len(cmd.Page.Messages) > domain.MaxPage {
		return PollResult{}, domain.Errorf(domain.ErrInvalid, "a page holds at most %d messages", domain.MaxPage)
	}
	c := cmd.Connection
	screened := domain.Screen(c, cmd.Page.Messages)
	var (
		result PollResult
		err    error
	)
	for range attempts {
		if result, err = u.store(ctx, cmd, screened); !errors.Is(err, domain.ErrConflict) {
			break
		}
	}
	if errors.Is(err, errSuperseded) {
		return PollResult{Superseded: true}, nil
	}
	return result, err
}

// attempts bounds how often a page is mapped anew when the constraints say that somebody was first.
const attempts = 3

// errSuperseded ends the transaction of a page that somebody else was ahead of.
var errSuperseded = errors.New("superseded")

// store is one attempt at the page's transaction.
func (u *Ingest) store(ctx context.Context, cmd IngestCommand, screened domain.Screened) (result PollResult, err error) {
	c := cmd.Connection
	err = u.repo.Update(ctx, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
		s, err := tx.SyncStates.Lock(ctx, c.ID)
		if err != nil {
			return err
		}
		if err := s.Advance(cmd.From, cmd.Page.Next, u.clock.Now()); err != nil {
			return errSuperseded
		}
		k, err := tx.Connections.Lock(ctx, c.ID)
		if err != nil {
			return err
		}
		if !k.Reads(c) {
			return errSuperseded
		}
		in, err := u.mapPage(ctx, tx, c, screened)
		if err != nil {
			return err
		}
		if err := tx.Intake.Store(ctx, in); err != nil {
			return err
		}
		result = PollResult{
			Fetched: len(cmd.Page.Messages), Created: len(in.Messages), Rejected: len(in.Rejected),
			Duplicates: len(cmd.Page.Messages) - len(in.Messages) - len(in.Rejected),
		}
		return tx.SyncStates.Save(ctx, s)
	})
	if err != nil {
		return PollResult{}, err
	}
	return result, nil
}

// mapPage leaves out what is known and threads the rest on to tickets.
func (u *Ingest) mapPage(ctx context.Context, tx ports.Tx, c domain.ConnectionState, page domain.Screened) (domain.Intake, error) {
	fresh, err := u.fresh(ctx, tx, c, page.Accepted)
	if err != nil || len(fresh) == 0 {
		return domain.Intake{Rejected: page.Rejected}, err
	}
	threads, orders := domain.Keys(fresh)
	book, err := tx.Intake.Book(ctx, c.ID, threads, orders)
	if err != nil {
		return domain.Intake{}, err
	}
	in := domain.Thread(c, fresh, book, u.clock.Now())
	in.Rejected = page.Rejected
	return in, nil
}

// fresh returns the messages that are not stored yet.
func (u *Ingest) fresh(ctx context.Context, tx ports.Tx, c domain.ConnectionState, page []domain.InboundMessage) ([]domain.InboundMessage, error) {
	if len(page) == 0 {
		return nil, nil
	}
	ids := make([]string, len(page))
	for i, m := range page {
		ids[i] = m.ExternalID
	}
	known, err := tx.Intake.Known(ctx, c.ID, ids)
	if err != nil || len(known) == 0 {
		return page, err
	}
	fresh := make([]domain.InboundMessage, 0, len(page)-len(known))
	for _, m := range page {
		if !known[m.ExternalID] {
			fresh = append(fresh, m)
		}
	}
	return fresh, nil
}
