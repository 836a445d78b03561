package riverjobs_test

import (
	"flag"
	"os"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

var update = flag.Bool("update", false, "rewrite testdata/*.golden")

// A poll job is stored today as it was when it was first released: during a rolling deployment, binaries before and after this
// one work it, and by its unique key they know that it is there. A change of the golden file is a change that they do not
// understand.
func TestStoredPollJob(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := newStage(t, nothing)
	id, err := domain.ParseID[domain.ConnectionID]("01936d4e-7c00-7000-8000-000000000001")
	is.NoErr(err)
	tx, err := s.db.BeginTx(t.Context(), nil)
	is.NoErr(err)
	defer func() { _ = tx.Rollback() }()
	is.NoErr(s.queue.In(tx, tenant(t, "t1")).Schedule(t.Context(), ports.JobPoll, id, time.Time{}))
	var got string
	is.NoErr(tx.QueryRowContext(t.Context(), `
		SELECT jsonb_pretty(jsonb_build_object('kind', kind, 'queue', queue, 'args', args,
			'unique_key', encode(unique_key, 'hex'), 'unique_states', unique_states::text)) || E'\n' FROM river.river_job`).Scan(&got))
	const golden = "testdata/poll_job.golden"
	if *update {
		is.NoErr(os.WriteFile(golden, []byte(got), 0o644))
	}
	want, err := os.ReadFile(golden)
	is.NoErr(err)
	is.Equal(got, string(want))
}
