package riverjobs_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/matryer/is"
)

// sluggish is a line on which statements that listen take for ever, until the engine has said that it does not start.
type sluggish struct {
	slog.Handler
	said chan struct{}
	once *sync.Once
}

func (s sluggish) Handle(ctx context.Context, r slog.Record) error {
	if strings.HasPrefix(r.Message, "the engine does not start") {
		s.once.Do(func() { close(s.said) })
	}
	return s.Handler.Handle(ctx, r)
}

func (s sluggish) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	if strings.HasPrefix(q.SQL, "LISTEN") {
		select {
		case <-ctx.Done():
		case <-s.said:
		}
	}
	return ctx
}

func (sluggish) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// A database that is slow while the engine starts does not end the process.
func TestAnEngineThatDoesNotStartIsStartedAgain(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	polls := newCounted(nothing)
	s := newStage(t, polls)
	slow := sluggish{s.log.Handler(), make(chan struct{}), new(sync.Once)}
	s.log = slog.New(slow)
	config, err := pgxpool.ParseConfig(s.url.Reveal())
	is.NoErr(err)
	config.MaxConns, config.ConnConfig.Tracer = 1, slow
	s.listener, err = pgxpool.NewWithConfig(t.Context(), config)
	is.NoErr(err)
	s.work(t)
	s.connect(t, "t1")
	<-slow.said
	eventually(t, "polled again and again", func() bool { return polls.count("t1") >= 3 })
}
