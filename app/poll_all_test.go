package app_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/matryer/is"
	"go.uber.org/mock/gomock"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
	"github.com/keybuzzio/marketplaces/ports/portmock"
)

func contains(s, part string) bool { return strings.Contains(s, part) }

// clientFunc is a MarketplaceClient that is one function.
type clientFunc func(ctx context.Context, c domain.ConnectionState, cursor string) iter.Seq2[ports.Page, error]

func (f clientFunc) Pages(ctx context.Context, c domain.ConnectionState, cursor string) iter.Seq2[ports.Page, error] {
	return f(ctx, c, cursor)
}

// stageWith is a stage whose use cases read from client, with n tenants connected.
func stageWith(t testing.TB, n int, client ports.MarketplaceClient) (*stage, *app.App) {
	t.Helper()
	s := newStage(t, memory.NewStore())
	for i := range n {
		s.connect(t, tenant(t, fmt.Sprintf("t%03d", i)))
	}
	queue, _ := s.store.(ports.Queue)
	a, err := app.New(app.Deps{
		Repository: s.store, Directory: s.store, PollLedger: s.store, Queue: queue, Secrets: s.secrets, Mailboxes: s.mailboxes, Sources: s.raws, Clock: s.clock,
		Clients: map[domain.MarketplaceType]ports.MarketplaceClient{domain.Amazon: client},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, a
}

func TestPollAllKeepsTroubleApart(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	good := &source{size: 2, messages: messages(3)}
	_, a := stageWith(t, 4, clientFunc(func(ctx context.Context, c domain.ConnectionState, cursor string) iter.Seq2[ports.Page, error] {
		switch c.Tenant.String() {
		case "t001":
			return func(yield func(ports.Page, error) bool) {
				yield(ports.Page{}, domain.Errorf(domain.ErrUnavailable, "down"))
			}
		case "t002":
			panic("a bug")
		}
		return good.Pages(ctx, c, cursor)
	}))
	summary, err := a.PollAll.Run(t.Context(), app.PollAllCommand{Concurrency: 2})
	is.NoErr(err)
	is.Equal(summary.String(), "tenants=4 fetched=6 created=6 duplicates=0 rejected=0 failed=2")
	is.Equal(len(summary.Tenants), 4)
	is.Equal(summary.Tenants[0].String(), "tenant=t000 connections=1 fetched=3 created=3 duplicates=0 rejected=0 failed=0")
	is.Equal(summary.Tenants[2].String(), "tenant=t002 connections=1 fetched=0 created=0 duplicates=0 rejected=0 failed=1")

	summary, err = a.PollAll.Run(t.Context(), app.PollAllCommand{Concurrency: 2})
	is.NoErr(err)
	is.Equal(summary.String(), "tenants=4 fetched=0 created=0 duplicates=0 rejected=0 failed=2")
}

func TestPollAllIsBounded(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var now, most atomic.Int32
	_, a := stageWith(t, 40, clientFunc(func(context.Context, domain.ConnectionState, string) iter.Seq2[ports.Page, error] {
		return func(func(ports.Page, error) bool) {
			n := now.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			now.Add(-1)
		}
	}))
	summary, err := a.PollAll.Run(t.Context(), app.PollAllCommand{Concurrency: 3})
	is.NoErr(err)
	is.Equal(len(summary.Tenants), 40)
	is.True(most.Load() <= 3)
}

func TestPollAllLeavesOtherMarketplacesAlone(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := newStage(t, memory.NewStore())
	s.connect(t, tenant(t, "t1"))
	clients := map[domain.MarketplaceType]ports.MarketplaceClient{domain.Fnac: s.source} // Amazon was taken out
	a, err := app.New(app.Deps{Repository: s.store, Directory: s.store, PollLedger: s.store, Secrets: s.secrets, Mailboxes: s.mailboxes, Sources: s.raws, Clients: clients})
	is.NoErr(err)
	summary, err := a.PollAll.Run(t.Context(), app.PollAllCommand{Concurrency: 1})
	is.NoErr(err)
	is.Equal(len(summary.Tenants), 0)
}

func TestPollAllSaysThatTheWalkFailed(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := newStage(t, memory.NewStore())
	directory := portmock.NewMockDirectory(gomock.NewController(t))
	directory.EXPECT().Connected(gomock.Any(), gomock.Any(), gomock.Any()).Return(nil, domain.Errorf(domain.ErrUnavailable, "down"))
	a, err := app.New(app.Deps{Repository: s.store, Directory: directory, PollLedger: s.store, Secrets: s.secrets, Mailboxes: s.mailboxes, Sources: s.raws, Clients: s.clients()})
	is.NoErr(err)
	_, err = a.PollAll.Run(t.Context(), app.PollAllCommand{Concurrency: 1})
	is.True(errors.Is(err, domain.ErrUnavailable)) // an error is never an empty list
}
