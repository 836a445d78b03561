package httpapi

import (
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/mux"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/domain/safety"
	"github.com/keybuzzio/marketplaces/ports"
)

type ticketAnswer struct {
	ID                    uuid.UUID    `json:"id"`
	ConnectionID          *uuid.UUID   `json:"connectionId"`
	Channel               string       `json:"channel"`
	ExternalID            *string      `json:"externalId"`
	OrderID               *string      `json:"orderId"`
	Subject               string       `json:"subject"`
	Status                string       `json:"status"`
	Priority              string       `json:"priority"`
	CustomerName          *string      `json:"customerName"`
	CustomerEmail         *string      `json:"customerEmail"`
	SafetyFlags           []flagAnswer `json:"safetyFlags"`
	AutoSendBlockedReason *string      `json:"autoSendBlockedReason"`
	LastMessageAt         *time.Time   `json:"lastMessageAt"`
	CreatedAt             time.Time    `json:"createdAt"`
	UpdatedAt             time.Time    `json:"updatedAt"`
}

func showTicket(t domain.TicketState) ticketAnswer {
	return ticketAnswer{
		ID:                    t.ID.UUID,
		ConnectionID:          idOrNull(t.Connection.UUID),
		Channel:               string(t.Channel),
		ExternalID:            orNull(t.ExternalID),
		OrderID:               orNull(t.OrderID),
		Subject:               t.Subject,
		Status:                string(t.Status),
		Priority:              string(t.Priority),
		CustomerName:          orNull(t.CustomerName),
		CustomerEmail:         orNull(t.CustomerEmail),
		SafetyFlags:           showFlags(t.SafetyFlags),
		AutoSendBlockedReason: orNull(t.AutoSendBlockedReason),
		LastMessageAt:         timeOrNull(t.LastMessageAt),
		CreatedAt:             t.CreatedAt.UTC(),
		UpdatedAt:             t.UpdatedAt.UTC(),
	}
}

// flagAnswer is a safety flag. It holds no word of the message.
type flagAnswer struct {
	Category    string `json:"category"`
	Term        string `json:"term"`
	Language    string `json:"language"`
	Start       int    `json:"start"`
	End         int    `json:"end"`
	ListVersion string `json:"listVersion"`
	Action      string `json:"action"`
}

func showFlags(flags []safety.Flag) []flagAnswer {
	out := make([]flagAnswer, len(flags))
	for i, f := range flags {
		out[i] = flagAnswer{string(f.Category), f.Term, f.Language, f.Start, f.End, f.ListVersion, string(f.Action)}
	}
	return out
}

// ticketOf reads {id}. What cannot be an id names nothing that exists.
func ticketOf(r *http.Request) (domain.TicketID, error) {
	id, err := domain.ParseID[domain.TicketID](mux.Vars(r)["id"])
	if err != nil {
		return id, domain.Errorf(domain.ErrNotFound, "there is no such ticket")
	}
	return id, nil
}

func (s *Server) getTicket(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	id, err := ticketOf(r)
	if err != nil {
		return err
	}
	t, err := s.app.GetTicket.Run(r.Context(), app.TicketQuery{Tenant: tenant, Ticket: id})
	if err != nil {
		return err
	}
	return writeJSON(w, showTicket(t))
}

func (s *Server) listTickets(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	query, err := ticketQuery(r)
	if err != nil {
		return err
	}
	tickets, next, err := s.app.ListTickets.Run(r.Context(), app.ListTicketsQuery{Tenant: tenant, TicketFilter: query})
	if err != nil {
		return err
	}
	return writeJSON(w, newPage(ticketList, tickets, next, showTicket))
}

func ticketQuery(r *http.Request) (q ports.TicketFilter, err error) {
	p, err := parametersOf(r, "status", "channel")
	if err != nil {
		return q, err
	}
	if q.Status, err = readParameter(p, "status", domain.ParseTicketStatus); err != nil {
		return q, err
	}
	if q.Channel, err = readParameter(p, "channel", domain.ParseChannel); err != nil {
		return q, err
	}
	q.After, q.Limit, err = p.paging(ticketList)
	return q, err
}

// conversationQuery reads which page of a ticket's messages or events is asked for.
func conversationQuery(r *http.Request, tenant domain.TenantID, l list) (q app.ConversationQuery, err error) {
	q.Tenant = tenant
	if q.Ticket, err = ticketOf(r); err != nil {
		return q, err
	}
	p, err := parametersOf(r)
	if err != nil {
		return q, err
	}
	q.After, q.Limit, err = p.paging(l)
	return q, err
}

// idOrNull is null in JSON when there is no id.
func idOrNull(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}
