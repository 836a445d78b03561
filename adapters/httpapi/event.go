package httpapi

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/keybuzzio/marketplaces/domain"
)

type eventAnswer struct {
	ID        uuid.UUID         `json:"id"`
	TicketID  uuid.UUID         `json:"ticketId"`
	Type      string            `json:"type"`
	ActorType string            `json:"actorType"`
	ActorID   *string           `json:"actorId"`
	Payload   map[string]string `json:"payload"`
	CreatedAt time.Time         `json:"createdAt"`
}

func showEvent(e domain.TicketEvent) eventAnswer {
	a := eventAnswer{
		ID:        e.ID.UUID,
		TicketID:  e.Ticket.UUID,
		Type:      string(e.Type),
		ActorType: string(e.Actor),
		ActorID:   orNull(e.ActorID),
		Payload:   e.Payload,
		CreatedAt: e.At.UTC(),
	}
	if a.Payload == nil {
		a.Payload = map[string]string{}
	}
	return a
}

func (s *Server) listEvents(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	q, err := conversationQuery(r, tenant, eventList)
	if err != nil {
		return err
	}
	events, next, err := s.app.ListEvents.Run(r.Context(), q)
	if err != nil {
		return err
	}
	return writeJSON(w, newPage(eventList, events, next, showEvent))
}
