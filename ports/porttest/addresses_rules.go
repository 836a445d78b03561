package porttest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// address is a PENDING address of c that is stored nowhere, with changes.
func address(t *testing.T, c domain.ConnectionState, country string, changes ...func(*domain.InboundAddressState)) *domain.InboundAddress {
	t.Helper()
	is := is.New(t)
	a, err := domain.NewInboundAddress(c, country, "inbound.example.com", start)
	is.NoErr(err)
	s := a.State()
	for _, change := range changes {
		change(&s)
	}
	a, err = domain.RestoreInboundAddress(s)
	is.NoErr(err)
	return a
}

// insertAddress stores an address.
func (f RepositoryFixture) insertAddress(ctx context.Context, a *domain.InboundAddress) error {
	return f.Repository.Update(ctx, a.State().Tenant, func(ctx context.Context, tx ports.Tx) error { return tx.Addresses.Insert(ctx, a) })
}

// addressed stores a new address of c and returns it.
func (f RepositoryFixture) addressed(t *testing.T, c domain.ConnectionState, country string, changes ...func(*domain.InboundAddressState)) domain.InboundAddressState {
	t.Helper()
	a := address(t, c, country, changes...)
	is.New(t).NoErr(f.insertAddress(t.Context(), a))
	return a.State()
}

// changeAddress changes a stored address under its lock.
func (f RepositoryFixture) changeAddress(ctx context.Context, s domain.InboundAddressState, change func(*domain.InboundAddress)) error {
	return f.Repository.Update(ctx, s.Tenant, func(ctx context.Context, tx ports.Tx) error {
		a, err := tx.Addresses.Lock(ctx, s.ID)
		if err != nil {
			return err
		}
		change(a)
		return tx.Addresses.Save(ctx, a)
	})
}

// retired has every time set.
func retired(s *domain.InboundAddressState) {
	s.Status, s.ValidatedAt, s.ValidatedBy, s.RetiredAt = domain.AddressRetired, minute(1), domain.ByRelay, minute(2)
	s.LastMailAt, s.CodeHash, s.CodeExpires = minute(3), everyByte()[:32], minute(4)
}

// addressRules are about ports.Addresses.
var addressRules = rules[RepositoryFixture]{
	"addresses come back with every field, retired ones too, by country and rising id": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		is.Equal(len(f.addresses(t, c.Tenant, domain.Amazon)), 0)
		var want []domain.InboundAddressState
		for _, country := range []string{"FR", "ES", "DE", "ES", "ES"} {
			want = append(want, f.addressed(t, c, country, retired))
		}
		want = append(want, f.addressed(t, c, "FR"), f.addressed(t, c, "BE"))
		slices.SortFunc(want, func(a, b domain.InboundAddressState) int {
			return cmp.Or(cmp.Compare(a.Country, b.Country), bytes.Compare(a.ID.UUID[:], b.ID.UUID[:]))
		})
		is.Equal(f.addresses(t, c.Tenant, domain.Amazon), want)
		is.Equal(len(f.addresses(t, c.Tenant, domain.Fnac)), 0)
	},
	"an address that was locked and saved is stored as it became": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		s, other := f.addressed(t, c, "FR"), f.addressed(t, c, "DE")
		var want domain.InboundAddressState
		for _, change := range []func(*domain.InboundAddress){
			func(a *domain.InboundAddress) {
				_, _, err := a.NewCode(minute(1))
				is.NoErr(err)
			},
			func(a *domain.InboundAddress) {
				m := inbound("m1", "", "", minute(2))
				m.Authentic = true
				_, validated := a.Receive(m, minute(2))
				is.True(validated)
			},
			func(a *domain.InboundAddress) { is.True(a.Retire(minute(3))) },
		} {
			is.NoErr(f.changeAddress(t.Context(), s, func(a *domain.InboundAddress) {
				change(a)
				want = a.State()
			}))
			is.Equal(f.addresses(t, c.Tenant, domain.Amazon), []domain.InboundAddressState{other, want})
		}
	},
	"a connection has one address a country that is not retired": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		first := f.addressed(t, c, "FR")
		is.True(errors.Is(f.insertAddress(t.Context(), address(t, c, "FR")), domain.ErrConflict))
		f.addressed(t, c, "DE")
		is.NoErr(f.changeAddress(t.Context(), first, func(a *domain.InboundAddress) { a.Retire(minute(1)) }))
		f.addressed(t, c, "FR")
		is.True(errors.Is(f.insertAddress(t.Context(), address(t, c, "FR")), domain.ErrConflict))
		another := f.connect(t, c.Tenant, domain.Amazon, func(s *domain.ConnectionState) { s.MarketplaceID = "another" })
		f.addressed(t, another, "FR")
		is.Equal(len(f.addresses(t, c.Tenant, domain.Amazon)), 4)
	},
	"an address is one connection's, whoever asks for it": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c, theirs := f.connect(t, tenant(t, "t1"), domain.Amazon), f.connect(t, tenant(t, "t2"), domain.Amazon)
		s := f.addressed(t, c, "FR", retired)
		same := func(other *domain.InboundAddressState) { other.Address = s.Address }
		for _, a := range []*domain.InboundAddress{address(t, c, "FR", same), address(t, c, "DE", same), address(t, theirs, "FR", same)} {
			is.True(errors.Is(f.insertAddress(t.Context(), a), domain.ErrConflict))
		}
		is.Equal(len(f.addresses(t, theirs.Tenant, domain.Amazon)), 0)
		first := address(t, c, "ES")
		again := address(t, c, "IT", func(other *domain.InboundAddressState) { other.Address = first.State().Address })
		is.True(errors.Is(f.Repository.Update(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error { // within one transaction
			return errors.Join(tx.Addresses.Insert(ctx, first), tx.Addresses.Insert(ctx, again))
		}), domain.ErrConflict))
	},
	"of several who insert an address at once one does, across tenants too": func(t *testing.T, f RepositoryFixture) {
		is, inserted := is.New(t), 0
		var all []*domain.InboundAddress
		for i := range 6 {
			c := f.connect(t, tenant(t, fmt.Sprint("t", i)), domain.Amazon)
			all = append(all, address(t, c, "FR", func(s *domain.InboundAddressState) { s.Address = "amazon.same@inbound.example.com" }))
		}
		for _, err := range together(len(all), func(i int) error { return f.insertAddress(t.Context(), all[i]) }) {
			if err == nil {
				inserted++
			} else {
				is.True(errors.Is(err, domain.ErrConflict))
			}
		}
		is.Equal(inserted, 1)
	},
	"of those that lock an address none overwrites another's change": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		s := f.addressed(t, f.connect(t, tenant(t, "t1"), domain.Amazon), "FR")
		changes := []func(*domain.InboundAddress){
			func(a *domain.InboundAddress) { a.Retire(minute(1)) },
			func(a *domain.InboundAddress) { a.Receive(inbound("m1", "", "", start), minute(2)) }, // leaves a retired one alone
			func(a *domain.InboundAddress) { a.Retire(minute(3)) },
			func(a *domain.InboundAddress) { _, _, _ = a.NewCode(minute(4)) }, // likewise
		}
		for _, err := range together(8, func(i int) error { return f.changeAddress(t.Context(), s, changes[i%len(changes)]) }) {
			is.NoErr(err)
		}
		got := f.addresses(t, s.Tenant, domain.Amazon)[0]
		is.Equal(got.Status, domain.AddressRetired)
		is.Equal(len(got.CodeHash), 0)
	},
	"an address that is not there is ErrNotFound": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		s := address(t, c, "FR").State()
		is.True(errors.Is(f.changeAddress(t.Context(), s, func(*domain.InboundAddress) {}), domain.ErrNotFound))
		is.True(errors.Is(f.Repository.Update(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			return tx.Addresses.Save(ctx, address(t, c, "FR"))
		}), domain.ErrNotFound))
	},
	"a View lists addresses, and neither locks nor inserts any": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		s := f.addressed(t, c, "FR")
		for _, change := range []ports.TxFunc{
			func(ctx context.Context, tx ports.Tx) error { _, err := tx.Addresses.Lock(ctx, s.ID); return err },
			func(ctx context.Context, tx ports.Tx) error { return tx.Addresses.Insert(ctx, address(t, c, "DE")) },
		} {
			is.True(f.Repository.View(t.Context(), c.Tenant, change) != nil)
		}
		is.Equal(f.addresses(t, c.Tenant, domain.Amazon), []domain.InboundAddressState{s})
	},
	"addresses of another tenant are not shown, not changed and not made": func(t *testing.T, f RepositoryFixture) {
		is, t2 := is.New(t), tenant(t, "t2")
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		s := f.addressed(t, c, "FR")
		own := f.connect(t, t2, domain.Amazon)
		is.Equal(len(f.addresses(t, t2, domain.Amazon)), 0)
		posing := s
		posing.Tenant = t2
		is.True(errors.Is(f.changeAddress(t.Context(), posing, func(*domain.InboundAddress) {}), domain.ErrNotFound))
		mine := address(t, c, "DE", func(s *domain.InboundAddressState) { s.Tenant = t2 })
		is.True(f.insertAddress(t.Context(), mine) != nil) // on their connection
		own.Tenant = c.Tenant
		for _, theirs := range []*domain.InboundAddress{address(t, c, "DE"), address(t, own, "DE")} {
			is.True(f.Repository.Update(t.Context(), t2, func(ctx context.Context, tx ports.Tx) error {
				return tx.Addresses.Insert(ctx, theirs)
			}) != nil)
		}
		is.Equal(f.addresses(t, c.Tenant, domain.Amazon), []domain.InboundAddressState{s})
	},
}

// addresses are a tenant's, as listed.
func (f RepositoryFixture) addresses(t *testing.T, tenant domain.TenantID, typ domain.MarketplaceType) (all []domain.InboundAddressState) {
	t.Helper()
	f.view(t, tenant, func(ctx context.Context, tx ports.Tx) error {
		listed, err := tx.Addresses.List(ctx, typ)
		for _, a := range listed {
			all = append(all, plainAddress(a.State()))
		}
		return err
	})
	return all
}

func plainAddress(s domain.InboundAddressState) domain.InboundAddressState {
	s.CodeHash = plain(s.CodeHash)
	return s
}

// routesRules are about ports.Routes.
var routesRules = rules[RepositoryFixture]{
	"an address leads to whose it is, whatever its status": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		var all []domain.InboundAddressState
		for _, name := range []string{"t1", "t2"} {
			c := f.connect(t, tenant(t, name), domain.Amazon)
			all = append(all, f.addressed(t, c, "FR", retired), f.addressed(t, c, "FR"), f.addressed(t, c, "DE", func(s *domain.InboundAddressState) {
				s.Status, s.ValidatedAt, s.ValidatedBy = domain.AddressValidated, minute(1), domain.ByCode
			}))
		}
		for _, want := range all {
			got, err := f.Routes.Route(t.Context(), want.Address)
			is.NoErr(err)
			is.Equal(plainAddress(got), want)
		}
	},
	"what was changed is seen": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		s := f.addressed(t, f.connect(t, tenant(t, "t1"), domain.Amazon), "FR")
		is.NoErr(f.changeAddress(t.Context(), s, func(a *domain.InboundAddress) { a.Retire(minute(1)) }))
		got, err := f.Routes.Route(t.Context(), s.Address)
		is.NoErr(err)
		is.Equal(got.Status, domain.AddressRetired)
	},
	"an address that is nobody's is ErrNotFound": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		s, mine := f.addressed(t, c, "FR"), errors.New("mine")
		undone := address(t, c, "DE")
		is.True(errors.Is(f.Repository.Update(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			return errors.Join(tx.Addresses.Insert(ctx, undone), mine)
		}), mine))
		for _, name := range []string{
			"", "@", "x@inbound.example.com", "x" + s.Address, s.Address[1:], s.Address + "x", s.Address + " ", "%", "%@inbound.example.com",
			"' or true --", undone.State().Address, awkward, "a\x00b@inbound.example.com", "caf\xe9@inbound.example.com",
		} {
			got, err := f.Routes.Route(t.Context(), name)
			if !errors.Is(err, domain.ErrNotFound) || got.ID != (domain.InboundAddressID{}) {
				t.Errorf("%q: %v", name, err)
			}
		}
	},
	"a cancelled context passes as it is": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		s := f.addressed(t, f.connect(t, tenant(t, "t1"), domain.Amazon), "FR")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := f.Routes.Route(ctx, s.Address)
		is.True(errors.Is(err, context.Canceled) && !errors.Is(err, domain.ErrNotFound))
	},
}
