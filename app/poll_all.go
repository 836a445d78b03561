package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// PollAll polls every connection of every tenant that is polled once, without a queue: what a cron job runs. Where sellers have
// authorized us it asks about the orders that are due, too; and it sends the answers that are due.
type PollAll struct {
	directory ports.Directory
	poll      *Poll
	context   *OrderSyncJob
	replies   *SendReplies
}

// contextSlice is how long PollAll takes orders, and sends answers, for one connection; what is left comes with the next run.
const contextSlice = 5 * time.Second

// PollAllCommand bounds the work.
type PollAllCommand struct {
	Concurrency int // connections polled at once; at least 1
}

// TenantSummary is what polling did for one tenant.
type TenantSummary struct {
	Tenant      domain.TenantID
	Connections int
	Failed      int // connections whose poll failed
	PollResult
}

// Summary is what polling did in all.
type Summary struct {
	Tenants []TenantSummary // by tenant id
	Failed  int             // tenants of whom a poll failed
	PollResult
}

// String is the one line for operators.
func (s Summary) String() string {
	return fmt.Sprintf("tenants=%d fetched=%d created=%d duplicates=%d rejected=%d failed=%d",
		len(s.Tenants), s.Fetched, s.Created, s.Duplicates, s.Rejected, s.Failed)
}

// String is the one line for operators.
func (s TenantSummary) String() string {
	return fmt.Sprintf("tenant=%s connections=%d fetched=%d created=%d duplicates=%d rejected=%d failed=%d",
		s.Tenant, s.Connections, s.Fetched, s.Created, s.Duplicates, s.Rejected, s.Failed)
}

// Run polls them all, cmd.Concurrency at a time, each to the end of its source. One connection's failure is counted and
// stops no other; one that a limit of ours puts off is no failure and is left for the next run. Connections of marketplaces
// that are not enabled are left alone. The error says that the walk itself could not be finished: the directory failed or
// ctx ended; the summary then holds what was done until then.
func (u *PollAll) Run(ctx context.Context, cmd PollAllCommand) (Summary, error) {
	var (
		mu    sync.Mutex
		tally = map[domain.TenantID]*TenantSummary{}
		group errgroup.Group
	)
	group.SetLimit(max(1, cmd.Concurrency))
	one := func(ref ports.ConnectionRef) {
		end := u.poll.run(ctx, PollCommand{Tenant: ref.Tenant, Connection: ref.ID})
		err := end.err
		if end.Connection.Authorized && ctx.Err() == nil {
			_, asked := u.context.Run(ctx, ContextCommand{Tenant: ref.Tenant, Connection: ref.ID, Slice: contextSlice})
			err = cmp.Or(err, asked)
		}
		if ctx.Err() == nil {
			_, sent := u.replies.Run(ctx, SendCommand{Tenant: ref.Tenant, Connection: ref.ID, Slice: contextSlice})
			err = cmp.Or(err, sent)
		}
		mu.Lock()
		defer mu.Unlock()
		t := tally[ref.Tenant]
		if t == nil {
			t = &TenantSummary{Tenant: ref.Tenant}
			tally[ref.Tenant] = t
		}
		t.Connections++
		t.add(end.PollResult)
		if err != nil && ctx.Err() == nil && domain.KindOf(err) != domain.ErrThrottled {
			t.Failed++
		}
	}
	var walk error
	for refs, err := range connected(ctx, u.directory) {
		walk = err
		for _, ref := range refs {
			if u.poll.clients[ref.Type] != nil && ctx.Err() == nil {
				group.Go(func() error { one(ref); return nil })
			}
		}
	}
	_ = group.Wait() // no poll returns its error
	return summarize(tally), errors.Join(walk, ctx.Err())
}

func summarize(tally map[domain.TenantID]*TenantSummary) Summary {
	var s Summary
	for _, t := range tally {
		s.Tenants = append(s.Tenants, *t)
		s.add(t.PollResult)
		if t.Failed > 0 {
			s.Failed++
		}
	}
	slices.SortFunc(s.Tenants, func(a, b TenantSummary) int { return cmp.Compare(a.Tenant.String(), b.Tenant.String()) })
	return s
}
