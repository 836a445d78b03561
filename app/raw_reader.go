package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// ErrErased is part of what is returned for a message of which nobody can read any more how it came, because the tenant's
// keys were erased. The error's kind is domain.ErrNotFound.
var ErrErased = errors.New("erased")

// rawReader opens messages as they came and reads them with today's code. It waits on the network.
type rawReader struct {
	raws         ports.SourceVault
	interpreters map[domain.MarketplaceType]ports.Interpreter
	log          *slog.Logger
}

// open returns a raw as it came. ErrErased if nobody can read it any more; one that is damaged is a fault of ours.
func (r rawReader) open(ctx context.Context, tenant domain.TenantID, kept domain.StoredSource) (domain.Source, error) {
	raw, err := r.raws.Open(ctx, tenant, kept)
	switch domain.KindOf(err) {
	case domain.ErrNotFound:
		err = domain.Wrap(domain.ErrNotFound, errors.Join(ErrErased, err), "the message as it came was erased: nobody can read it any more")
	case domain.ErrInvalid:
		err = fmt.Errorf("open raw %s: %v", kept.Digest, err) // no caller's fault: its kind must not say so
	}
	return raw, err
}

// interpreter returns what reads a marketplace. domain.ErrForbidden where nothing does.
func (r rawReader) interpreter(t domain.MarketplaceType) (ports.Interpreter, error) {
	if i := r.interpreters[t]; i != nil {
		return i, nil
	}
	return nil, domain.Errorf(domain.ErrForbidden, "%s is not read by this installation", t.Title())
}

// read returns what today's code makes of a raw. What cannot be read, for whatever reason, is Unreadable and says why.
func (r rawReader) read(ctx context.Context, q domain.Quarantined, raw domain.Source) (m domain.InboundMessage) {
	unreadable := func(why string) domain.InboundMessage {
		return domain.InboundMessage{Source: raw, ReceivedAt: q.ReceivedAt, Unreadable: why}
	}
	interpreter, err := r.interpreter(q.Type)
	if err != nil {
		return unreadable(domain.Message(err))
	}
	defer func() {
		if p := recover(); p != nil {
			// The value may hold a buyer's text; its type and the stack do not.
			r.log.ErrorContext(ctx, "reading a message panicked", "tenant", q.Tenant.String(), "message", q.ID.String(),
				"panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			m = unreadable("reading it fails for a fault of ours")
		}
	}()
	return interpreter.Interpret(raw, q.ReceivedAt)
}
