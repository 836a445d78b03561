package boot_test

import (
	"net/http"
	"regexp"
	"strconv"
	"testing"

	"github.com/matryer/is"
)

// By far more polls are due than a worker does in an interval: it holds no more of them in memory for that, stays ready, and
// its metrics tell how far it is behind. That the oldest go first has its test where the queue is.
func TestAnOverloadedWorkerStaysReadyAndSmall(t *testing.T) {
	t.Parallel()
	is, p := is.New(t), newProduct(t)
	const overdue = 1000 // with an interval of a second
	seedSellers(t, p.db, overdue)
	p.exec(t, `UPDATE river.river_job SET scheduled_at = now() - interval '1 hour'`)
	worker, _ := p.startWorker(t, "KEYBUZZ_AMAZON_POLL_INTERVAL_SECONDS=1", "KEYBUZZ_WORKER_CONCURRENCY=4", "GOMEMLIMIT=64MiB")
	var page string
	value := func(metric string) float64 {
		found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(metric) + ` (\S+)$`).FindStringSubmatch(page)
		if found == nil {
			return 0
		}
		n, err := strconv.ParseFloat(found[1], 64)
		is.NoErr(err)
		return n
	}
	looks := 0
	eventually(t, "some are polled", func() bool {
		code, _ := fetch(t, worker+"/readyz")
		is.Equal(code, http.StatusOK)
		_, page = fetch(t, worker+"/metrics")
		is.True(value("go_memstats_heap_inuse_bytes") < 100<<20)
		if value("marketplaces_survey_up") == 1 {
			looks++
			is.True(value("marketplaces_queue_oldest_due_seconds") > 3600)
			is.True(value(`marketplaces_queue_jobs{state="running"}`) < 500) // those whose end is not noted yet among them
		}
		return value(`marketplaces_polls_total{marketplace="amazon",outcome="ok"}`) >= 60
	})
	is.True(looks > 0)
	is.True(value(`marketplaces_queue_jobs{state="due"}`) > 0)
}
