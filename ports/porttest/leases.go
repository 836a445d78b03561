package porttest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// LeasesFixture is Leases that nobody has taken.
type LeasesFixture struct {
	Leases ports.Leases

	// Again is optional: the leases as another process sees them.
	Again func(t *testing.T) ports.Leases

	// Lose is optional: has Leases lose all that it holds, as when its line to the database breaks.
	Lose func(t *testing.T)
}

// TestLeases checks Leases against their contract. open is called once per subtest.
func TestLeases(t *testing.T, open func(t *testing.T) LeasesFixture) {
	leasesRules.check(t, open)
}

// patience is how long the suites wait for what happens by itself.
const patience = 20 * time.Second

// leasesRules are about ports.Leases.
var leasesRules = rules[LeasesFixture]{
	"a lease has one holder until it is given back": func(t *testing.T, f LeasesFixture) {
		is := is.New(t)
		for range 3 {
			held, release := f.take(t, f.Leases, "a")
			is.NoErr(held.Err())
			for _, l := range f.processes(t) {
				is.True(!f.free(t, l, "a"))
			}
			is.NoErr(held.Err()) // those who asked in vain took nothing away
			release()
		}
	},
	"names are apart": func(t *testing.T, f LeasesFixture) {
		is := is.New(t)
		var contexts []context.Context
		for _, name := range []string{"a", "A", "a/b", "", "ab", "a\u00e9", domain.NewID[domain.ConnectionID]().String()} {
			held, release := f.take(t, f.Leases, name)
			defer release()
			contexts = append(contexts, held)
		}
		for _, held := range contexts {
			is.NoErr(held.Err())
		}
	},
	"the holder's context ends when the lease is given back": func(t *testing.T, f LeasesFixture) {
		is := is.New(t)
		held, release := f.take(t, f.Leases, "a")
		_, other := f.take(t, f.Leases, "b")
		defer other()
		is.NoErr(held.Err())
		release()
		f.ends(t, held)
	},
	"the holder's context ends with the one that it was taken in, and holds its values": func(t *testing.T, f LeasesFixture) {
		is := is.New(t)
		type key struct{}
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
		held, release, ok, err := f.Leases.Take(ctx, "a")
		is.NoErr(err)
		is.True(ok)
		defer release()
		is.Equal(held.Value(key{}), "value")
		cancel()
		f.ends(t, held)
	},
	"releasing twice takes nothing from the next holder": func(t *testing.T, f LeasesFixture) {
		is := is.New(t)
		_, first := f.take(t, f.Leases, "a")
		first()
		held, release := f.take(t, f.Leases, "a")
		defer release()
		first()
		is.NoErr(held.Err())
		for _, l := range f.processes(t) {
			is.True(!f.free(t, l, "a"))
		}
	},
	"of many that take a lease at once one gets it": func(t *testing.T, f LeasesFixture) {
		is, processes := is.New(t), f.processes(t)
		for round := range 4 {
			name := fmt.Sprint("lease-", round)
			releases := make([]func(), 8)
			for _, err := range together(len(releases), func(i int) error {
				_, release, ok, err := processes[i%len(processes)].Take(t.Context(), name)
				if ok {
					releases[i] = release
				}
				return err
			}) {
				is.NoErr(err)
			}
			holders := 0
			for _, release := range releases {
				if release != nil {
					holders++
					defer release()
				}
			}
			is.Equal(holders, 1)
		}
	},
	"many leases are held at once": func(t *testing.T, f LeasesFixture) {
		is := is.New(t)
		const n = 200
		var contexts []context.Context
		for i := range n {
			held, release := f.take(t, f.Leases, fmt.Sprint("mailbox-", i))
			defer release()
			contexts = append(contexts, held)
		}
		for i, held := range contexts {
			is.NoErr(held.Err())
			is.True(!f.free(t, f.Leases, fmt.Sprint("mailbox-", i)))
		}
	},
	"a lease that is lost ends its holder's context, and others may take it": func(t *testing.T, f LeasesFixture) {
		if f.Lose == nil {
			return
		}
		held, release := f.take(t, f.Leases, "a")
		defer release()
		f.Lose(t)
		f.ends(t, held)
		for _, l := range f.processes(t) { // the loser among them
			for begin := time.Now(); !f.free(t, l, "a"); {
				if time.Since(begin) > patience {
					t.Fatal("the lease stays taken")
				}
			}
		}
	},
	"a cancelled context passes as it is": func(t *testing.T, f LeasesFixture) {
		is := is.New(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, _, ok, err := f.Leases.Take(ctx, "a")
		is.True(errors.Is(err, context.Canceled) && !errors.Is(err, domain.ErrUnavailable))
		is.True(!ok)
		_, release := f.take(t, f.Leases, "a") // nothing was taken
		release()
	},
}

// processes are all that see the leases.
func (f LeasesFixture) processes(t *testing.T) []ports.Leases {
	t.Helper()
	if f.Again == nil {
		return []ports.Leases{f.Leases}
	}
	return []ports.Leases{f.Leases, f.Again(t)}
}

// take takes a lease that must be free. It may take a moment to be free again.
func (f LeasesFixture) take(t *testing.T, l ports.Leases, name string) (context.Context, func()) {
	t.Helper()
	for begin := time.Now(); time.Since(begin) < patience; {
		held, release, ok, err := l.Take(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			return held, release
		}
	}
	t.Fatalf("somebody has %q", name)
	return nil, nil
}

// free tries a lease, gives it back at once, and reports whether nobody had it.
func (f LeasesFixture) free(t *testing.T, l ports.Leases, name string) bool {
	t.Helper()
	_, release, ok, err := l.Take(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if ok {
		release()
	}
	return ok
}

// ends waits until a holder's context has ended.
func (f LeasesFixture) ends(t *testing.T, held context.Context) {
	t.Helper()
	select {
	case <-held.Done():
	case <-time.After(patience):
		t.Fatal("the holder was not told")
	}
}
