package memory

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// transaction is one Update or View. It is used by one goroutine.
type transaction struct {
	tenant domain.TenantID
	rows   *rows
	view   bool
	locked map[any]bool // what this transaction may save, by a key of its own type: see connectionLock and its like
	broken error        // a change that failed; what is half done never commits, even if fn hides the error
}

// The keys of locked.
type (
	connectionLock domain.ConnectionID
	syncStateLock  domain.ConnectionID
	ticketLock     domain.TicketID
)

func (x *transaction) ports() ports.Tx {
	return ports.Tx{Connections: connections{x}, SyncStates: syncStates{x}, Tickets: tickets{x}, Intake: intake{x}}
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
		return domain.Errorf(domain.ErrInvalid, "this transaction did not lock what it saves")
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
	errNone  = domain.Errorf(domain.ErrNotFound, "there is no such thing")
	errThere = domain.Errorf(domain.ErrConflict, "it is there already")
)
