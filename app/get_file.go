package app

import (
	"context"
	"slices"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// GetFile gives out a file that came with a message of a ticket.
type GetFile struct {
	repo ports.Repository
	raws rawReader
}

// FileQuery names a file of a tenant's ticket.
type FileQuery struct {
	TicketQuery
	File domain.FileID
}

// Run returns the file and its content, taken out of the message as it came. domain.ErrNotFound if the tenant's ticket has
// no such file or the file is listed only (domain.FileNotRead), with [ErrErased] if nobody can read it any more;
// domain.ErrConflict if today's code finds another file in its place, which a replay of the message mends;
// domain.ErrForbidden if its marketplace is not read by this installation. It changes nothing.
func (u *GetFile) Run(ctx context.Context, q FileQuery) (f domain.File, content []byte, err error) {
	var message domain.ExternalMessage
	err = u.repo.View(ctx, q.Tenant, func(ctx context.Context, tx ports.Tx) (err error) {
		f, message, err = tx.Tickets.File(ctx, q.Ticket, q.File)
		return err
	})
	if err != nil {
		return domain.File{}, nil, err
	}
	if slices.Contains(f.Flags, domain.FileNotRead) {
		return domain.File{}, nil, domain.Errorf(domain.ErrNotFound, "the file is too large, or one of too many: it is listed and not given out")
	}
	if content, err = u.content(ctx, q.Tenant, f, message); err != nil {
		return domain.File{}, nil, err
	}
	return f, content, nil
}

func (u *GetFile) content(ctx context.Context, tenant domain.TenantID, f domain.File, m domain.ExternalMessage) ([]byte, error) {
	interpreter, err := u.raws.interpreter(m.Type)
	if err != nil {
		return nil, err
	}
	raw, err := u.raws.open(ctx, tenant, m.Source)
	if err != nil {
		return nil, err
	}
	content, err := interpreter.File(raw, f.Number)
	if err != nil {
		return nil, err
	}
	if domain.DigestOf(content) != f.Digest {
		return nil, domain.Errorf(domain.ErrConflict, "the message's files are read in another way today: have the message replayed")
	}
	return content, nil
}
