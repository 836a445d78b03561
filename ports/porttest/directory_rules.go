package porttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

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
	"a cancelled context passes as it is": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := f.Directory.Connected(ctx, domain.ConnectionID{}, 10)
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
