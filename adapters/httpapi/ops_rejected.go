package httpapi

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/mux"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// rejectedAnswer is a rejected message as operators see it: without anything that a buyer wrote.
type rejectedAnswer struct {
	ID           uuid.UUID  `json:"id"`
	TenantID     string     `json:"tenantId"`
	ConnectionID uuid.UUID  `json:"connectionId"`
	Marketplace  string     `json:"marketplace"`
	Reason       string     `json:"reason"`
	Detail       *string    `json:"detail"`
	Bytes        int        `json:"bytes"`
	RejectedAt   time.Time  `json:"rejectedAt"`
	ReplayedAt   *time.Time `json:"replayedAt"`
}

func showRejected(r ports.RejectedRef) rejectedAnswer {
	return rejectedAnswer{
		ID:           r.ID.UUID,
		TenantID:     r.Tenant.String(),
		ConnectionID: r.Connection.UUID,
		Marketplace:  string(r.Type),
		Reason:       string(r.Reason),
		Detail:       orNull(r.Detail),
		Bytes:        r.Bytes,
		RejectedAt:   r.RejectedAt.UTC(),
		ReplayedAt:   timeOrNull(r.ReplayedAt),
	}
}

func (s *Server) opsRejected(w http.ResponseWriter, r *http.Request, _ string) error {
	p, err := parametersOf(r, "replayed")
	if err != nil {
		return err
	}
	var q ports.RejectedQuery
	if q.Replayed, err = readParameter(p, "replayed", parseYes); err != nil {
		return err
	}
	after, limit, err := p.paging(rejectedList)
	if err != nil {
		return err
	}
	if q.After, err = idOf[domain.RejectedID](after); err != nil {
		return err
	}
	q.Limit = limit
	messages, next, err := s.app.ListRejected.Run(r.Context(), q)
	if err != nil {
		return err
	}
	return writeJSON(w, newPage(rejectedList, messages, positionOf(next.UUID), showRejected))
}

func parseYes(s string) (bool, error) {
	yes, err := strconv.ParseBool(s)
	if err != nil {
		return false, domain.Errorf(domain.ErrInvalid, "give true or false")
	}
	return yes, nil
}

type replayAnswer struct {
	Outcome string  `json:"outcome"`
	Detail  *string `json:"detail"`
}

// What becomes of a message that is read again: of a rejected one, and of a stored one.
const (
	replayStored    = "STORED"    // today's code accepts it
	replayDuplicate = "DUPLICATE" // it is stored already
	replayRejected  = "REJECTED"  // today's code does not accept it either

	replayTicketed  = "TICKETED"  // it is on a ticket now
	replayChanged   = "CHANGED"   // it was rebuilt
	replayUnchanged = "UNCHANGED" // today's code reads it as before, or it stays all the same
)

func showReplay(result app.ReplayResult, differences []domain.Difference) replayAnswer {
	a := replayAnswer{Outcome: replayUnchanged}
	switch {
	case result.Accepted > 0:
		a.Outcome = replayStored
	case result.Duplicate > 0:
		a.Outcome = replayDuplicate
	case result.Rejected > 0:
		a.Outcome = replayRejected
	case result.Ticketed > 0:
		a.Outcome = replayTicketed
	case result.Changed > 0:
		a.Outcome = replayChanged
	}
	lines := make([]string, len(differences))
	for i, d := range differences {
		lines[i] = d.String()
	}
	a.Detail = orNull(strings.Join(lines, "; "))
	return a
}

func (s *Server) opsReplay(w http.ResponseWriter, r *http.Request, operator string) error {
	id, err := domain.ParseID[domain.RejectedID](mux.Vars(r)["id"])
	if err != nil {
		return domain.Errorf(domain.ErrNotFound, "there is no such rejected message")
	}
	if err := noBody(w, r); err != nil {
		return err
	}
	result, differences, err := s.app.ReplayRejected.Run(r.Context(), app.ReplayRejectedCommand{Rejected: id, By: operator})
	if err != nil {
		return err
	}
	return writeJSON(w, showReplay(result, differences))
}
