package porttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// directoryRules are about ports.Directory.
var directoryRules = rules[RepositoryFixture]{
	"nobody is connected in the beginning": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		refs, err := f.Directory.Connected(t.Context(), domain.ConnectionID{}, 10)
		is.NoErr(err)
		is.Equal(len(refs), 0)
	},
	"CONNECTED connections of all tenants are seen, and no others": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		for _, status := range []domain.ConnectionStatus{domain.ConnectionPending, domain.ConnectionError, domain.ConnectionDisabled} {
			f.connect(t, tenant(t, string(status)), domain.Amazon, connected, func(s *domain.ConnectionState) { s.Status = status })
		}
		want := f.manyConnected(t)
		is.Equal(f.connectedRefs(t, 10, nil), want)
	},
	"a connection that messages are pushed to is not polled, and not seen": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		want := f.manyConnected(t)
		f.connect(t, tenant(t, "pushed"), domain.Amazon, connected, func(s *domain.ConnectionState) { s.Source = domain.SourcePush })
		is.Equal(f.connectedRefs(t, 10, nil), want)
	},
	"what is polled is what the domain says, whatever the flags": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		var want []ports.ConnectionRef
		for i, s := range f.everyStanding(t) {
			if s.Polled() {
				want = append(want, ports.ConnectionRef{Tenant: s.Tenant, ID: s.ID, Type: s.Type})
			}
			is.Equal(s.Tenant.String(), fmt.Sprint("standing", i))
		}
		is.True(len(want) > 0)
		is.Equal(f.connectedRefs(t, 10, nil), want)
	},
	"pages by rising id give each once, whatever their size": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		want := f.manyConnected(t)
		for limit := 1; limit <= len(want)+1; limit++ {
			is.Equal(f.connectedRefs(t, limit, nil), want)
		}
	},
	"a walk sees once what is there all the time": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		want := f.manyConnected(t)
		newcomers := 0
		got := f.connectedRefs(t, 2, func() {
			if newcomers++; newcomers <= 3 {
				f.connect(t, tenant(t, fmt.Sprint("new", newcomers)), domain.Amazon, connected)
			}
		})
		counts := map[domain.ConnectionID]int{}
		for _, ref := range got {
			counts[ref.ID]++
		}
		for _, ref := range want {
			is.Equal(counts[ref.ID], 1)
		}
		for _, n := range counts {
			is.Equal(n, 1)
		}
	},
	"a connection that is disabled is no longer seen": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		c := f.connect(t, t1, domain.Amazon, connected)
		is.Equal(f.connectedRefs(t, 10, nil), []ports.ConnectionRef{{Tenant: t1, ID: c.ID, Type: domain.Amazon}})
		f.update(t, t1, func(ctx context.Context, tx ports.Tx) error {
			got, err := tx.Connections.Lock(ctx, c.ID)
			is.NoErr(err)
			got.Disable(minute(1))
			return tx.Connections.Save(ctx, got)
		})
		is.Equal(len(f.connectedRefs(t, 10, nil)), 0)
	},
	"authorizations of all tenants are seen when their sellers are to be warned, and no others": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		now, n := later, 0
		var want []ports.AuthorizationRef
		for _, status := range []domain.AuthorizationStatus{domain.AuthorizationGranted, domain.AuthorizationWithdrawn, domain.AuthorizationEnded} {
			for _, left := range []time.Duration{-time.Hour, 0, 7 * day, 7*day + time.Microsecond, 30 * day, 30*day + time.Microsecond, 60 * day, 60*day + time.Microsecond} {
				for _, warned := range []int{0, 60, 30, 7} {
					n++
					c := f.connect(t, tenant(t, fmt.Sprint("t", n%7)), domain.Amazon, func(s *domain.ConnectionState) { s.MarketplaceID = fmt.Sprint(n) })
					a := authorization(t, c, "EU", func(s *domain.AuthorizationState) {
						s.Status, s.ExpiresAt, s.WarnedDays = status, now.Add(left), warned
						s.GrantedAt = s.ExpiresAt.Add(-domain.AuthorizationLife)
					})
					is.NoErr(f.insertAuthorization(t.Context(), a))
					ref := ports.AuthorizationRef{Tenant: c.Tenant, Connection: c.ID, ID: a.State().ID}
					if a.Warn(now) > 0 {
						want = append(want, ref)
					}
				}
			}
		}
		is.Equal(len(want), 15)
		slices.SortFunc(want, func(a, b ports.AuthorizationRef) int { return bytes.Compare(a.ID.UUID[:], b.ID.UUID[:]) })
		for _, limit := range []int{1, 5, 15, 16} { // pages give each once, whatever their size
			is.Equal(f.expiringRefs(t, now, limit), want)
		}
	},
	"an authorization whose seller was warned, or gave it again, is no longer seen": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		s := f.authorized(t, c, "EU")
		for _, days := range domain.WarnDays {
			now := s.ExpiresAt.Add(-time.Duration(days) * day)
			is.Equal(len(f.expiringRefs(t, now.Add(-time.Microsecond), 10)), 0)
			is.Equal(len(f.expiringRefs(t, now, 10)), 1)
			is.NoErr(f.changeAuthorization(t.Context(), s, func(a *domain.Authorization) { is.Equal(a.Warn(now), days) }))
			is.Equal(len(f.expiringRefs(t, now, 10)), 0)
		}
		is.Equal(len(f.expiringRefs(t, s.ExpiresAt.Add(day), 10)), 0) // there is nothing left to warn of
		is.NoErr(f.changeAuthorization(t.Context(), s, func(a *domain.Authorization) {
			is.NoErr(a.Grant(domain.Grant{SellerID: s.SellerID, VaultPath: "x"}, s.ExpiresAt))
		}))
		is.Equal(len(f.expiringRefs(t, s.ExpiresAt.Add(day), 10)), 0)
		is.Equal(len(f.expiringRefs(t, s.ExpiresAt.Add(364*day), 10)), 1) // a year later
	},
	"a cancelled context passes as it is": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := f.Directory.Connected(ctx, domain.ConnectionID{}, 10)
		is.True(errors.Is(err, context.Canceled))
		_, err = f.Directory.Expiring(ctx, later, domain.AuthorizationID{}, 10)
		is.True(errors.Is(err, context.Canceled))
	},
}

// manyConnected stores CONNECTED connections of several tenants and types and returns them by rising id.
func (f RepositoryFixture) manyConnected(t *testing.T) []ports.ConnectionRef {
	t.Helper()
	var refs []ports.ConnectionRef
	for _, name := range []string{"t3", "t1", "t2"} {
		for _, typ := range []domain.MarketplaceType{domain.Amazon, domain.Fnac} {
			c := f.connect(t, tenant(t, name), typ, connected)
			refs = append(refs, ports.ConnectionRef{Tenant: c.Tenant, ID: c.ID, Type: typ})
		}
	}
	slices.SortFunc(refs, func(a, b ports.ConnectionRef) int { return bytes.Compare(a.ID.UUID[:], b.ID.UUID[:]) })
	return refs
}

// connectedRefs walks the directory, limit at a time, and calls between after each page.
func (f RepositoryFixture) connectedRefs(t *testing.T, limit int, between func()) (found []ports.ConnectionRef) {
	t.Helper()
	is := is.New(t)
	var after domain.ConnectionID
	for {
		refs, err := f.Directory.Connected(t.Context(), after, limit)
		is.NoErr(err)
		is.True(len(refs) <= limit)
		found = append(found, refs...)
		if len(refs) < limit {
			return found
		}
		after = refs[len(refs)-1].ID
		if between != nil {
			between()
		}
	}
}

// everyStanding stores a connection, of a tenant of its own, for each status, source and set of flags that a connection may have.
func (f RepositoryFixture) everyStanding(t *testing.T) (all []domain.ConnectionState) {
	t.Helper()
	for _, status := range []domain.ConnectionStatus{
		domain.ConnectionPending, domain.ConnectionConnected, domain.ConnectionError, domain.ConnectionDisabled,
	} {
		for _, source := range []domain.SourceKind{"", domain.SourceMock, domain.SourcePush} {
			for flags := range 8 {
				authorized, withdrawn, refused := flags&1 > 0, flags&2 > 0, flags&4 > 0
				if status == domain.ConnectionConnected && source == "" && !authorized {
					continue
				}
				all = append(all, f.connect(t, tenant(t, fmt.Sprint("standing", len(all))), domain.Amazon, func(s *domain.ConnectionState) {
					s.Status, s.Source, s.Authorized, s.Withdrawn, s.SourceRefused = status, source, authorized, withdrawn, refused
				}))
			}
		}
	}
	return all
}

const day = 24 * time.Hour

// expiringRefs walks the authorizations that end, limit at a time.
func (f RepositoryFixture) expiringRefs(t *testing.T, now time.Time, limit int) (found []ports.AuthorizationRef) {
	t.Helper()
	is := is.New(t)
	var after domain.AuthorizationID
	for {
		refs, err := f.Directory.Expiring(t.Context(), now, after, limit)
		is.NoErr(err)
		is.True(len(refs) <= limit)
		found = append(found, refs...)
		if len(refs) < limit {
			return found
		}
		after = refs[len(refs)-1].ID
	}
}
