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

// OperationsFixture is a Repository and the Operations over the same rows, both empty.
type OperationsFixture struct {
	Repository ports.Repository
	Operations ports.Operations
}

// TestOperations checks Operations against its contract, but for FleetStats: that is TestSurvey's. open is called once per
// subtest.
func TestOperations(t *testing.T, open func(t *testing.T) OperationsFixture) {
	operationsRules.check(t, open)
}

// operationsRules are about ports.Operations.
var operationsRules = rules[OperationsFixture]{
	"there is nothing to see in the beginning": func(t *testing.T, f OperationsFixture) {
		is := is.New(t)
		is.Equal(len(f.connections(t, "", everything)), 0)
		is.Equal(len(f.rejects(t, true, everything)), 0)
	},
	"connections of all tenants are seen as they are, by falling id": func(t *testing.T, f OperationsFixture) {
		is := is.New(t)
		want := f.manyConnections(t)
		is.Equal(f.connections(t, "", everything), want)
		for _, c := range want {
			is.Equal(f.repository().connectionOf(t, c), c)
		}
	},
	"pages of connections give each once, whatever their size and status": func(t *testing.T, f OperationsFixture) {
		is := is.New(t)
		all := f.manyConnections(t)
		for _, status := range []domain.ConnectionStatus{
			"", domain.ConnectionPending, domain.ConnectionConnected, domain.ConnectionError, domain.ConnectionDisabled,
		} {
			want := plain(slices.DeleteFunc(slices.Clone(all), func(c domain.ConnectionState) bool { return status != "" && c.Status != status }))
			is.True(len(want) > 0)
			for limit := 1; limit <= len(all)+1; limit++ {
				is.Equal(f.connections(t, status, limit), want)
			}
		}
	},
	"it says whose a connection is": func(t *testing.T, f OperationsFixture) {
		is := is.New(t)
		for _, c := range f.manyConnections(t) {
			ref, err := f.Operations.FindConnection(t.Context(), c.ID)
			is.NoErr(err)
			is.Equal(ref, ports.ConnectionRef{Tenant: c.Tenant, ID: c.ID, Type: c.Type})
		}
		_, err := f.Operations.FindConnection(t.Context(), domain.NewID[domain.ConnectionID]())
		is.True(errors.Is(err, domain.ErrNotFound))
	},
	"rejected messages of all tenants are seen, by falling id, page by page": func(t *testing.T, f OperationsFixture) {
		is := is.New(t)
		all := f.manyRejected(t)
		pending := slices.DeleteFunc(slices.Clone(all), func(r ports.RejectedRef) bool { return !r.ReplayedAt.IsZero() })
		is.True(len(pending) > 0 && len(pending) < len(all))
		for limit := 1; limit <= len(all)+1; limit++ {
			is.Equal(f.rejects(t, true, limit), all)
			is.Equal(f.rejects(t, false, limit), pending)
		}
	},
	"it says when a message was rejected": func(t *testing.T, f OperationsFixture) {
		is := is.New(t)
		r := f.repository()
		c := r.connect(t, tenant(t, "t1"), domain.Amazon)
		m := rejected(c, "1", domain.RejectNUL, []byte{0})
		r.store(t, c, domain.PageWrite{Rejected: []domain.RejectedMessage{m}})
		ref, err := f.Operations.FindRejected(t.Context(), m.ID)
		is.NoErr(err)
		is.True(time.Since(ref.RejectedAt).Abs() < time.Minute) // as far as clocks agree
		is.Equal(ref.RejectedAt.Location(), time.UTC)
	},
	"it says whose a rejected message is, replayed or not": func(t *testing.T, f OperationsFixture) {
		is := is.New(t)
		for _, want := range f.manyRejected(t) {
			got, err := f.Operations.FindRejected(t.Context(), want.ID)
			is.NoErr(err)
			got.RejectedAt = time.Time{}
			is.Equal(got, want)
		}
		_, err := f.Operations.FindRejected(t.Context(), domain.NewID[domain.RejectedID]())
		is.True(errors.Is(err, domain.ErrNotFound))
	},
	"a list needs a limit": func(t *testing.T, f OperationsFixture) {
		is := is.New(t)
		_, err := f.Operations.Connections(t.Context(), ports.ConnectionQuery{})
		is.True(errors.Is(err, domain.ErrInvalid))
		_, err = f.Operations.Rejected(t.Context(), ports.RejectedQuery{})
		is.True(errors.Is(err, domain.ErrInvalid))
	},
	"a cancelled context passes as it is": func(t *testing.T, f OperationsFixture) {
		is := is.New(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := f.Operations.Connections(ctx, ports.ConnectionQuery{Limit: 1})
		is.True(errors.Is(err, context.Canceled))
		_, err = f.Operations.FindConnection(ctx, domain.NewID[domain.ConnectionID]())
		is.True(errors.Is(err, context.Canceled))
		_, err = f.Operations.Rejected(ctx, ports.RejectedQuery{Limit: 1})
		is.True(errors.Is(err, context.Canceled))
		_, err = f.Operations.FindRejected(ctx, domain.NewID[domain.RejectedID]())
		is.True(errors.Is(err, context.Canceled))
	},
}

func (f OperationsFixture) repository() RepositoryFixture {
	return RepositoryFixture{Repository: f.Repository}
}

// manyConnections stores connections of several tenants, types and states, and returns them by falling id.
func (f OperationsFixture) manyConnections(t *testing.T) (all []domain.ConnectionState) {
	t.Helper()
	for i, status := range []domain.ConnectionStatus{
		domain.ConnectionError, domain.ConnectionPending, domain.ConnectionConnected, domain.ConnectionDisabled,
		domain.ConnectionError, domain.ConnectionConnected, domain.ConnectionError,
	} {
		all = append(all, f.repository().connect(t, tenant(t, fmt.Sprint("t", i)), domain.Amazon, connected, func(s *domain.ConnectionState) {
			s.Status, s.LastError, s.CreatedAt = status, awkward, minute(i)
		}))
	}
	slices.SortFunc(all, func(a, b domain.ConnectionState) int { return bytes.Compare(b.ID.UUID[:], a.ID.UUID[:]) })
	return all
}

// manyRejected stores rejected messages of several tenants, some of them replayed, and returns them by falling id and
// without the time of their rejection.
func (f OperationsFixture) manyRejected(t *testing.T) (all []ports.RejectedRef) {
	t.Helper()
	r := f.repository()
	for i := range 7 {
		c := r.connect(t, tenant(t, fmt.Sprint("t", i)), domain.Amazon)
		m := rejected(c, awkward, domain.RejectNUL, bytes.Repeat([]byte{0}, i*1000))
		m.Detail = []string{"", awkward}[i%2]
		r.store(t, c, domain.PageWrite{Rejected: []domain.RejectedMessage{m}})
		ref := ports.RejectedRef{
			ID: m.ID, Tenant: c.Tenant, Connection: c.ID, Type: c.Type, Reason: m.Reason, Detail: m.Detail, Bytes: i * 1000,
		}
		if i%3 == 0 {
			ref.ReplayedAt = minute(i)
			r.underLock(t, c, func(ctx context.Context, tx ports.Tx) error { return tx.DeadLetters.MarkReplayed(ctx, m.ID, minute(i)) })
		}
		all = append(all, ref)
	}
	slices.SortFunc(all, func(a, b ports.RejectedRef) int { return bytes.Compare(b.ID.UUID[:], a.ID.UUID[:]) })
	return all
}

// connections reads all connections with a status, a page of limit after the other.
func (f OperationsFixture) connections(t *testing.T, status domain.ConnectionStatus, limit int) (found []domain.ConnectionState) {
	t.Helper()
	is := is.New(t)
	q := ports.ConnectionQuery{Status: status, Limit: limit}
	for {
		page, err := f.Operations.Connections(t.Context(), q)
		is.NoErr(err)
		is.True(len(page) <= limit)
		found = append(found, page...)
		if len(page) < limit {
			return found
		}
		q.After = page[len(page)-1].ID
	}
}

// rejects reads all rejected messages, likewise, and leaves out when they were rejected.
func (f OperationsFixture) rejects(t *testing.T, replayed bool, limit int) (found []ports.RejectedRef) {
	t.Helper()
	is := is.New(t)
	q := ports.RejectedQuery{Replayed: replayed, Limit: limit}
	for {
		page, err := f.Operations.Rejected(t.Context(), q)
		is.NoErr(err)
		is.True(len(page) <= limit)
		for _, r := range page {
			r.RejectedAt = time.Time{}
			found = append(found, r)
		}
		if len(page) < limit {
			return found
		}
		q.After = page[len(page)-1].ID
	}
}
