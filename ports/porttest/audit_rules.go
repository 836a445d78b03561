package porttest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// auditRules are about ports.Audit.
var auditRules = rules[RepositoryFixture]{
	"every field of an entry comes back": func(t *testing.T, f RepositoryFixture) {
		t1 := tenant(t, "t1")
		for name, change := range map[string]func(*domain.AuditEntry){
			"bare": func(*domain.AuditEntry) {},
			"full": func(e *domain.AuditEntry) {
				e.Actor, e.ActorID, e.Cause = domain.ActorAgent, "auth0|u1", "the mailbox refused"
			},
			"awkward": func(e *domain.AuditEntry) {
				e.Action, e.Actor, e.ActorID, e.Cause = awkward, awkward, awkward, awkward
			},
		} {
			t.Run(name, func(t *testing.T) {
				e := entry(t1, name, 1, change)
				f.record(t, e)
				is.New(t).Equal(f.audit(t, t1, name), []domain.AuditEntry{e})
			})
		}
	},
	"an entry without an action or an actor is ErrInvalid": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		for _, e := range []domain.AuditEntry{
			entry(t1, "s", 1, func(e *domain.AuditEntry) { e.Action = "" }),
			entry(t1, "s", 1, func(e *domain.AuditEntry) { e.Actor = "" }),
		} {
			is.True(errors.Is(f.tryRecord(t, t1, e), domain.ErrInvalid))
		}
		is.Equal(len(f.audit(t, t1, "")), 0)
	},
	"an entry is recorded with the rest of its transaction or not at all": func(t *testing.T, f RepositoryFixture) {
		is, t1, mine := is.New(t), tenant(t, "t1"), errors.New("mine")
		err := f.Repository.Update(t.Context(), t1, func(ctx context.Context, tx ports.Tx) error {
			is.NoErr(tx.Audit.Record(ctx, entry(t1, "s", 1)))
			found, err := tx.Audit.List(ctx, "s", ports.Position{}, everything)
			is.NoErr(err)
			is.Equal(len(found), 1) // the transaction itself sees it
			return mine
		})
		is.True(err == mine)
		is.Equal(len(f.audit(t, t1, "")), 0)
	},
	"an entry that is recorded never changes": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		e := entry(t1, "s", 1)
		f.record(t, e)
		again := e
		again.Cause = "another"
		is.True(errors.Is(f.tryRecord(t, t1, again), domain.ErrConflict))
		is.Equal(f.audit(t, t1, ""), []domain.AuditEntry{e})
	},
	"a View records nothing": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		is.True(f.Repository.View(t.Context(), t1, func(ctx context.Context, tx ports.Tx) error {
			return tx.Audit.Record(ctx, entry(t1, "s", 1))
		}) != nil)
		is.Equal(len(f.audit(t, t1, "")), 0)
	},
	"tenants neither see nor make each other's entries": func(t *testing.T, f RepositoryFixture) {
		is, t1, t2 := is.New(t), tenant(t, "t1"), tenant(t, "t2")
		theirs, own := entry(t1, "s", 1), entry(t2, "s", 1)
		f.record(t, theirs)
		f.record(t, own)
		is.True(errors.Is(f.tryRecord(t, t2, entry(t1, "s", 2)), domain.ErrNotFound))
		is.Equal(f.audit(t, t1, ""), []domain.AuditEntry{theirs})
		is.Equal(f.audit(t, t2, "s"), []domain.AuditEntry{own})
	},
	"entries come by falling At and id, page by page, each once": func(t *testing.T, f RepositoryFixture) {
		is, t1 := is.New(t), tenant(t, "t1")
		var want []domain.AuditEntry
		for i, at := range []int{3, 1, 2, 2, 2, 5, 4} {
			e := entry(t1, []string{"a", "b"}[i%2], at)
			f.record(t, e)
			want = append(want, e)
		}
		slices.SortFunc(want, func(a, b domain.AuditEntry) int {
			return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID.String(), a.ID.String()))
		})
		for _, subject := range []string{"", "a", "b", "c"} {
			of := plain(slices.DeleteFunc(slices.Clone(want), func(e domain.AuditEntry) bool { return subject != "" && e.Subject != subject }))
			for limit := 1; limit <= len(want)+1; limit++ {
				is.Equal(f.auditPages(t, t1, subject, limit), of)
			}
		}
	},
	"a list of entries needs a limit": func(t *testing.T, f RepositoryFixture) {
		err := f.Repository.View(t.Context(), tenant(t, "t1"), func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Audit.List(ctx, "", ports.Position{}, 0)
			return err
		})
		is.New(t).True(errors.Is(err, domain.ErrInvalid))
	},
}

// entry is an audit entry that is stored nowhere, with changes.
func entry(tenant domain.TenantID, subject string, at int, changes ...func(*domain.AuditEntry)) domain.AuditEntry {
	e := domain.AuditEntry{
		ID: domain.NewID[domain.AuditID](), Tenant: tenant, Action: domain.AuditResumed, Subject: subject,
		Actor: domain.ActorSystem, At: minute(at),
	}
	for _, change := range changes {
		change(&e)
	}
	return e
}

func (f RepositoryFixture) tryRecord(t *testing.T, as domain.TenantID, e domain.AuditEntry) error {
	return f.Repository.Update(t.Context(), as, func(ctx context.Context, tx ports.Tx) error { return tx.Audit.Record(ctx, e) })
}

// record records an entry in an Update that must succeed.
func (f RepositoryFixture) record(t *testing.T, e domain.AuditEntry) {
	t.Helper()
	is.New(t).NoErr(f.tryRecord(t, e.Tenant, e))
}

// audit is all that a tenant's audit has about a subject.
func (f RepositoryFixture) audit(t *testing.T, tenant domain.TenantID, subject string) []domain.AuditEntry {
	t.Helper()
	return f.auditPages(t, tenant, subject, everything)
}

// auditPages reads the audit, a page of limit after the other.
func (f RepositoryFixture) auditPages(t *testing.T, tenant domain.TenantID, subject string, limit int) (found []domain.AuditEntry) {
	t.Helper()
	is := is.New(t)
	var after ports.Position
	for more := true; more; {
		f.view(t, tenant, func(ctx context.Context, tx ports.Tx) error {
			page, err := tx.Audit.List(ctx, subject, after, limit)
			is.True(len(page) <= limit)
			for _, e := range page {
				found = append(found, e)
				after = ports.Position{At: e.At, ID: e.ID.String()}
			}
			more = len(page) == limit
			return err
		})
	}
	return found
}
