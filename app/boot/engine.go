package boot

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/adapters/riverjobs"
)

// work works the queue until ctx ends, and says once a minute what it did.
func (s *service) work(ctx context.Context, c Config, log *slog.Logger) error {
	listener, err := postgres.OpenListener(ctx, s.url)
	if err != nil {
		return err
	}
	defer listener.Close()
	engine, err := riverjobs.NewEngine(s.db, listener, s.app, riverjobs.Options{
		Workers: int(c.Workers), Interval: c.pollInterval(), Version: version(), Log: log, Trace: s.tracing.Job,
	})
	if err != nil {
		return err
	}
	var beside sync.WaitGroup
	defer beside.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	beside.Go(func() { s.done.report(ctx, s.queue, log) })
	if c.S3Endpoint != "" {
		beside.Go(func() { s.moveRaws(ctx, log) })
	}
	if c.IMAPIdle > 0 {
		beside.Go(func() {
			if err := s.app.Watch.Run(ctx, int(c.IMAPIdle)); err != nil && ctx.Err() == nil {
				log.ErrorContext(ctx, "mailboxes are not watched any more", "error", err)
			}
		})
	}
	return engine.Run(ctx)
}

// moveEvery is the time from one moving of raws to the next, a fifth more or less: workers need not do it together.
const moveEvery = time.Minute

// moveRaws moves raws to the object store until ctx ends.
func (s *service) moveRaws(ctx context.Context, log *slog.Logger) {
	for {
		pause := moveEvery*4/5 + rand.N(moveEvery*2/5)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		moved, err := s.app.MoveRaws.Run(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			log.WarnContext(ctx, "raws moved in part", "moved", moved, "error", err)
		case moved > 0:
			log.InfoContext(ctx, "raws moved", "moved", moved)
		}
	}
}
