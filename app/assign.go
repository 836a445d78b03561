package app

import (
	"context"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Assign puts something out of quarantine on a ticket, because a person has read it and knows where it belongs.
type Assign struct {
	repo  ports.Repository
	get   *GetQuarantined
	raws  ports.SourceVault
	clock ports.Clock
}

// AssignCommand says who puts what on which ticket.
type AssignCommand struct {
	Tenant domain.TenantID
	ID     domain.QuarantineID
	Ticket domain.TicketID // any of the tenant's, a MANUAL one too
	By     string          // the token's subject, for the record
}

// Run puts it on the ticket as [domain.Assign] says, ends its quarantine and records who did, all of it or nothing. It returns
// the ticket's new message, and the zero id if what came of it is an event. A rejected message becomes a stored one.
//
// Running it again is domain.ErrNotFound: it is not in quarantine any more. So is a ticket that the tenant does not have,
// and, with [ErrErased], a message that nobody can read any more: that can only be dismissed.
func (u *Assign) Run(ctx context.Context, cmd AssignCommand) (id domain.TicketMessageID, err error) {
	q, raw, err := u.get.Raw(ctx, QuarantineQuery{cmd.Tenant, cmd.ID})
	if err != nil {
		return id, err
	}
	m := u.get.raws.read(ctx, q, raw)
	err = sealing(ctx, u.raws, cmd.Tenant, func(sealer ports.SourceSealer) (err error) {
		id, err = u.assign(ctx, cmd, q, m, sealer)
		return err
	})
	return id, err
}

// assign is one attempt at the transaction.
func (u *Assign) assign(ctx context.Context, cmd AssignCommand, q domain.Quarantined, m domain.InboundMessage, sealer ports.SourceSealer,
) (id domain.TicketMessageID, err error) {
	err = u.repo.Update(ctx, cmd.Tenant, func(ctx context.Context, tx ports.Tx) error {
		if _, err := tx.SyncStates.Lock(ctx, q.Connection); err != nil {
			return err
		}
		if _, err := tx.Quarantine.Lock(ctx, cmd.ID); err != nil {
			return err
		}
		found, err := tx.Archive.LockConversations(ctx, []domain.TicketID{cmd.Ticket})
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return domain.Errorf(domain.ErrNotFound, "there is no such ticket")
		}
		var answers []domain.TicketMessage
		if q.Kind.AnswersMatter() || m.Kind.AnswersMatter() {
			if answers, err = answersOn(ctx, tx, cmd.Ticket); err != nil {
				return err
			}
		}
		now := u.clock.Now()
		in := domain.Assign(q, m, found[0].Ticket, answers, cmd.By, now)
		for _, message := range in.TicketMessages {
			id = message.ID
		}
		if err := sealAll(sealer, in); err != nil {
			return err
		}
		if err := end(ctx, tx, q, in, cmd.Ticket, now); err != nil {
			return err
		}
		if err := tx.Pages.Store(ctx, in); err != nil {
			return err
		}
		return recordQuarantined(ctx, tx, domain.AuditAssigned, q, cmd.By, "put on ticket "+cmd.Ticket.String(), now)
	})
	return id, err
}

// end ends the quarantine of what goes on a ticket; storing the intake does so for what joins it.
func end(ctx context.Context, tx ports.Tx, q domain.Quarantined, in domain.PageWrite, ticket domain.TicketID, now time.Time) error {
	switch {
	case q.Rejected:
		return tx.DeadLetters.MarkReplayed(ctx, domain.RejectedID(q.ID), now)
	case len(in.Joined) > 0:
		return nil
	}
	return tx.Quarantine.Assign(ctx, domain.MessageID(q.ID), ticket)
}

// answersOn returns what was sent on a ticket.
func answersOn(ctx context.Context, tx ports.Tx, ticket domain.TicketID) (answers []domain.TicketMessage, err error) {
	var after ports.Position
	for {
		page, err := tx.Tickets.Messages(ctx, ticket, after, MaxList)
		if err != nil || len(page) == 0 {
			return answers, err
		}
		for _, m := range page {
			if m.SenderType == domain.SenderAgent || m.SenderType == domain.SenderAI {
				answers = append(answers, m)
			}
			after = ports.Position{At: m.SentAt, ID: m.ID.String()}
		}
	}
}

// recordQuarantined records what a person did with something in quarantine.
func recordQuarantined(ctx context.Context, tx ports.Tx, action domain.AuditAction, q domain.Quarantined, by, cause string, now time.Time) error {
	return tx.Audit.Record(ctx, domain.AuditEntry{
		ID: domain.NewID[domain.AuditID](), Tenant: q.Tenant, Action: action, Subject: q.ID.String(), Actor: domain.ActorAgent,
		ActorID: by, Cause: cause, At: now,
	})
}
