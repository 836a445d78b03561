package postgres

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// FleetStats is part of ports.Operations. The policies "operations" let it see all tenants' connections, sync states,
// authorizations and rejected messages. Every process asks it a few times a minute, so it joins no tables, and of the rejected messages it
// reads the index of those that wait.
func (r *Repository) FleetStats(ctx context.Context) (ports.FleetStats, error) {
	survey := ports.FleetStats{Connections: map[ports.ConnectionClass]int{}, Expiring: map[int]int{}}
	opts := &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	err := r.transact(ctx, opts, "keybuzz.operations", "on", func(ctx context.Context, tx bun.Tx) error {
		if err := surveyClasses(ctx, tx.Tx, survey.Connections); err != nil {
			return translate(ctx, "survey connections", err)
		}
		if err := surveyAuthorizations(ctx, tx.Tx, &survey); err != nil {
			return translate(ctx, "survey authorizations", err)
		}
		var longest, p99 float64
		var arrived sql.NullTime
		// The sooner a connection was last read, the longer it has been silent.
		err := tx.Tx.QueryRowContext(ctx, `
			SELECT coalesce(extract(epoch FROM now() - min(read)), 0),
				coalesce(extract(epoch FROM now() - percentile_disc(0.99) WITHIN GROUP (ORDER BY read DESC)), 0),
				(SELECT max(last_arrival_at) FROM marketplace.sync_states),
				(SELECT count(*) FROM marketplace.rejected_messages WHERE replayed_at IS NULL)
			FROM (SELECT coalesce(last_sync_at, created_at) AS read FROM marketplace.connections
				WHERE `+polledConnections+`) AS c`).Scan(&longest, &p99, &arrived, &survey.Rejected)
		survey.WorstPollLag, survey.P99PollLag, survey.LastMessage = silence(longest), silence(p99), utc(arrived.Time)
		return translate(ctx, "survey polls", err)
	})
	if err != nil {
		return ports.FleetStats{}, err
	}
	return survey, nil
}

func surveyClasses(ctx context.Context, tx *sql.Tx, classes map[ports.ConnectionClass]int) error {
	rows, err := tx.QueryContext(ctx, `SELECT type, status, count(*) FROM marketplace.connections GROUP BY type, status`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var class ports.ConnectionClass
		var count int
		if err := rows.Scan(&class.Type, &class.Status, &count); err != nil {
			return err
		}
		classes[class] = count
	}
	return rows.Err()
}

func surveyAuthorizations(ctx context.Context, tx *sql.Tx, survey *ports.FleetStats) error {
	rows, err := tx.QueryContext(ctx, `
		SELECT days, (SELECT count(*) FROM marketplace.authorizations
				WHERE status = 'GRANTED' AND expires_at <= now() + days * interval '24 hours'),
			(SELECT count(*) FROM marketplace.authorizations WHERE status = 'WITHDRAWN')
		FROM unnest($1::integer[]) AS days`, append(slices.Clone(domain.WarnDays), 0))
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var days, count int
		if err := rows.Scan(&days, &count, &survey.Withdrawn); err != nil {
			return err
		}
		survey.Expiring[days] = count
	}
	return rows.Err()
}

// silence is a number of seconds as a Duration. A poll that was noted by a clock in advance leaves none.
func silence(seconds float64) time.Duration {
	return max(0, time.Duration(seconds*float64(time.Second)))
}
