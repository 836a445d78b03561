package riverjobs_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Workers are told of a job that comes more than a millisecond after another: they may have looked for work in between, and would
// look again half a second later.
func TestWorkersAreToldOfEachJob(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t, nothing)
	const jobs = 20
	var all []domain.ConnectionState
	for i := range jobs {
		c, err := domain.NewConnection(tenant(t, fmt.Sprint("told-", i)), domain.Amazon, time.Now())
		is.NoErr(err)
		all = append(all, c.State())
		is.NoErr(s.repo.Update(t.Context(), c.State().Tenant, func(ctx context.Context, tx ports.Tx) error { return tx.Connections.Insert(ctx, c) }))
	}
	worker, err := pgx.Connect(t.Context(), s.url.Reveal())
	is.NoErr(err)
	defer func() { _ = worker.Close(context.WithoutCancel(t.Context())) }()
	_, err = worker.Exec(t.Context(), `LISTEN "river.river_insert"`)
	is.NoErr(err)
	for _, c := range all {
		is.NoErr(s.repo.Update(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			return tx.Jobs.Schedule(ctx, ports.JobPoll, c.ID, time.Time{})
		}))
		time.Sleep(2 * time.Millisecond)
	}
	patience, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	for range jobs {
		_, err := worker.WaitForNotification(patience)
		is.NoErr(err)
	}
}
