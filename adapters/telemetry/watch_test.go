package telemetry_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/keybuzzio/marketplaces/adapters/telemetry"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// watched is a registry that shows what is looked up in d and no more.
func watched(t *testing.T, d database, queue ports.Queue, o telemetry.WatchOptions) *prometheus.Registry {
	t.Helper()
	registry := prometheus.NewRegistry()
	if err := telemetry.Watch(registry, d, queue, o); err != nil {
		t.Fatal(err)
	}
	return registry
}

func TestTheDatabaseIsShown(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	f := gather(t, watched(t, busy(), busy(), telemetry.WatchOptions{Marketplaces: enabled}))
	is.Equal(value(t, f["marketplaces_survey_up"]), 1.)
	for labels, n := range map[[2]string]float64{
		{"amazon", "connected"}: 7, {"amazon", "error"}: 2, {"amazon", "pending"}: 0, {"amazon", "disabled"}: 0, {"other", "connected"}: 1,
	} {
		is.Equal(value(t, f["marketplaces_connections"], "marketplace", labels[0], "status", labels[1]), n)
	}
	is.Equal(value(t, f["marketplaces_last_success_age_seconds"], "rank", "worst"), 3600.)
	is.Equal(value(t, f["marketplaces_last_success_age_seconds"], "rank", "p99"), 60.)
	is.Equal(value(t, f["marketplaces_last_message_timestamp_seconds"]), 1_790_000_000.5)
	is.Equal(value(t, f["marketplaces_rejected_messages"]), 3.)
	for within, n := range map[string]float64{"60d": 5, "30d": 4, "7d": 2, "0d": 1} {
		is.Equal(value(t, f["marketplaces_authorizations_expiring"], "within", within), n)
	}
	is.Equal(value(t, f["marketplaces_authorizations_withdrawn"]), 6.)
	for state, n := range map[string]float64{"due": 4, "waiting": 5, "running": 6, "discarded": 1} {
		is.Equal(value(t, f["marketplaces_queue_jobs"], "state", state), n)
	}
	is.Equal(value(t, f["marketplaces_queue_oldest_due_seconds"]), 90.)
}

func TestWithoutAQueueItIsLeftOut(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	d := busy()
	d.survey = func(context.Context) (ports.FleetStats, error) { return ports.FleetStats{}, nil }
	f := gather(t, watched(t, d, nil, telemetry.WatchOptions{Marketplaces: enabled}))
	is.Equal(value(t, f["marketplaces_survey_up"]), 1.)
	is.Equal(f["marketplaces_queue_jobs"], nil)
	is.Equal(f["marketplaces_last_message_timestamp_seconds"], nil) // nothing has ever come
}

func TestAFailedLookShowsNothingOld(t *testing.T) {
	t.Parallel()
	down := domain.Errorf(domain.ErrUnavailable, "the database is not available")
	for name, fail := range map[string]func(*database){
		"the survey": func(d *database) {
			d.survey = func(context.Context) (ports.FleetStats, error) { return ports.FleetStats{}, down }
		},
		"the queue": func(d *database) {
			d.depth = func(context.Context) (ports.QueueDepth, error) { return ports.QueueDepth{}, down }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				is, d := is.New(t), busy()
				var log bytes.Buffer
				o := telemetry.WatchOptions{Marketplaces: enabled, Log: slog.New(slog.NewTextHandler(&log, nil))}
				registry := prometheus.NewRegistry()
				is.NoErr(telemetry.Watch(registry, &d, &d, o))
				good := len(gather(t, registry))
				is.True(good > 6)
				fail(&d)
				for range 3 {
					time.Sleep(time.Minute)
					f := gather(t, registry)
					is.Equal(len(f), 1)
					is.Equal(value(t, f["marketplaces_survey_up"]), 0.)
				}
				is.Equal(strings.Count(log.String(), "level=WARN"), 1) // once, not at every look
				d = busy()
				time.Sleep(time.Minute)
				is.Equal(len(gather(t, registry)), good)
			})
		})
	}
}

func TestALookIsSharedAndBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, d := is.New(t), busy()
		var looks atomic.Int32
		d.survey = func(ctx context.Context) (ports.FleetStats, error) {
			looks.Add(1)
			<-ctx.Done() // a database that does not answer
			return ports.FleetStats{}, ctx.Err()
		}
		registry := watched(t, d, d, telemetry.WatchOptions{})
		begun := time.Now()
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if value(t, gather(t, registry)["marketplaces_survey_up"]) != 0 {
					t.Error("up")
				}
			})
		}
		all.Wait()
		is.Equal(time.Since(begun), 5*time.Second) // less than a scrape waits
		is.Equal(looks.Load(), int32(1))           // nobody asks while somebody asks
		time.Sleep(9 * time.Second)
		gather(t, registry)
		is.Equal(looks.Load(), int32(1)) // nor soon after
		time.Sleep(2 * time.Second)
		gather(t, registry)
		is.Equal(looks.Load(), int32(2))
	})
}
