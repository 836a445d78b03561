package app_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// failing is a source that fails with err.
func failing(err error) clientFunc {
	return func(context.Context, domain.ConnectionState, string) iter.Seq2[ports.Page, error] {
		return func(yield func(ports.Page, error) bool) { yield(ports.Page{}, err) }
	}
}

// turn runs one turn of the poll job of tenant t000.
func turn(t *testing.T, s *stage, a *app.App, slice time.Duration) (app.JobRun, error) {
	t.Helper()
	who := tenant(t, "t000")
	status, err := s.Status.Run(t.Context(), app.StatusQuery{Tenant: who, Marketplace: domain.Amazon})
	c := status.Connection
	is.New(t).NoErr(err)
	return a.PollTurn.Run(t.Context(), app.PollCommand{Tenant: who, Connection: c.ID, Slice: slice})
}

func between(is *is.I, d, low, high time.Duration) {
	is.Helper()
	if d < low || d > high {
		is.Equal(d.String(), fmt.Sprintf("between %s and %s", low, high))
	}
}

func TestTurnsByOutcome(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		source    ports.MarketplaceClient
		outcome   ports.PollOutcome
		over      bool
		low, high time.Duration
		lastError string
	}{
		"nothing new": {clientFunc(func(context.Context, domain.ConnectionState, string) iter.Seq2[ports.Page, error] {
			return func(func(ports.Page, error) bool) {}
		}), ports.PollOK, false, 54 * time.Second, 66 * time.Second, ""},
		"down": {failing(domain.Errorf(domain.ErrUnavailable, "down")), ports.PollUnavailable, false, 54 * time.Second, 66 * time.Second, "down"},
		"down, and says for how long": {
			failing(&domain.Error{Kind: domain.ErrUnavailable, Msg: "busy", RetryAfter: 10 * time.Minute}),
			ports.PollUnavailable, false, 10 * time.Minute, 11 * time.Minute, "busy",
		},
		"down, and says nonsense": {
			failing(&domain.Error{Kind: domain.ErrUnavailable, Msg: "busy", RetryAfter: 1000 * time.Hour}),
			ports.PollUnavailable, false, time.Hour, 66 * time.Minute, "busy",
		},
		"put off by a limit of ours": {
			failing(&domain.Error{Kind: domain.ErrThrottled, Msg: "wait", RetryAfter: 5 * time.Second}),
			ports.PollThrottled, false, 5 * time.Second, 6 * time.Second, "",
		},
		"refused":       {failing(domain.Errorf(domain.ErrRejected, "wrong password")), ports.PollRefused, true, 0, 0, "wrong password"},
		"not read here": {failing(domain.Errorf(domain.ErrForbidden, "not here")), ports.PollRefused, false, 15 * time.Minute, 15 * time.Minute, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			s, a := stageWith(t, 1, test.source)
			got, err := turn(t, s, a, 0)
			is.NoErr(err)
			is.Equal(got.Outcome, test.outcome)
			is.Equal(got.Over, test.over)
			if !test.over {
				between(is, got.Again, test.low, test.high)
			}
			status, err := s.Status.Run(t.Context(), app.StatusQuery{Tenant: tenant(t, "t000"), Marketplace: domain.Amazon})
			c := status.Connection
			is.NoErr(err)
			is.Equal(c.LastError, test.lastError)
			jobs, err := s.store.(ports.Queue).Polled(t.Context(), []domain.ConnectionID{c.ID})
			is.NoErr(err)
			is.Equal(jobs[c.ID], !test.over) // the job is there exactly as long as the connection is CONNECTED
			is.Equal(c.Status == domain.ConnectionConnected, !test.over)
		})
	}
}

func TestAPollThatAnotherWasAheadOf(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var ahead func(domain.ConnectionState)
	s, a := stageWith(t, 1, clientFunc(func(_ context.Context, c domain.ConnectionState, _ string) iter.Seq2[ports.Page, error] {
		return func(yield func(ports.Page, error) bool) {
			ahead(c)
			yield(ports.Page{Messages: []domain.InboundMessage{message(1)}, Next: "2"}, nil)
		}
	}))
	ahead = func(c domain.ConnectionState) {
		_, err := s.Ingest.Run(t.Context(), app.IngestCommand{Connection: c, Page: ports.Page{Next: "1"}})
		is.NoErr(err)
	}
	got, err := turn(t, s, a, 0)
	is.NoErr(err)
	is.Equal(got.Outcome, ports.PollSuperseded)
	is.Equal(got.Again, time.Second)
}

func TestABacklogTakesTurns(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var clock *memory.Clock
	s, a := stageWith(t, 1, clientFunc(func(_ context.Context, _ domain.ConnectionState, cursor string) iter.Seq2[ports.Page, error] {
		return func(yield func(ports.Page, error) bool) {
			for n, _ := strconv.Atoi(cursor); n < 5; n++ {
				clock.Advance(2 * time.Second) // a page's time
				if !yield(ports.Page{Messages: []domain.InboundMessage{message(n)}, Next: strconv.Itoa(n + 1)}, nil) {
					return
				}
			}
		}
	}))
	clock = s.clock
	got, err := turn(t, s, a, 5*time.Second)
	is.NoErr(err)
	is.Equal(got.Outcome, ports.PollMore)
	is.Equal(got.Created, 3)
	is.Equal(got.Again, time.Duration(0)) // at once, behind all that is due
	got, err = turn(t, s, a, 5*time.Second)
	is.NoErr(err)
	is.Equal(got.Outcome, ports.PollOK)
	is.Equal(got.Created, 2)
}

func TestFailuresBackOff(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, a := stageWith(t, 1, failing(domain.Errorf(domain.ErrUnavailable, "down")))
	for _, minutes := range []float64{1, 2, 4, 8, 15, 15} {
		got, err := turn(t, s, a, 0)
		is.NoErr(err)
		pause := time.Duration(minutes * float64(time.Minute))
		between(is, got.Again, pause*9/10, pause*11/10)
	}
}

func TestAnIdleMailboxIsPolledLessOften(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	new := false
	s, a := stageWith(t, 1, clientFunc(func(context.Context, domain.ConnectionState, string) iter.Seq2[ports.Page, error] {
		return func(yield func(ports.Page, error) bool) {
			if new {
				yield(ports.Page{Messages: []domain.InboundMessage{message(1)}, Next: "1"}, nil)
			}
		}
	}))
	for _, test := range []struct {
		quiet time.Duration
		pause time.Duration
	}{{0, time.Minute}, {time.Hour, time.Minute}, {2 * time.Hour, 3 * time.Minute}, {5 * time.Hour, 5 * time.Minute}} {
		s.clock.Advance(test.quiet) // 0 h, 1 h, 3 h, 8 h in all
		got, err := turn(t, s, a, 0)
		is.NoErr(err)
		between(is, got.Again, test.pause*9/10, test.pause*11/10)
	}
	new = true // and a message brings it back
	got, err := turn(t, s, a, 0)
	is.NoErr(err)
	between(is, got.Again, 54*time.Second, 66*time.Second)
}

func TestABugIsContainedAndCounted(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, a := stageWith(t, 2, clientFunc(func(_ context.Context, c domain.ConnectionState, _ string) iter.Seq2[ports.Page, error] {
		return func(func(ports.Page, error) bool) {
			if c.Tenant.String() == "t000" {
				panic("Jean Dupont wrote this")
			}
		}
	}))
	got, err := turn(t, s, a, 0)
	is.True(err != nil)
	is.Equal(got.Outcome, ports.PollFailed)
	is.True(!contains(err.Error(), "Dupont"))
	who := tenant(t, "t000")
	status, err := s.Status.Run(t.Context(), app.StatusQuery{Tenant: who, Marketplace: domain.Amazon})
	c := status.Connection
	is.NoErr(err)
	is.Equal(c.Status, domain.ConnectionConnected) // it is tried again
	is.Equal(c.LastError, "internal error")

	is.NoErr(a.PollTurn.GiveUp(t.Context(), who, c.ID)) // until it is not
	is.NoErr(a.PollTurn.GiveUp(t.Context(), who, c.ID))
	status, err = s.Status.Run(t.Context(), app.StatusQuery{Tenant: who, Marketplace: domain.Amazon})
	c = status.Connection
	is.NoErr(err)
	is.Equal(c.Status, domain.ConnectionError)
	is.NoErr(s.store.View(t.Context(), who, func(ctx context.Context, tx ports.Tx) error {
		entries, err := tx.Audit.List(ctx, c.ID.String(), ports.Position{}, 10)
		is.NoErr(err)
		is.Equal(entries[0].Action, domain.AuditFailed)
		is.Equal(len(entries), 3) // and that it was begun and connected
		return nil
	}))
}

func TestAPollInterruptedIsNoTurn(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, a := stageWith(t, 1, &source{size: 2, messages: messages(3)})
	status, err := s.Status.Run(t.Context(), app.StatusQuery{Tenant: tenant(t, "t000"), Marketplace: domain.Amazon})
	c := status.Connection
	is.NoErr(err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = a.PollTurn.Run(ctx, app.PollCommand{Tenant: c.Tenant, Connection: c.ID})
	is.True(errors.Is(err, context.Canceled))
}

func TestRescheduleFindsWhatIsMissing(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, a := stageWith(t, 3, &source{size: 2})
	lost := tenant(t, "t001")
	status, err := s.Status.Run(t.Context(), app.StatusQuery{Tenant: lost, Marketplace: domain.Amazon})
	c := status.Connection
	is.NoErr(err)
	is.NoErr(s.store.Update(t.Context(), lost, func(ctx context.Context, tx ports.Tx) error {
		if _, err := tx.Connections.Lock(ctx, c.ID); err != nil {
			return err
		}
		return tx.Jobs.Cancel(ctx, ports.JobPoll, c.ID)
	}))
	for _, want := range []int{1, 0} { // and then nothing is
		missing, err := a.Reschedule.Run(t.Context())
		is.NoErr(err)
		is.Equal(missing, want)
	}
	polled, err := s.store.(ports.Queue).Polled(t.Context(), []domain.ConnectionID{c.ID})
	is.NoErr(err)
	is.True(polled[c.ID])
}
