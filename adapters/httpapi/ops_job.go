package httpapi

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

type jobAnswer struct {
	ID           int64      `json:"id"`
	Kind         string     `json:"kind"`
	State        string     `json:"state"`
	TenantID     string     `json:"tenantId"`
	ConnectionID uuid.UUID  `json:"connectionId"`
	Attempt      int        `json:"attempt"`
	DueAt        time.Time  `json:"dueAt"`
	BegunAt      *time.Time `json:"begunAt"`
	Worker       *string    `json:"worker"`
	LastError    *string    `json:"lastError"`
}

func showJob(j ports.Job) jobAnswer {
	return jobAnswer{
		ID:           j.ID,
		Kind:         j.Kind,
		State:        string(j.State),
		TenantID:     j.Tenant.String(),
		ConnectionID: j.Connection.UUID,
		Attempt:      j.Attempt,
		DueAt:        j.DueAt.UTC(),
		BegunAt:      timeOrNull(j.BegunAt),
		Worker:       orNull(j.Worker),
		LastError:    orNull(j.LastError),
	}
}

func (s *Server) opsJobs(w http.ResponseWriter, r *http.Request, _ string) error {
	q, err := jobQuery(r)
	if err != nil {
		return err
	}
	jobs, next, err := s.app.ListJobs.Run(r.Context(), q)
	if err != nil {
		return err
	}
	var cursor *string
	if next != 0 {
		cursor = orNull(strconv.FormatInt(next, 10))
	}
	return writeJSON(w, pageAt(jobs, cursor, showJob))
}

func jobQuery(r *http.Request) (q ports.JobQuery, err error) {
	p, err := parametersOf(r, "state", "connection")
	if err != nil {
		return q, err
	}
	if q.State, err = readParameter(p, "state", parseJobState); err != nil {
		return q, err
	}
	if q.Connection, err = readParameter(p, "connection", domain.ParseID[domain.ConnectionID]); err != nil {
		return q, err
	}
	if q.After, err = readParameter(p, "cursor", parseJobCursor); err != nil {
		return q, err
	}
	q.Limit, err = p.limit()
	return q, err
}

func parseJobState(s string) (ports.JobState, error) {
	if state := ports.JobState(s); slices.Contains(ports.JobStates, state) {
		return state, nil
	}
	return "", domain.Errorf(domain.ErrInvalid, "unknown job state: use DUE, WAITING, RUNNING, DONE, CANCELLED or DISCARDED")
}

// parseJobCursor reads the cursor of a list of jobs: the id to go on behind.
func parseJobCursor(s string) (int64, error) {
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil || id < 1 {
		return 0, domain.Errorf(domain.ErrInvalid, cursorDetail)
	}
	return id, nil
}
