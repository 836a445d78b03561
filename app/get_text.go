package app

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// GetText shows the whole text of a ticket's message, with the greeting, the quotations and the footer that its body is
// without.
type GetText struct {
	repo ports.Repository
	raws rawReader
}

// TextQuery names a message of a tenant's ticket.
type TextQuery struct {
	TicketQuery
	Message domain.TicketMessageID
}

// Run reads the text again from the message as it came, with today's code. A message that did not come from a marketplace
// has no more than its body. domain.ErrNotFound if the tenant's ticket has no such message, with [ErrErased] if nobody can
// read it any more; domain.ErrForbidden if its marketplace is not read by this installation. It changes nothing.
func (u *GetText) Run(ctx context.Context, q TextQuery) (string, error) {
	var message domain.TicketMessage
	var stored domain.Stored
	err := u.repo.View(ctx, q.Tenant, func(ctx context.Context, tx ports.Tx) (err error) {
		if message, err = tx.Tickets.Message(ctx, q.Ticket, q.Message); err != nil || message.ExternalMessage == (domain.MessageID{}) {
			return err
		}
		stored, err = tx.Archive.Message(ctx, message.ExternalMessage)
		return err
	})
	if err != nil || message.ExternalMessage == (domain.MessageID{}) {
		return message.Body, err
	}
	interpreter, err := u.raws.interpreter(stored.Message.Type)
	if err != nil {
		return "", err
	}
	raw, err := u.raws.open(ctx, q.Tenant, stored.Message.Source)
	if err != nil {
		return "", err
	}
	if text := interpreter.Interpret(raw, stored.Message.ReceivedAt).FullText; text != "" {
		return text, nil
	}
	return message.Body, nil // nothing frames it
}
