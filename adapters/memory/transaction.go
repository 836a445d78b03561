package memory

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// transaction is one Update or View. It is used by one goroutine.
type transaction struct {
	store  *Store
	tenant domain.TenantID
	rows   *rows
	view   bool
	locked map[any]bool                 // what this transaction may save, by a key of its own type: see connectionLock and its like
	broken error                        // a change that failed; what is half done never commits, even if fn hides the error
	routes []domain.InboundAddressState // addresses that are new
}

// The keys of locked.
type (
	connectionLock domain.ConnectionID
	syncStateLock  domain.ConnectionID
	ticketLock     domain.TicketID
	waitingLock    domain.MessageID // a message that a Candidates says is waiting
	quarantineLock domain.QuarantineID
	addressLock    domain.InboundAddressID
	consentLock    domain.ConsentID
	replyLock      domain.ReplyID
)

func (x *transaction) ports() ports.Tx {
	return ports.Tx{
		Connections: connections{x}, SyncStates: syncStates{x}, Polls: polls{x}, Tickets: tickets{x}, Pages: intake{x},
		Jobs: jobs{x}, Audit: audit{x}, Archive: archive{x}, DeadLetters: rejects{x},
		Quarantine: quarantine{x}, Addresses: addresses{x}, Sources: raws{x}, SourceKeys: rawKeys{x},
		Authorizations: authorizations{x}, Consents: consents{x}, Orders: orders{x},
		Conversations: conversations{x}, Replies: replies{x},
	}
}

// change is what every method asks first that changes or locks rows.
func (x *transaction) change(ctx context.Context) error {
	if x.view {
		return domain.Errorf(domain.ErrInvalid, "a View neither changes nor locks")
	}
	return ctx.Err()
}

// holds is what saving asks: nil if this transaction has the lock.
func (x *transaction) holds(lock any) error {
	if !x.locked[lock] {
		return errUnlocked
	}
	return nil
}

// fail breaks the transaction if err is one.
func (x *transaction) fail(err error) error {
	if err != nil && x.broken == nil {
		x.broken = err
	}
	return err
}

var (
	errNone     = domain.Errorf(domain.ErrNotFound, "there is no such thing")
	errUnlocked = domain.Errorf(domain.ErrInvalid, "this transaction did not lock what it saves")
	errThere    = domain.Errorf(domain.ErrConflict, "it is there already")
	errLimit    = domain.Errorf(domain.ErrInvalid, "limit: at least 1")
)
