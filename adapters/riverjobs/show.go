package riverjobs

import (
	"context"
	"database/sql"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Polled implements ports.Queue.
func (q *Queue) Polled(ctx context.Context, ids []domain.ConnectionID) (map[domain.ConnectionID]bool, error) {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
	}
	polled := make(map[domain.ConnectionID]bool, len(ids))
	err := q.each(ctx, "find poll jobs", func(rows *sql.Rows) error {
		var text string
		if err := rows.Scan(&text); err != nil {
			return err
		}
		id, err := domain.ParseID[domain.ConnectionID](text)
		polled[id] = true
		return err
	}, `
		SELECT key.connection FROM unnest($1::text[]) AS key (connection), LATERAL (
			SELECT FROM river.river_job
			WHERE kind = 'poll' AND args ->> 'connection' = key.connection
				AND state NOT IN ('completed', 'cancelled', 'discarded') LIMIT 1) AS job`, texts)
	if err != nil {
		return nil, err
	}
	return polled, nil
}

// states is a job's state in the port's words. A job that waits for its time stays what River calls available, retryable
// or scheduled for a moment when the time has come.
const states = `CASE
	WHEN state = 'running' THEN 'RUNNING' WHEN state = 'completed' THEN 'DONE'
	WHEN state = 'cancelled' THEN 'CANCELLED' WHEN state = 'discarded' THEN 'DISCARDED'
	WHEN scheduled_at <= now() THEN 'DUE' ELSE 'WAITING' END`

// Depth implements ports.Queue.
func (q *Queue) Depth(ctx context.Context) (ports.QueueDepth, error) {
	var d ports.QueueDepth
	var oldest float64
	err := q.db.QueryRowContext(ctx, `
		SELECT count(*) FILTER (WHERE s = 'DUE'), count(*) FILTER (WHERE s = 'WAITING'),
			count(*) FILTER (WHERE s = 'RUNNING'), count(*) FILTER (WHERE s = 'DISCARDED'),
			coalesce(extract(epoch FROM now() - min(scheduled_at) FILTER (WHERE s = 'DUE')), 0)
		FROM (SELECT scheduled_at, `+states+` AS s FROM river.river_job WHERE kind = 'poll') AS job`).
		Scan(&d.Due, &d.Waiting, &d.Running, &d.Discarded, &oldest)
	if err != nil {
		return ports.QueueDepth{}, q.translate(ctx, "measure the queue", err)
	}
	d.OldestDue = time.Duration(oldest * float64(time.Second))
	return d, nil
}

// Jobs implements ports.Queue.
func (q *Queue) Jobs(ctx context.Context, query ports.JobQuery) ([]ports.Job, error) {
	if query.Limit < 1 {
		return nil, domain.Errorf(domain.ErrInvalid, "limit: at least 1")
	}
	connection := ""
	if query.Connection != (domain.ConnectionID{}) {
		connection = query.Connection.String()
	}
	var jobs []ports.Job
	err := q.each(ctx, "list jobs", func(rows *sql.Rows) error {
		job, err := scanJob(rows)
		jobs = append(jobs, job)
		return err
	}, `
		SELECT id, kind, s, args ->> 'tenant', args ->> 'connection', attempt, scheduled_at, attempted_at,
			coalesce(attempted_by[array_upper(attempted_by, 1)], ''), coalesce(errors[array_upper(errors, 1)] ->> 'error', '')
		FROM (SELECT *, `+states+` AS s FROM river.river_job WHERE kind IN ('poll', 'context')) AS job
		WHERE ($1 = '' OR s = $1) AND ($2 = '' OR args ->> 'connection' = $2) AND ($3::bigint = 0 OR id < $3::bigint)
		ORDER BY id DESC LIMIT $4`, string(query.State), connection, query.After, query.Limit)
	if err != nil {
		return nil, err
	}
	return jobs, nil
}

func scanJob(rows *sql.Rows) (ports.Job, error) {
	var job ports.Job
	var tenant, connection string
	var begun sql.NullTime
	err := rows.Scan(&job.ID, &job.Kind, &job.State, &tenant, &connection, &job.Attempt, &job.DueAt, &begun, &job.Worker, &job.LastError)
	if err != nil {
		return job, err
	}
	job.DueAt = job.DueAt.UTC()
	if begun.Valid {
		job.BegunAt = begun.Time.UTC()
	}
	if job.Tenant, err = domain.ParseTenantID(tenant); err != nil {
		return job, err
	}
	job.Connection, err = domain.ParseID[domain.ConnectionID](connection)
	return job, err
}

// each scans every row of a query.
func (q *Queue) each(ctx context.Context, op string, scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := q.db.QueryContext(ctx, query, args...)
	if err != nil {
		return q.translate(ctx, op, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return q.translate(ctx, op, err)
		}
	}
	return q.translate(ctx, op, rows.Err())
}
