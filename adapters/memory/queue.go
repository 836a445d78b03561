package memory

import (
	"cmp"
	"context"
	"slices"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Polled implements ports.Queue.
func (s *Store) Polled(ctx context.Context, ids []domain.ConnectionID) (map[domain.ConnectionID]bool, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	polled := map[domain.ConnectionID]bool{}
	for _, r := range s.all() {
		for _, id := range ids {
			if _, there := r.jobs[jobKey{ports.JobPoll, id}]; there {
				polled[id] = true
			}
		}
	}
	return polled, nil
}

// Depth implements ports.Queue: every job is due, because nothing works any.
func (s *Store) Depth(ctx context.Context) (d ports.QueueDepth, err error) {
	if err := ctx.Err(); err != nil {
		return d, err
	}
	now := ports.SystemClock{}.Now()
	for _, r := range s.all() {
		for key, j := range r.jobs {
			if key.kind == ports.JobPoll {
				d.Due++
				d.OldestDue = max(d.OldestDue, now.Sub(j.due))
			}
		}
	}
	return d, nil
}

// Jobs implements ports.Queue.
func (s *Store) Jobs(ctx context.Context, q ports.JobQuery) ([]ports.Job, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if q.Limit < 1 {
		return nil, errLimit
	}
	var found []ports.Job
	now := ports.SystemClock{}.Now()
	for tenant, r := range s.all() {
		for key, j := range r.jobs {
			state, c := ports.JobDue, key.connection
			if j.due.After(now) {
				state = ports.JobWaiting
			}
			if (q.State == "" || q.State == state) && (q.Connection == domain.ConnectionID{} || q.Connection == c) &&
				(q.After == 0 || j.id < q.After) {
				found = append(found, ports.Job{ID: j.id, Kind: string(key.kind), State: state, Tenant: tenant, Connection: c, DueAt: j.due})
			}
		}
	}
	slices.SortFunc(found, func(a, b ports.Job) int { return cmp.Compare(b.ID, a.ID) })
	return found[:min(q.Limit, len(found))], nil
}
