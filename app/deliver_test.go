package app_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

var errDown = domain.Errorf(domain.ErrUnavailable, "the database is away")

func TestRouteSaysWhoseAnAddressIs(t *testing.T) {
	t.Parallel()
	s := newDeliverStage(t)
	retired := s.newAddress(t, "seller", "FR")
	if _, err := s.RetireAddress.Run(t.Context(), app.RetireAddressCommand{Tenant: retired.Tenant, Address: retired.ID, By: "test"}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		recipient string
		want      error // nil: it is the stage's address
	}{
		"the address":            {s.address.Address, nil},
		"in capitals":            {strings.ToUpper(s.address.Address), nil},
		"retired":                {retired.Address, domain.ErrForbidden},
		"nobody's":               {"amazon.x.de.abc@in.example.com", domain.ErrNotFound},
		"a bounce's":             {"", domain.ErrNotFound},
		"with a line end in it":  {s.address.Address + "\r\nX: y", domain.ErrNotFound},
		"with a quote in it":     {`"a b"@in.example.com`, domain.ErrNotFound},
		"in letters of Unicode":  {"ämazon@in.example.com", domain.ErrNotFound},
		"longer than any can be": {strings.Repeat("a", 400) + "@in.example.com", domain.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			a, err := s.Deliver.Route(t.Context(), c.recipient)
			is.Equal(domain.KindOf(err), c.want)
			is.Equal(a.ID == s.address.ID, c.want == nil)
		})
	}
	s.repo.cue(func(context.Context) error { return errDown })
	_, err := s.Deliver.Route(t.Context(), s.address.Address)
	is.New(t).True(errors.Is(err, domain.ErrUnavailable)) // not unknown: that would lose the mail
}

func TestDeliverAnswersWhatBecameOfAMail(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newDeliverStage(t)
	french := s.newAddress(t, "seller", "FR")
	is.Equal(s.deliver(t.Context(), letter("m-1")), delivered{ports.DeliveryStored, nil})
	is.Equal(s.deliver(t.Context(), letter("m-1")), delivered{ports.DeliveryDuplicate, nil})
	is.Equal(s.deliverTo(t.Context(), french, letter("m-1")), delivered{ports.DeliveryDuplicate, nil}) // a copy to another address
	is.Equal(s.deliver(t.Context(), "\nno id"), delivered{ports.DeliveryRejected, nil})
	is.Equal(s.deliver(t.Context(), "panic\nx"), delivered{ports.DeliveryRejected, nil}) // kept, and nobody dies of it
	is.Equal(s.observer.all, []string{"lmtp stored", "lmtp duplicate", "lmtp duplicate", "lmtp rejected", "lmtp rejected"})
	err := s.store.View(t.Context(), s.address.Tenant, func(ctx context.Context, tx ports.Tx) error {
		all, err := tx.Quarantine.List(ctx, ports.Position{}, 10)
		is.Equal(len(all), 2) // both can be seen
		return err
	})
	is.NoErr(err)
}

func TestDeliverRefusesForADisconnectedSeller(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newDeliverStage(t)
	_, err := s.Disconnect.Run(t.Context(), app.DisconnectCommand{Tenant: s.address.Tenant, Marketplace: domain.Amazon})
	is.NoErr(err)
	end := s.deliver(t.Context(), letter("m-1"))
	is.Equal(end.outcome, ports.DeliveryRetired)
	is.True(errors.Is(end.err, domain.ErrForbidden))
	is.Equal(s.known(t, "m-1"), map[string]bool{})
}

// While a page is stored, what comes gathers: it needs one transaction, whatever its number.
func TestDeliverGathersWhatComesAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), newDeliverStage(t)
		free := make(chan struct{})
		s.repo.cue(func(context.Context) error { <-free; return nil })
		ends := []<-chan delivered{s.later(t.Context(), letter("first"))}
		synctest.Wait() // its transaction is open
		for i := range 40 {
			ends = append(ends, s.later(t.Context(), letter(fmt.Sprint("m-", i))))
		}
		synctest.Wait()
		close(free)
		for _, end := range ends {
			is.Equal(<-end, delivered{ports.DeliveryStored, nil})
		}
		is.Equal(s.repo.count(), 2)
	})
}

// An address is looked up again and locked by the mails of which it has to take notice only: of many in a minute by the first.
func TestDeliverLocksAnAddressOnlyToChangeIt(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newDeliverStage(t)
	deliver := func(id string) (locked int) {
		routed, err := s.Deliver.Route(t.Context(), s.address.Address)
		is.NoErr(err)
		before := s.repo.locked.Load()
		is.Equal(s.deliverTo(t.Context(), routed, letter(id)), delivered{ports.DeliveryStored, nil})
		return int(s.repo.locked.Load() - before)
	}
	is.Equal([]int{deliver("m-1"), deliver("m-2"), deliver("m-3")}, []int{1, 0, 0})
	s.clock.Advance(time.Minute)
	is.Equal([]int{deliver("m-4"), deliver("m-5")}, []int{1, 0})
	routed, err := s.Deliver.Route(t.Context(), s.address.Address)
	is.NoErr(err)
	is.Equal(routed.LastMailAt, noon.Add(time.Minute))
}

// Copies of a message that come at once are one message, even if their words differ: as if they had come one by one.
func TestDeliverTellsCopiesApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), newDeliverStage(t)
		free := make(chan struct{})
		s.repo.cue(func(context.Context) error { <-free; return nil })
		first := s.later(t.Context(), letter("first"))
		synctest.Wait()
		count := map[ports.DeliveryOutcome]int{}
		var ends []<-chan delivered
		for i := range 4 {
			ends = append(ends, s.later(t.Context(), letter("copy")+fmt.Sprint(i)), s.later(t.Context(), fmt.Sprint("\nno id ", i)))
		}
		synctest.Wait()
		close(free)
		for _, end := range append(ends, first) {
			e := <-end
			is.NoErr(e.err)
			count[e.outcome]++
		}
		is.Equal(count, map[ports.DeliveryOutcome]int{ports.DeliveryStored: 2, ports.DeliveryDuplicate: 3, ports.DeliveryRejected: 4})
		is.Equal(s.repo.count(), 5) // the first; then one for each copy, the others along with the first of them
	})
}

func TestDeliverBoundsPagesByBytes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), newDeliverStage(t)
		free := make(chan struct{})
		s.repo.cue(func(context.Context) error { <-free; return nil })
		ends := []<-chan delivered{s.later(t.Context(), letter("first"))}
		synctest.Wait()
		for i, size := range []int{3 << 20, 1 << 20, 900 << 10, 900 << 10} { // alone; two together; one more
			ends = append(ends, s.later(t.Context(), letter(fmt.Sprint("m-", i))+strings.Repeat(".", size)))
			synctest.Wait()
		}
		close(free)
		for _, end := range ends {
			is.Equal(<-end, delivered{ports.DeliveryStored, nil})
		}
		is.Equal(s.repo.count(), 4)
	})
}

// What keeps a page from being stored is told to everyone who waits for it, and kept from being permanent.
func TestDeliverDefers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		vault, repo error
		updates     int
	}{
		"no database":                {repo: errDown, updates: 1},
		"others are first each time": {repo: domain.Errorf(domain.ErrConflict, "first"), updates: 3},
		"no keys":                    {vault: errDown, updates: 0},
		"a vault that lets us not":   {vault: domain.Errorf(domain.ErrForbidden, "no"), updates: 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, s := is.New(t), newDeliverStage(t)
			s.vault.err = c.vault
			s.repo.cue(func(context.Context) error { return c.repo })
			end := s.deliver(t.Context(), letter("m-1"))
			is.Equal(end.outcome, ports.DeliveryDeferred)
			is.True(!errors.Is(end.err, domain.ErrNotFound) && domain.KindOf(end.err) != domain.ErrForbidden) // not for good
			is.Equal(s.repo.count(), c.updates)
			is.Equal(s.observer.all, []string{"lmtp deferred"})
			s.vault.err = nil
			s.repo.cue(nil)
			is.Equal(s.deliver(t.Context(), letter("m-1")), delivered{ports.DeliveryStored, nil})
		})
	}
}

// One mail that cannot be stored for a bug of ours is put off alone.
func TestDeliverPutsOffOnlyWhatIsPoison(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), newDeliverStage(t)
		free := make(chan struct{})
		s.repo.cue(func(context.Context) error { <-free; return nil })
		first := s.later(t.Context(), letter("first"))
		synctest.Wait()
		var ends []<-chan delivered
		for i := range 9 {
			raw := letter(fmt.Sprint("m-", i))
			if i == 4 {
				raw += " poison"
			}
			ends = append(ends, s.later(t.Context(), raw))
			synctest.Wait()
		}
		close(free)
		is.NoErr((<-first).err)
		for i, end := range ends {
			e := <-end
			is.Equal(e.err != nil, i == 4)
			is.Equal(e.outcome == ports.DeliveryDeferred, i == 4)
		}
		is.Equal(s.repo.count(), 1+1+9)
	})
}

func TestDeliverSurvivesAPanicOfTheStore(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newDeliverStage(t)
	s.repo.cue(func(context.Context) error { panic("x") })
	is.Equal(s.deliver(t.Context(), letter("m-1")).outcome, ports.DeliveryDeferred)
	s.repo.cue(nil)
	is.Equal(s.deliver(t.Context(), letter("m-1")).outcome, ports.DeliveryStored)
}

// Who leaves takes nobody along: what nobody waits for is not stored, and a transaction goes on for those who stay.
func TestDeliverGoesOnWithoutThoseWhoLeave(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), newDeliverStage(t)
		free := make(chan struct{})
		s.repo.cue(func(context.Context) error { <-free; return nil })
		first := s.later(t.Context(), letter("first"))
		synctest.Wait()
		ctx, leave := context.WithCancel(t.Context())
		stays, leaves := s.later(t.Context(), letter("stays")), s.later(ctx, letter("leaves"))
		synctest.Wait()
		leave()
		e := <-leaves
		is.Equal(e.outcome, ports.DeliveryDeferred)
		is.True(errors.Is(e.err, context.Canceled))
		close(free)
		is.NoErr((<-first).err)
		is.NoErr((<-stays).err)
		is.Equal(s.known(t, "first", "stays", "leaves"), map[string]bool{"first": true, "stays": true})
	})
}

// A transaction that nobody waits for any more ends, so that stopping needs nothing but that receivers give up.
func TestDeliverEndsWithTheLastWhoWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), newDeliverStage(t)
		s.repo.cue(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		ctx, leave := context.WithCancel(t.Context())
		end := s.later(ctx, letter("m-1"))
		synctest.Wait()
		leave()
		is.True(errors.Is((<-end).err, context.Canceled))
		synctest.Wait() // the bubble ends only when nothing of it is left
	})
}

// A database that does not answer defers the mail, and holds nothing for good.
func TestDeliverWaitsForADatabaseThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), newDeliverStage(t)
		s.repo.cue(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		e := s.deliver(t.Context(), letter("m-1"))
		is.Equal(e.outcome, ports.DeliveryDeferred)
		is.Equal(domain.KindOf(e.err), domain.ErrUnavailable)
	})
}

// Two processes take the same mails from many senders: each is stored once, and told so once.
func TestDeliverMeetsAnotherProcess(t *testing.T) {
	t.Parallel()
	const mails, senders = 60, 8
	s := newDeliverStage(t)
	processes := []*app.App{s.App, s.process(t)}
	var (
		all    sync.WaitGroup
		mu     sync.Mutex
		stored = map[string]int{}
	)
	for sender := range senders {
		all.Go(func() {
			for i := range mails {
				raw := letter(fmt.Sprint("m-", i))
				outcome, err := processes[sender%2].Deliver.Run(t.Context(), app.DeliverCommand{
					Address: s.address, Via: ports.ViaSMTP, Source: domain.Source{MediaType: "text/plain", Bytes: []byte(raw)}, Arrived: time.Now(),
				})
				if err != nil {
					t.Error(err)
				}
				if outcome == ports.DeliveryStored {
					mu.Lock()
					stored[raw]++
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	is := is.New(t)
	is.Equal(len(stored), mails)
	for _, n := range stored {
		is.Equal(n, 1)
	}
}

func TestReserveBoundsWhatIsInHand(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), newDeliverStage(t) // of 8 MiB
		release, err := s.Deliver.Reserve(t.Context(), 6<<20)
		is.NoErr(err)
		began := time.Now()
		_, err = s.Deliver.Reserve(t.Context(), 3<<20)
		var e *domain.Error
		is.True(errors.As(err, &e) && e.Kind == domain.ErrThrottled)
		is.True(e.RetryAfter > 0)
		is.Equal(time.Since(began), 10*time.Second)

		ctx, leave := context.WithCancel(t.Context())
		leave()
		_, err = s.Deliver.Reserve(ctx, 3<<20)
		is.True(errors.Is(err, context.Canceled))

		more, err := s.Deliver.Reserve(t.Context(), 2<<20)
		is.NoErr(err) // there is room for it
		more()
		release()
		release() // gives nothing that is not there
		all, err := s.Deliver.Reserve(t.Context(), 100<<20)
		is.NoErr(err) // more than there is has it alone
		_, err = s.Deliver.Reserve(t.Context(), 1)
		is.True(errors.Is(err, domain.ErrThrottled))
		all()
		none, err := s.Deliver.Reserve(t.Context(), -1)
		is.NoErr(err)
		none()
	})
}
