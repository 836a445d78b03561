package boot_test

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"
	"go.uber.org/mock/gomock"

	"github.com/keybuzzio/marketplaces/app/boot"
	"github.com/keybuzzio/marketplaces/ports"
	"github.com/keybuzzio/marketplaces/ports/portmock"
)

// A worker says in one line a minute what it did, also while the database hangs.
func TestAWorkerSaysEachMinuteWhatItDid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		var hangs atomic.Bool
		queue := portmock.NewMockQueue(gomock.NewController(t))
		queue.EXPECT().Depth(gomock.Any()).DoAndReturn(func(ctx context.Context) (ports.QueueDepth, error) {
			if hangs.Load() {
				<-ctx.Done()
				return ports.QueueDepth{}, ctx.Err()
			}
			return ports.QueueDepth{Due: 4, Waiting: 50, OldestDue: 90 * time.Second}, nil
		}).AnyTimes()
		log, tally := &buffer{}, &boot.Tally{}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			tally.Report(ctx, queue, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
				if a.Key == slog.TimeKey {
					return slog.Attr{}
				}
				return a
			}})))
		}()
		for _, outcome := range ports.PollOutcomes {
			tally.Polled(ports.Polled{Outcome: outcome})
		}
		for range 2 {
			tally.Ingested(ports.Ingested{Fetched: 6, Created: 3, Duplicates: 2, Rejected: 1})
		}
		for _, line := range []string{
			"level=INFO msg=worked polls=8 failed=3 throttled=1 fetched=12 created=6 duplicates=4 rejected=2 due=4 oldest_due=1m30s waiting=50",
			"level=INFO msg=worked polls=0 failed=0 throttled=0 fetched=0 created=0 duplicates=0 rejected=0 due=4 oldest_due=1m30s waiting=50",
			"level=INFO msg=worked polls=0 failed=0 throttled=0 fetched=0 created=0 duplicates=0 rejected=0",
		} {
			before := log.String()
			time.Sleep(time.Minute + 10*time.Second)
			synctest.Wait()
			is.Equal(strings.TrimPrefix(log.String(), before), line+"\n")
			hangs.Store(strings.Count(log.String(), "\n") == 2)
		}
		stop()
		<-done
	})
}
