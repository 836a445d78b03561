package boot

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/keybuzzio/marketplaces/adapters/amazon/spapi"
	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/adapters/riverjobs"
	"github.com/keybuzzio/marketplaces/adapters/telemetry"
	"github.com/keybuzzio/marketplaces/migrations"
	"github.com/keybuzzio/marketplaces/ports"
)

// readyTimeout bounds one look at the database for /readyz.
const readyTimeout = 2 * time.Second

// watchConns are a process's connections to the database for what watches it: it must not wait behind what it watches.
const watchConns = 2

// throttledOperations are what adapters name to ports.Observer.
var throttledOperations = append([]string{"imap.connect"}, spapi.Operations()...)

// monitoring is what tells operators what this process does.
type monitoring struct {
	registry *prometheus.Registry
	observer ports.Observer
	tracing  *telemetry.Tracing // nil when nobody asked for traces
}

// monitor makes the monitoring. Nothing shows it yet.
func (s *service) monitor(ctx context.Context, c Config, log *slog.Logger) error {
	m := &monitoring{registry: prometheus.NewRegistry()}
	metrics, err := telemetry.New(m.registry, telemetry.Options{
		Version: version(), Marketplaces: c.marketplaceTypes, Operations: throttledOperations, Calls: spapi.Operations(), Tenants: c.MetricsTenants,
	})
	if err != nil {
		return err
	}
	m.observer = observers{s.done, metrics}
	if m.tracing, err = telemetry.OpenTracing(ctx, c.program, version(), log); err != nil {
		return err
	}
	s.monitoring = m
	s.close = append(s.close, func() {
		if err := m.tracing.Close(); err != nil {
			log.Warn("the last traces are lost", "error", err)
		}
	})
	return nil
}

// watch adds to the metrics what is looked up in the database, and returns what says whether this process can do its work.
func (s *service) watch(ctx context.Context, c Config, log *slog.Logger) (ready func(context.Context) error, err error) {
	db, err := postgres.Open(ctx, s.url, postgres.Options{MaxConns: watchConns})
	if err != nil {
		return nil, err
	}
	s.close = append(s.close, func() { _ = db.Close() })
	queue, err := riverjobs.NewQueue(db, postgres.Translate)
	if err != nil {
		return nil, err
	}
	err = telemetry.Watch(s.registry, postgres.NewRepository(db, nil), queue, telemetry.WatchOptions{
		Marketplaces: c.marketplaceTypes, Log: log,
	})
	return isReady(db), err
}

// isReady returns what says whether the database answers, with a schema that this build works on. A newer one is no trouble to
// what runs already: while a release rolls out, every migration leaves the version before it working.
func isReady(db *sql.DB) func(context.Context) error {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, readyTimeout)
		defer cancel()
		if err := migrations.Check(ctx, db); !errors.Is(err, migrations.ErrAhead) {
			return err
		}
		return nil
	}
}
