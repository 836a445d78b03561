package httpapi

import (
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/mux"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// opsConnectionAnswer is a connection as operators see it: not where its secrets are.
type opsConnectionAnswer struct {
	ID            uuid.UUID  `json:"id"`
	TenantID      string     `json:"tenantId"`
	Marketplace   string     `json:"marketplace"`
	MarketplaceID *string    `json:"marketplaceId"`
	Status        string     `json:"status"`
	Source        *string    `json:"source"`
	DisplayName   *string    `json:"displayName"`
	Region        *string    `json:"region"`
	LastSyncAt    *time.Time `json:"lastSyncAt"`
	LastError     *string    `json:"lastError"`
	Withdrawn     bool       `json:"withdrawn"`
	CreatedAt     time.Time  `json:"createdAt"`
	UpdatedAt     time.Time  `json:"updatedAt"`
}

func showOpsConnection(c domain.ConnectionState) opsConnectionAnswer {
	return opsConnectionAnswer{
		ID:            c.ID.UUID,
		TenantID:      c.Tenant.String(),
		Marketplace:   string(c.Type),
		MarketplaceID: orNull(c.MarketplaceID),
		Status:        string(c.Status),
		Source:        orNull(string(c.Source)),
		DisplayName:   orNull(c.DisplayName),
		Region:        orNull(c.Region),
		LastSyncAt:    timeOrNull(c.LastSyncAt),
		LastError:     orNull(c.LastError),
		Withdrawn:     c.Withdrawn,
		CreatedAt:     c.CreatedAt.UTC(),
		UpdatedAt:     c.UpdatedAt.UTC(),
	}
}

func (s *Server) opsConnections(w http.ResponseWriter, r *http.Request, _ string) error {
	p, err := parametersOf(r, "status")
	if err != nil {
		return err
	}
	var q ports.ConnectionQuery
	if q.Status, err = readParameter(p, "status", domain.ParseConnectionStatus); err != nil {
		return err
	}
	after, limit, err := p.paging(connectionList)
	if err != nil {
		return err
	}
	if q.After, err = idOf[domain.ConnectionID](after); err != nil {
		return err
	}
	q.Limit = limit
	connections, next, err := s.app.ListConnections.Run(r.Context(), q)
	if err != nil {
		return err
	}
	return writeJSON(w, newPage(connectionList, connections, positionOf(next.UUID), showOpsConnection))
}

func (s *Server) opsResume(w http.ResponseWriter, r *http.Request, operator string) error {
	id, err := domain.ParseID[domain.ConnectionID](mux.Vars(r)["id"])
	if err != nil {
		return domain.Errorf(domain.ErrNotFound, "there is no such connection")
	}
	if err := noBody(w, r); err != nil {
		return err
	}
	c, err := s.app.Resume.Run(r.Context(), app.ResumeCommand{Connection: id, By: operator})
	if err != nil {
		return err
	}
	return writeJSON(w, showOpsConnection(c))
}

// idOf and positionOf are for lists that are sorted by id alone: their positions have no time.

func idOf[T ~struct{ uuid.UUID }](p ports.Position) (id T, err error) {
	if p == (ports.Position{}) {
		return id, nil
	}
	u, err := uuid.Parse(p.ID)
	return T(struct{ uuid.UUID }{u}), err
}

func positionOf(id uuid.UUID) ports.Position {
	if id == uuid.Nil {
		return ports.Position{}
	}
	return ports.Position{ID: id.String()}
}
