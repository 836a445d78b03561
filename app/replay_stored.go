package app

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/domain/safety"
	"github.com/keybuzzio/marketplaces/ports"
)

// storedSince reads again what was stored since a time: the ids say when.
func (r *replaying) storedSince(ctx context.Context) error {
	after := domain.FirstID[domain.MessageID](r.cmd.Since)
	var total int
	err := r.repo.View(ctx, r.cmd.Tenant, func(ctx context.Context, tx ports.Tx) (err error) {
		total, err = tx.Archive.Count(ctx, after)
		return err
	})
	if err == nil {
		err = r.begin(ctx, total, r.cmd.Tenant.String(), "messages stored since "+r.cmd.Since.UTC().Format(time.RFC3339))
	}
	for err == nil {
		var page []domain.Stored
		err = r.repo.View(ctx, r.cmd.Tenant, func(ctx context.Context, tx ports.Tx) (err error) {
			page, err = tx.Archive.Messages(ctx, after, replayPage, replayBytes)
			return err
		})
		if err != nil || len(page) == 0 {
			return err
		}
		after = page[len(page)-1].Message.ID
		err = r.page(ctx, page)
	}
	return err
}

// oneStored reads one message again.
func (r *replaying) oneStored(ctx context.Context) error {
	var m domain.Stored
	err := r.repo.View(ctx, r.cmd.Tenant, func(ctx context.Context, tx ports.Tx) (err error) {
		m, err = tx.Archive.Message(ctx, r.cmd.Message)
		return err
	})
	if err == nil {
		err = r.begin(ctx, 1, r.cmd.Message.String(), "one message")
	}
	if err != nil {
		return err
	}
	return r.page(ctx, []domain.Stored{m})
}

// page reads messages again, outside any transaction, and rebuilds those that differ: a transaction a connection.
func (r *replaying) page(ctx context.Context, page []domain.Stored) error {
	differing := map[domain.ConnectionID]map[domain.MessageID]domain.InboundMessage{}
	for _, was := range page {
		if err := ctx.Err(); err != nil {
			return err
		}
		old := was.Message
		m, ok, err := r.interpret(ctx, old.Type, old.Source, old.ReceivedAt, old.ID)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		m.Source = domain.Source{} // it is not rewritten, and large
		switch again := domain.RereadMessage(was, m); {
		case len(again.Differences) == 0:
			r.result.Unchanged++
		case !again.Changed():
			r.result.Kept++
			r.report("message", old.ID, again.Differences...)
		default:
			if differing[old.Connection] == nil {
				differing[old.Connection] = map[domain.MessageID]domain.InboundMessage{}
			}
			differing[old.Connection][old.ID] = m
		}
	}
	for c, read := range differing {
		if err := r.rebuild(ctx, c, read); err != nil {
			return err
		}
	}
	r.progress()
	return nil
}

// rebuilt is what one transaction of a replay comes to.
type rebuilt struct {
	messages []*domain.Reread
	tickets  []ticketDifferences
	changed  []*domain.Ticket
}

type ticketDifferences struct {
	id          domain.TicketID
	differences []domain.Difference
}

// rebuild brings messages of one connection, by their ids, up to how they were read now.
func (r *replaying) rebuild(ctx context.Context, c domain.ConnectionID, read map[domain.MessageID]domain.InboundMessage) error {
	var out rebuilt
	err := r.again(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		if r.cmd.Apply {
			if _, err := tx.SyncStates.Lock(ctx, c); err != nil {
				return err
			}
		}
		if out, err = r.compare(ctx, tx, read); err != nil || !r.cmd.Apply {
			return err
		}
		return r.write(ctx, tx, c, out)
	})
	if err != nil {
		return err
	}
	for _, m := range out.messages {
		switch {
		case m.Changed():
			r.result.Changed++
		case len(m.Differences) > 0:
			r.result.Kept++
		default: // another replay was here meanwhile
			r.result.Unchanged++
		}
		if m.Ticketed() {
			r.result.Ticketed++
		}
		r.report("message", m.Was.Message.ID, m.Differences...)
	}
	for _, t := range out.tickets {
		r.report("ticket", t.id, t.differences...)
	}
	return nil
}

// compare looks how messages and their tickets are now and how they should be.
func (r *replaying) compare(ctx context.Context, tx ports.Tx, read map[domain.MessageID]domain.InboundMessage) (out rebuilt, err error) {
	present, err := tx.Archive.Present(ctx, slices.Collect(maps.Keys(read)))
	if err != nil {
		return out, err
	}
	onTicket := map[domain.TicketID][]*domain.Reread{}
	for _, was := range present {
		again := domain.RereadMessage(was, read[was.Message.ID])
		out.messages = append(out.messages, &again)
		if was.Message.Ticket != (domain.TicketID{}) && again.Changed() {
			onTicket[was.Message.Ticket] = append(onTicket[was.Message.Ticket], &again)
		}
	}
	conversations := tx.Archive.Conversations
	if r.cmd.Apply {
		conversations = tx.Archive.LockConversations
	}
	found, err := conversations(ctx, slices.Collect(maps.Keys(onTicket)))
	for _, k := range found {
		id := k.Ticket.State().ID
		differences := k.Ticket.Reread(onTicket[id], flagsOf(k, onTicket[id]), r.clock.Now())
		if len(differences) > 0 {
			out.changed = append(out.changed, k.Ticket)
			out.tickets = append(out.tickets, ticketDifferences{id, differences})
		}
	}
	return out, err
}

// flagsOf returns the flags of a conversation's messages and events, some of them read again, in the order in which they came.
func flagsOf(k ports.Conversation, again []*domain.Reread) (flags [][]safety.Flag) {
	all := make(map[uuid.UUID][]safety.Flag, len(k.Flags)+len(k.Events))
	for id, f := range k.Flags {
		all[id.UUID] = f
	}
	for id, f := range k.Events {
		all[id.UUID] = f
	}
	for _, m := range again {
		all[m.Is.Message.ID.UUID] = m.Is.Message.SafetyFlags
		if on := m.Is.OnTicket; on.ID != (domain.TicketMessageID{}) {
			all[on.ID.UUID] = on.SafetyFlags
		}
	}
	for _, id := range slices.SortedFunc(maps.Keys(all), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }) {
		flags = append(flags, all[id])
	}
	return flags
}

// write stores what differs. What is on tickets comes first, so that what arrives on them finds them as they have become.
func (r *replaying) write(ctx context.Context, tx ports.Tx, c domain.ConnectionID, out rebuilt) error {
	var settled []domain.Stored
	var arrived []*domain.Reread
	var page []domain.InboundMessage
	for _, m := range out.messages {
		switch {
		case m.Arrived != nil:
			arrived, page = append(arrived, m), append(page, *m.Arrived)
		case m.Changed():
			settled = append(settled, m.Is)
		}
	}
	if err := tx.Archive.Rewrite(ctx, settled); err != nil {
		return err
	}
	if err := tx.Pages.Store(ctx, domain.PageWrite{Changed: out.changed}); err != nil || len(arrived) == 0 {
		return err
	}
	now := r.clock.Now()
	book, err := tx.Pages.Candidates(ctx, c, domain.Keys(page), domain.Earliest(page, now))
	if err != nil {
		return err
	}
	conn, err := tx.Connections.Get(ctx, c)
	if err != nil {
		return err
	}
	if err := tx.Pages.Store(ctx, domain.Rethread(conn.State(), arrived, book, now)); err != nil {
		return err
	}
	ticketed := make([]domain.Stored, len(arrived))
	for i, m := range arrived {
		ticketed[i] = m.Is
	}
	return tx.Archive.Rewrite(ctx, ticketed)
}
