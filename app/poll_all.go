package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// PollAll polls every CONNECTED connection of every tenant once.
type PollAll struct {
	directory ports.Directory
	poll      *Poll
	log       *slog.Logger
}

// PollAllCommand bounds the work.
type PollAllCommand struct {
	Concurrency int           // connections polled at once; at least 1
	Patience    time.Duration // how long one poll may take before the others have their turn; 0: until it is done
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

// directoryPage is how many connections are looked up at once.
const directoryPage = 500

// Run polls them all, cmd.Concurrency at a time. One connection's failure, a panic among them, is logged, counted and
// stops no other. A poll that outlasts cmd.Patience is cut short, which is no failure: the next goes on where it was.
// Connections of marketplaces that are not enabled are left alone. The error says that the walk itself could not be finished: the directory failed or ctx ended; the
// summary then holds what was done until then.
func (u *PollAll) Run(ctx context.Context, cmd PollAllCommand) (Summary, error) {
	var (
		mu    sync.Mutex
		tally = map[domain.TenantID]*TenantSummary{}
		group errgroup.Group
	)
	group.SetLimit(max(1, cmd.Concurrency))
	walk := u.each(ctx, func(ref ports.ConnectionRef) {
		group.Go(func() error {
			result, err := u.one(ctx, ref, cmd.Patience)
			mu.Lock()
			defer mu.Unlock()
			t := tally[ref.Tenant]
			if t == nil {
				t = &TenantSummary{Tenant: ref.Tenant}
				tally[ref.Tenant] = t
			}
			t.Connections++
			t.add(result)
			if err != nil {
				t.Failed++
			}
			return nil
		})
	})
	_ = group.Wait() // no poll returns its error
	return summarize(tally), errors.Join(walk, ctx.Err())
}

// each calls visit for every connected connection.
func (u *PollAll) each(ctx context.Context, visit func(ports.ConnectionRef)) error {
	var after domain.ConnectionID
	for ctx.Err() == nil {
		refs, err := u.directory.Connected(ctx, after, directoryPage)
		if err != nil {
			return fmt.Errorf("list connections: %w", err)
		}
		for _, ref := range refs {
			if ctx.Err() != nil {
				return nil
			}
			if after = ref.ID; u.poll.clients[ref.Type] != nil {
				visit(ref)
			}
		}
		if len(refs) < directoryPage {
			return nil
		}
	}
	return nil
}

// one polls a connection and keeps its trouble to itself.
func (u *PollAll) one(ctx context.Context, ref ports.ConnectionRef, patience time.Duration) (result PollResult, err error) {
	log := u.log.With("tenant", ref.Tenant.String(), "connection", ref.ID.String(), "marketplace", ref.Type.Slug())
	defer func() {
		if p := recover(); p != nil {
			// The value may hold a buyer's text; its type and the stack do not.
			err = errors.New("panic")
			log.ErrorContext(ctx, "poll panicked", "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
		}
	}()
	polling := ctx
	if patience > 0 {
		var cancel context.CancelFunc
		polling, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	result, err = u.poll.Run(polling, PollCommand{ref.Tenant, ref.ID})
	switch {
	case err == nil:
		log.InfoContext(ctx, "polled", "fetched", result.Fetched, "created", result.Created,
			"duplicates", result.Duplicates, "rejected", result.Rejected, "superseded", result.Superseded)
	case ctx.Err() != nil:
		log.InfoContext(ctx, "poll interrupted, goes on in the next run", "fetched", result.Fetched, "created", result.Created)
		err = nil
	case polling.Err() != nil:
		log.InfoContext(ctx, "poll cut short, goes on in the next round", "fetched", result.Fetched, "created", result.Created)
		err = nil
	default:
		log.WarnContext(ctx, "poll failed", "created", result.Created, "error", err)
	}
	return result, err
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
