package app_test

import (
	"context"
	"errors"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// auditOf is what a tenant's audit has about a connection, the newest first.
func auditOf(t *testing.T, s *stage, c domain.ConnectionState) (trail []domain.AuditEntry) {
	t.Helper()
	is.New(t).NoErr(s.store.View(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) (err error) {
		trail, err = tx.Audit.List(ctx, c.ID.String(), ports.Position{}, 100)
		return err
	}))
	return trail
}

func TestWhatAnOperatorResumesIsPolledAgain(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T) store{
		"memory":   func(*testing.T) store { return memory.NewStore() },
		"postgres": func(t *testing.T) store { return pgtest.Repository(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			s := newStage(t, open(t))
			c := s.connect(t, tenant(t, "t1"))
			s.source.add(messages(3)...)
			s.source.fail = func(int) error { return domain.Errorf(domain.ErrRejected, "wrong password") }
			_, err := s.Sync.Run(t.Context(), app.SyncCommand{Tenant: c.Tenant, Marketplace: domain.Amazon})
			is.True(errors.Is(err, domain.ErrRejected))
			failed, _, err := s.ListConnections.Run(t.Context(), ports.ConnectionQuery{Status: domain.ConnectionError, Limit: 10})
			is.NoErr(err)
			is.Equal(len(failed), 1)
			is.Equal(failed[0].LastError, "wrong password")

			s.source.fail = nil
			out, err := s.Resume.Run(t.Context(), app.ResumeCommand{Connection: c.ID, By: "op-7"})
			is.NoErr(err)
			is.Equal(out.Status, domain.ConnectionConnected)
			is.Equal(out.VaultPath, c.VaultPath) // with the source that it had
			result, err := s.Sync.Run(t.Context(), app.SyncCommand{Tenant: c.Tenant, Marketplace: domain.Amazon})
			is.NoErr(err)
			is.Equal(result.Created, 3)
			e := auditOf(t, s, c)[0]
			is.Equal(e.Action, domain.AuditResumed)
			is.Equal(e.ActorID, "op-7")
			is.Equal(e.Cause, "was in ERROR: wrong password")
		})
	}
}

func TestAResumedConnectionHasItsJob(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	memory := memory.NewStore()
	s := newStage(t, memory)
	c := s.connect(t, tenant(t, "t1"))
	is.NoErr(s.store.Update(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
		_, err := tx.Connections.Lock(ctx, c.ID)
		return errors.Join(err, tx.Jobs.Cancel(ctx, ports.JobPoll, c.ID)) // an operator deleted it by hand
	}))
	for range 2 {
		_, err := s.Resume.Run(t.Context(), app.ResumeCommand{Connection: c.ID, By: "op-7"})
		is.NoErr(err)
		jobs, _, err := s.ListJobs.Run(t.Context(), ports.JobQuery{Connection: c.ID, Limit: 10})
		is.NoErr(err)
		is.Equal(len(jobs), 1)
	}
	is.Equal(auditOf(t, s, c)[0].Cause, "polled at once")
}

func TestWhatIsNotResumedLeavesNoTrace(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := newStage(t, memory.NewStore())
	c := s.connect(t, tenant(t, "t1"))
	_, err := s.Disconnect.Run(t.Context(), app.DisconnectCommand{Tenant: c.Tenant, Marketplace: domain.Amazon})
	is.NoErr(err)
	before := len(auditOf(t, s, c))
	_, err = s.Resume.Run(t.Context(), app.ResumeCommand{Connection: c.ID, By: "op-7"})
	is.True(errors.Is(err, domain.ErrConflict))
	_, err = s.Resume.Run(t.Context(), app.ResumeCommand{Connection: domain.NewID[domain.ConnectionID](), By: "op-7"})
	is.True(errors.Is(err, domain.ErrNotFound))
	is.Equal(len(auditOf(t, s, c)), before)
	jobs, _, err := s.ListJobs.Run(t.Context(), ports.JobQuery{Limit: 10})
	is.NoErr(err)
	is.Equal(len(jobs), 0)
}

func TestListsForOperatorsAreBounded(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := newStage(t, memory.NewStore())
	for _, limit := range []int{-1, 0, app.MaxList + 1} {
		_, _, err := s.ListJobs.Run(t.Context(), ports.JobQuery{Limit: limit})
		is.True(errors.Is(err, domain.ErrInvalid))
		_, _, err = s.ListConnections.Run(t.Context(), ports.ConnectionQuery{Limit: limit})
		is.True(errors.Is(err, domain.ErrInvalid))
		_, _, err = s.ListRejected.Run(t.Context(), ports.RejectedQuery{Limit: limit})
		is.True(errors.Is(err, domain.ErrInvalid))
	}
}
