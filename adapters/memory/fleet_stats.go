package memory

import (
	"context"
	"slices"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// FleetStats is part of ports.Operations. It goes by the machine's clock.
func (s *Store) FleetStats(ctx context.Context) (ports.FleetStats, error) {
	if err := ctx.Err(); err != nil {
		return ports.FleetStats{}, err
	}
	survey := ports.FleetStats{Connections: map[ports.ConnectionClass]int{}, Expiring: map[int]int{}}
	for _, days := range append(slices.Clone(domain.WarnDays), 0) {
		survey.Expiring[days] = 0
	}
	now := time.Now()
	var silences []time.Duration
	for _, r := range s.all() {
		for _, c := range r.connections {
			survey.Connections[ports.ConnectionClass{Type: c.Type, Status: c.Status}]++
			if !c.Polled() {
				continue
			}
			read := c.LastSyncAt
			if read.IsZero() {
				read = c.CreatedAt
			}
			silences = append(silences, max(0, now.Sub(read)))
		}
		for _, state := range r.syncStates {
			if state.LastArrivalAt.After(survey.LastMessage) {
				survey.LastMessage = state.LastArrivalAt
			}
		}
		for _, a := range r.authorizations {
			if a.Status == domain.AuthorizationWithdrawn {
				survey.Withdrawn++
			}
			for days := range survey.Expiring {
				if a.Status == domain.AuthorizationGranted && !a.ExpiresAt.After(now.Add(time.Duration(days)*24*time.Hour)) {
					survey.Expiring[days]++
				}
			}
		}
		for _, m := range r.rejected {
			if _, done := r.replayed[m.ID]; !done {
				survey.Rejected++
			}
		}
	}
	if n := len(silences); n > 0 {
		slices.Sort(silences)
		survey.WorstPollLag, survey.P99PollLag = silences[n-1], silences[n-n/100-1]
	}
	return survey, nil
}
