package ports

import (
	"context"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// Queue shows the jobs of all tenants: their polls, and what their marketplaces are asked. It holds ids and no tenant's data.
type Queue interface {
	// Polled returns those of the connections that have a poll job.
	Polled(ctx context.Context, ids []domain.ConnectionID) (map[domain.ConnectionID]bool, error)

	// Depth says how many polls wait.
	Depth(ctx context.Context) (QueueDepth, error)

	// Jobs returns up to q.Limit jobs behind q.After, by falling id.
	Jobs(ctx context.Context, q JobQuery) ([]Job, error)
}

// QueueDepth is how much work waits.
type QueueDepth struct {
	Due       int           // jobs that should run by now and do not
	Waiting   int           // jobs whose time has not come
	Running   int           // jobs that a worker is at
	Discarded int           // jobs given up after too many internal errors, kept for a while
	OldestDue time.Duration // how long the oldest due job has waited; 0 when none is due
}

// JobState says where a job is.
type JobState string

// The states of a job.
const (
	JobDue       JobState = "DUE"       // should run by now
	JobWaiting   JobState = "WAITING"   // its time has not come
	JobRunning   JobState = "RUNNING"   // a worker is at it
	JobDone      JobState = "DONE"      // it does not come again
	JobCancelled JobState = "CANCELLED" // taken away by an operator
	JobDiscarded JobState = "DISCARDED" // given up after too many internal errors
)

// JobStates are all states of jobs.
var JobStates = []JobState{JobDue, JobWaiting, JobRunning, JobDone, JobCancelled, JobDiscarded}

// JobQuery selects jobs.
type JobQuery struct {
	State      JobState            // "" for any
	Connection domain.ConnectionID // zero for any
	After      int64               // jobs with a smaller id only; 0 for the first page
	Limit      int                 // at most so many; at least 1
}

// Job is one job as operators see it.
type Job struct {
	ID         int64
	Kind       string // poll or context
	State      JobState
	Tenant     domain.TenantID
	Connection domain.ConnectionID
	Attempt    int       // how often it was begun since it last ended well
	DueAt      time.Time // when it should run, or should have run
	BegunAt    time.Time // when a worker last took it; zero if none did
	Worker     string    // who took it last; "" if nobody did
	LastError  string    // the internal error that ended the last attempt; "" if none did. Never a buyer's text
}
