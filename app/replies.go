package app

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/domain/content"
	"github.com/keybuzzio/marketplaces/ports"
)

// ReplyQuery names a reply of a tenant.
type ReplyQuery struct {
	Tenant domain.TenantID
	Ticket domain.TicketID // that it must be on; zero for any
	Reply  domain.ReplyID
}

// GetReply reads one reply.
type GetReply struct{ repo ports.Repository }

// Run returns the reply with its text. domain.ErrNotFound if the tenant's ticket has none with this id.
func (u *GetReply) Run(ctx context.Context, q ReplyQuery) (w WrittenReply, err error) {
	err = u.repo.View(ctx, q.Tenant, func(ctx context.Context, tx ports.Tx) error {
		w, err = read(ctx, tx, q)
		return err
	})
	return w, err
}

func read(ctx context.Context, tx ports.Tx, q ReplyQuery) (WrittenReply, error) {
	r, err := tx.Replies.Get(ctx, q.Reply)
	if err != nil {
		return WrittenReply{}, err
	}
	s := r.State()
	if (q.Ticket != domain.TicketID{}) && s.Ticket != q.Ticket {
		return WrittenReply{}, domain.Errorf(domain.ErrNotFound, "the ticket has no such reply")
	}
	m, err := tx.Tickets.Message(ctx, s.Ticket, s.Message)
	return WrittenReply{s, m.Body}, err
}

// ListReplies reads replies, page by page.
type ListReplies struct {
	repo  ports.Repository
	clock ports.Clock
}

// ListRepliesQuery selects replies of a tenant.
type ListRepliesQuery struct {
	Tenant domain.TenantID
	ports.ReplyQuery

	// Unconfirmed selects, beside Deliveries, replies that were accepted more than an hour ago and of which no copy came.
	Unconfirmed bool
}

// confirmedWithin is how long the copy of an answer usually takes at most.
const confirmedWithin = time.Hour

// Run returns the replies, newest first, and the position to go on from: the zero Position when there are no more.
// domain.ErrInvalid if the limit is not 1 to MaxList.
func (u *ListReplies) Run(ctx context.Context, q ListRepliesQuery) (all []domain.ReplyState, next ports.Position, err error) {
	position := func(s domain.ReplyState) ports.Position { return ports.Position{At: s.CreatedAt, ID: s.ID.String()} }
	return list(ctx, u.repo, q.Tenant, q.Limit, func(ctx context.Context, tx ports.Tx, limit int) ([]domain.ReplyState, error) {
		if (q.Ticket != domain.TicketID{}) {
			if _, err := tx.Tickets.Get(ctx, q.Ticket); err != nil {
				return nil, err
			}
		}
		query := q.ReplyQuery
		query.Limit = limit
		if q.Unconfirmed {
			query.Deliveries, query.Before = []domain.DeliveryStatus{domain.DeliveryAccepted}, u.clock.Now().Add(-confirmedWithin)
		}
		return tx.Replies.List(ctx, query)
	}, position)
}

// CancelReply takes a reply back that has not left.
type CancelReply struct {
	repo  ports.Repository
	clock ports.Clock
}

// ReplyAct is what a person does about a reply.
type ReplyAct struct {
	ReplyQuery
	By string // the token's subject
}

// Run returns the reply, CANCELLED, with its text as it was. A cancelled one stays so. domain.ErrConflict once it is leaving
// or has left; domain.ErrNotFound if the tenant has none with this id. Of a cancel and a sending that meet, one is first, and
// the other finds out.
func (u *CancelReply) Run(ctx context.Context, cmd ReplyAct) (WrittenReply, error) {
	return settleReply(ctx, u.repo, cmd, u.clock.Now(), func(_ context.Context, _ ports.Tx, r *domain.Reply) error {
		if r.State().Delivery == domain.DeliveryCancelled {
			return nil
		}
		return r.Cancel(u.clock.Now())
	})
}

// ResolveReply notes what a person found out about a reply whose outcome nobody knows.
type ResolveReply struct {
	repo  ports.Repository
	clock ports.Clock
}

// ResolveCommand is what was found out.
type ResolveCommand struct {
	ReplyAct
	Sent bool // the buyer has it; else it was not sent, and may be written again
}

// Run notes and audits it. domain.ErrConflict unless the reply is UNKNOWN; domain.ErrNotFound if there is none.
func (u *ResolveReply) Run(ctx context.Context, cmd ResolveCommand) (WrittenReply, error) {
	return settleReply(ctx, u.repo, cmd.ReplyAct, u.clock.Now(), func(ctx context.Context, tx ports.Tx, r *domain.Reply) error {
		if err := r.Resolve(cmd.Sent, u.clock.Now()); err != nil {
			return err
		}
		return tx.Audit.Record(ctx, domain.AuditEntry{
			ID: domain.NewID[domain.AuditID](), Tenant: cmd.Tenant, Action: domain.AuditReplyResolved, Subject: cmd.Reply.String(),
			Actor: domain.ActorAgent, ActorID: cmd.By, Cause: r.State().Cause, At: u.clock.Now(),
		})
	})
}

// settleReply changes a reply under the locks of its ticket and its own, and stores what follows for the ticket.
func settleReply(ctx context.Context, repo ports.Repository, cmd ReplyAct, now time.Time,
	change func(context.Context, ports.Tx, *domain.Reply) error,
) (w WrittenReply, err error) {
	err = repo.Update(ctx, cmd.Tenant, func(ctx context.Context, tx ports.Tx) error {
		if w, err = read(ctx, tx, cmd.ReplyQuery); err != nil {
			return err
		}
		conversation, err := tx.Conversations.Lock(ctx, w.Ticket)
		if err != nil {
			return err
		}
		r, err := tx.Replies.Lock(ctx, cmd.Reply)
		if err != nil {
			return err
		}
		before := r.State()
		if err := change(ctx, tx, r); err != nil {
			return err
		}
		if w.ReplyState = r.State(); w.Delivery == before.Delivery && w.Attempts == before.Attempts && w.DueAt.Equal(before.DueAt) {
			return nil
		}
		if err := tx.Replies.Save(ctx, r); err != nil {
			return err
		}
		events := conversation.Ticket.Settle(w.ReplyState, cmd.By, now)
		if len(events) == 0 {
			return nil
		}
		return tx.Conversations.Save(ctx, domain.ConversationWrite{Ticket: conversation.Ticket, Events: events})
	})
	if err != nil {
		return WrittenReply{}, err
	}
	return w, nil
}

// CheckReply says what the rules of a ticket's marketplace have against a text. It stores nothing.
type CheckReply struct {
	repo  ports.Repository
	write *WriteReply
}

// CheckCommand is a text for a ticket.
type CheckCommand struct {
	TicketQuery
	Text, Language string
}

// Run returns the violations, none if the text may leave. domain.ErrNotFound if the tenant has no such ticket.
func (u *CheckReply) Run(ctx context.Context, cmd CheckCommand) (found []content.Violation, err error) {
	err = u.repo.View(ctx, cmd.Tenant, func(ctx context.Context, tx ports.Tx) error {
		c, err := tx.Conversations.Get(ctx, cmd.Ticket)
		if err == nil {
			found = u.write.check(domain.MarketplaceType(c.Ticket.State().Channel), cmd.Text, cmd.Language, content.Buyer{Language: c.Buyer.Language})
		}
		return err
	})
	return found, err
}

// AddNote leaves a note for colleagues on a ticket. It never leaves the house.
type AddNote struct {
	repo  ports.Repository
	clock ports.Clock
}

// NoteCommand is a note.
type NoteCommand struct {
	TicketQuery
	Author string // the token's subject
	Text   string
}

// MaxNote is the most bytes of a note.
const MaxNote = 64 << 10

// Run stores the note; running it twice stores two. domain.ErrInvalid for a note without words or longer than MaxNote;
// domain.ErrNotFound if the tenant has no such ticket.
func (u *AddNote) Run(ctx context.Context, cmd NoteCommand) (note domain.TicketMessage, err error) {
	if strings.TrimSpace(cmd.Text) == "" || len(cmd.Text) > MaxNote || !utf8.ValidString(cmd.Text) || strings.Contains(cmd.Text, "\x00") {
		return note, domain.Errorf(domain.ErrInvalid, "body: write a note of up to %d bytes", MaxNote)
	}
	err = u.repo.Update(ctx, cmd.Tenant, func(ctx context.Context, tx ports.Tx) error {
		c, err := tx.Conversations.Lock(ctx, cmd.Ticket)
		if err != nil {
			return err
		}
		var event domain.TicketEvent
		note, event = c.Ticket.Note(cmd.Author, cmd.Text, u.clock.Now())
		return tx.Conversations.Save(ctx, domain.ConversationWrite{Messages: []domain.TicketMessage{note}, Events: []domain.TicketEvent{event}})
	})
	return note, err
}
