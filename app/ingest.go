package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Ingest stores one page of messages: identity, messages, tickets, events and cursor in one transaction.
type Ingest struct {
	repo     ports.Repository
	raws     ports.SourceVault
	clock    ports.Clock
	observer ports.Observer
}

// IngestCommand is a page and where it was read, or that it was pushed.
type IngestCommand struct {
	Connection domain.ConnectionState
	From       string // the cursor that the page was read from
	Page       ports.Page

	// Pushed says that the page was sent to inbound addresses of the connection and not read from its source, so that it has
	// no cursor and only a disabled connection supersedes it. Addresses are those of its messages, one for each, with the zero id
	// where an address need not take notice; or empty: then none is validated.
	Pushed    bool
	Addresses []domain.InboundAddressID
}

// Run stores the page's messages, each once, on the right tickets, and moves the cursor from From to Page.Next. What
// cannot be mapped is stored as rejected with its raw. Sources are stored sealed. Inbound addresses that a pushed message
// proves are validated, and the first makes a PENDING connection CONNECTED. It all happens or none of it.
//
// If another poller moved the cursor, or the connection does not read this source any more, the page is thrown away and
// the result says Superseded; a pushed one only if the connection is disabled. Running it again with the same page is
// therefore harmless. domain.ErrInvalid if the page holds more than domain.MaxPage messages, whose transaction would
// have no bounds, or names the addresses of some of them only. domain.ErrUnavailable if the database or the SecretStore with the tenant's key cannot be reached: nothing is stored.
func (u *Ingest) Run(ctx context.Context, cmd IngestCommand) (PollResult, error) {
	done, err := u.run(ctx, cmd)
	return done.PollResult, err
}

// ingested is what became of a page.
type ingested struct {
	PollResult
	stored     []domain.ExternalMessage
	rejectedAt []int // where in the page the rejected ones stood
}

func (u *Ingest) run(ctx context.Context, cmd IngestCommand) (done ingested, err error) {
	switch {
	case len(cmd.Page.Messages) > domain.MaxPage:
		return ingested{}, domain.Errorf(domain.ErrInvalid, "a page holds at most %d messages", domain.MaxPage)
	case len(cmd.Addresses) > 0 && len(cmd.Addresses) != len(cmd.Page.Messages):
		return ingested{}, domain.Errorf(domain.ErrInvalid, "name the address of every message, or of none")
	}
	c, began := cmd.Connection, u.clock.Now()
	screened := domain.Screen(c, cmd.Page.Messages)
	err = sealing(ctx, u.raws, c.Tenant, func(sealer ports.SourceSealer) (err error) {
		done, err = u.store(ctx, cmd, screened, sealer)
		return err
	})
	if errors.Is(err, errSuperseded) {
		done, err = ingested{PollResult: PollResult{Superseded: true}}, nil
	}
	if err == nil {
		u.observer.Ingested(ports.Ingested{
			Tenant: c.Tenant, Type: c.Type, Fetched: done.Fetched, Created: done.Created, Duplicates: done.Duplicates,
			Rejected: done.Rejected, Superseded: done.Superseded, Took: max(0, u.clock.Now().Sub(began)),
		})
		for _, m := range done.stored {
			u.observer.Received(ports.Received{Type: m.Type, Kind: m.Kind, Quarantine: m.Quarantine})
		}
	}
	return done, err
}

// errSuperseded ends the transaction of a page that somebody else was ahead of.
var errSuperseded = errors.New("superseded")

// store is one attempt at the page's transaction.
func (u *Ingest) store(ctx context.Context, cmd IngestCommand, screened domain.Screened, sealer ports.SourceSealer) (done ingested, err error) {
	c := cmd.Connection
	err = u.repo.Update(ctx, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
		conn, s, err := tx.Polls.Lock(ctx, c.ID)
		if err != nil {
			return err
		}
		if !cmd.advance(conn, s, u.clock.Now()) {
			return errSuperseded
		}
		in, err := u.mapPage(ctx, tx, conn.State(), screened) // as it is stored: who pushes knows no more than its id
		if err != nil {
			return err
		}
		if len(in.Messages) > 0 {
			s.RecordArrival(u.clock.Now())
		}
		if len(in.Messages) > 0 || !cmd.Pushed { // else it has not changed
			in.Sync = s
		}
		if err := sealAll(sealer, in); err != nil {
			return err
		}
		if err := tx.Pages.Store(ctx, in); err != nil {
			return err
		}
		if err := u.receive(ctx, tx, cmd, conn); err != nil {
			return err
		}
		if err := enqueueOrders(ctx, tx, conn.State(), ticketsOf(in), orderFreshFor, u.clock.Now()); err != nil {
			return err
		}
		done = ingested{stored: in.Messages, rejectedAt: screened.RejectedAt, PollResult: PollResult{
			Fetched: len(cmd.Page.Messages), Created: len(in.Messages), Rejected: len(in.Rejected),
			Duplicates: len(cmd.Page.Messages) - len(in.Messages) - len(in.Rejected),
		}}
		return nil
	})
	if err != nil {
		return ingested{}, err
	}
	return done, nil
}

// ticketsOf returns the tickets that an intake opens or changes.
func ticketsOf(in domain.PageWrite) []domain.TicketState {
	tickets := make([]domain.TicketState, 0, len(in.Opened)+len(in.Changed))
	for _, ticket := range slices.Concat(in.Opened, in.Changed) {
		tickets = append(tickets, ticket.State())
	}
	return tickets
}

// follows reports whether the page is still wanted, and moves the cursor behind it.
func (cmd IngestCommand) advance(conn *domain.Connection, s *domain.SyncState, now time.Time) bool {
	if cmd.Pushed {
		return conn.State().Status != domain.ConnectionDisabled
	}
	return s.Advance(cmd.From, cmd.Page.Next, now) == nil && conn.SameSource(cmd.Connection)
}

// mapPage leaves out what is known and threads the rest on to tickets.
func (u *Ingest) mapPage(ctx context.Context, tx ports.Tx, c domain.ConnectionState, page domain.Screened) (domain.PageWrite, error) {
	fresh, err := u.fresh(ctx, tx, c, page.Accepted)
	if err != nil || len(fresh) == 0 {
		return domain.PageWrite{Rejected: slices.Clone(page.Rejected)}, err
	}
	now := u.clock.Now()
	book, err := tx.Pages.Candidates(ctx, c.ID, domain.Keys(fresh), domain.Earliest(fresh, now))
	if err != nil {
		return domain.PageWrite{}, err
	}
	in := domain.Thread(c, fresh, book, now)
	in.Rejected = slices.Clone(page.Rejected) // sealed in place, and plain again for another attempt
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
	known, err := tx.Pages.Known(ctx, c.Type, ids)
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
