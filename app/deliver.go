package app

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Deliver takes mails that are pushed here. A receiver asks Route for each recipient, Reserve before it reads a large
// mail, and Run for each recipient when the mail is there; of what it refuses itself it tells Refuse.
//
// It has nothing to close. It works only while somebody waits for Run: a transaction that nobody waits for any more is
// undone. So receivers stop first, and what they did not answer was not acknowledged.
type Deliver struct {
	routes       ports.Routes
	ingest       *Ingest
	interpreters map[domain.MarketplaceType]ports.Interpreter
	observer     ports.Observer
	clock        ports.Clock
	log          *slog.Logger

	held    *semaphore.Weighted // bytes of large mails
	most    int64               // of held
	reading chan struct{}       // full while as many mails are interpreted as there are processors
	pages   chan struct{}       // full while maxPages are being stored

	mu      sync.Mutex
	waiting map[domain.ConnectionID][]*delivery // by what they wait for; an entry is there while work runs
}

func newDeliver(d Deps, ingest *Ingest) *Deliver {
	most := d.HeldMail
	if most == 0 {
		most = defaultHeldMail
	}
	return &Deliver{
		routes: d.Routes, ingest: ingest, interpreters: d.Interpreters, observer: d.Observer, clock: d.Clock, log: d.Log,
		held: semaphore.NewWeighted(most), most: most,
		reading: make(chan struct{}, runtime.GOMAXPROCS(0)), pages: make(chan struct{}, maxPages),
		waiting: map[domain.ConnectionID][]*delivery{},
	}
}

// Route says whose address a recipient is, before the mail itself is taken. domain.ErrNotFound for an address that is
// nobody's, domain.ErrForbidden for a retired one: both are refused for good. domain.ErrUnavailable when the database cannot
// be asked: not now.
func (u *Deliver) Route(ctx context.Context, recipient string) (domain.InboundAddressState, error) {
	address := domain.NormalAddress(recipient)
	if address == "" || u.routes == nil {
		return domain.InboundAddressState{}, domain.Errorf(domain.ErrNotFound, "there is no such address here")
	}
	a, err := u.routes.Route(ctx, address)
	if err == nil && a.Status == domain.AddressRetired {
		err = domain.Errorf(domain.ErrForbidden, "the address is retired and takes no mail any more")
	}
	if domain.KindOf(err) == domain.ErrNotFound {
		err = domain.Errorf(domain.ErrNotFound, "there is no such address here")
	}
	if err != nil {
		return domain.InboundAddressState{}, err
	}
	return a, nil
}

// DeliverCommand is one mail for one address.
type DeliverCommand struct {
	Address domain.InboundAddressState // from Route
	Via     ports.DeliveryWay
	Source  domain.Source
	Arrived time.Time // when its last byte came
}

// Run stores the mail and returns when it is committed: created, a duplicate, or rejected with its raw kept. Mails that
// come at the same time for one connection share a transaction, and each has its own answer: one that cannot be stored
// does not keep the others from it. Running it again with the same mail gives a duplicate.
//
// domain.ErrForbidden if the connection has been disconnected: refuse the mail for good. Any other error is for now: the
// sender must keep the mail and send it again. After ctx's error the mail may be stored all the same.
func (u *Deliver) Run(ctx context.Context, cmd DeliverCommand) (ports.DeliveryOutcome, error) {
	m, err := u.read(ctx, cmd)
	var outcome ports.DeliveryOutcome
	if err == nil {
		m.Recipient = cmd.Address.Address
		outcome, err = u.store(ctx, cmd.Address, m)
	}
	switch {
	case domain.KindOf(err) == domain.ErrForbidden:
		outcome = ports.DeliveryRetired
	case err != nil:
		outcome = ports.DeliveryDeferred
	}
	u.Report(cmd.Via, outcome, cmd.Arrived)
	return outcome, err
}

// Report tells the observer of a mail that was answered: by Run, or by a receiver: it refused the recipient, the mail or the
// sender. arrived is when that was sent, or when the last byte of the mail came.
func (u *Deliver) Report(via ports.DeliveryWay, outcome ports.DeliveryOutcome, arrived time.Time) {
	u.observer.Delivered(ports.Delivered{Via: via, Outcome: outcome, Took: max(0, u.clock.Now().Sub(arrived))})
}

// read interprets the mail. One whose reading panics is unreadable, so that it is kept and blocks nobody.
func (u *Deliver) read(ctx context.Context, cmd DeliverCommand) (m domain.InboundMessage, err error) {
	a := cmd.Address
	interpreter := u.interpreters[a.Type]
	if interpreter == nil {
		return m, domain.Errorf(domain.ErrUnavailable, "%s is not read by this installation", a.Type.Title())
	}
	select {
	case u.reading <- struct{}{}:
	case <-ctx.Done():
		return m, ctx.Err()
	}
	defer func() {
		<-u.reading
		if p := recover(); p != nil {
			u.log.ErrorContext(ctx, "reading a mail panicked", "tenant", a.Tenant.String(), "connection", a.Connection.String(),
				"digest", domain.DigestOf(cmd.Source.Bytes).String(), "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			m = domain.InboundMessage{ReceivedAt: cmd.Arrived, Source: cmd.Source, Unreadable: "reading the mail failed"}
		}
	}()
	return interpreter.Interpret(cmd.Source, cmd.Arrived), nil
}
