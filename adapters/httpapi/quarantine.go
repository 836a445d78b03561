package httpapi

import (
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/mux"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
)

// quarantinedAnswer is something in quarantine as lists show it.
type quarantinedAnswer struct {
	ID           uuid.UUID  `json:"id"`
	ConnectionID uuid.UUID  `json:"connectionId"`
	Marketplace  string     `json:"marketplace"`
	Rejected     bool       `json:"rejected"`
	Reason       string     `json:"reason"`
	Detail       *string    `json:"detail"`
	Kind         *string    `json:"kind"`
	ExternalID   *string    `json:"externalId"`
	OrderID      *string    `json:"orderId"`
	BuyerName    *string    `json:"buyerName"`
	BuyerEmail   *string    `json:"buyerEmail"`
	Subject      *string    `json:"subject"`
	Bytes        int        `json:"bytes"`
	ReceivedAt   *time.Time `json:"receivedAt"`
	StoredAt     time.Time  `json:"storedAt"`
}

func showQuarantined(q domain.Quarantined) quarantinedAnswer {
	return quarantinedAnswer{
		ID:           q.ID.UUID,
		ConnectionID: q.Connection.UUID,
		Marketplace:  string(q.Type),
		Rejected:     q.Rejected,
		Reason:       q.Reason,
		Detail:       orNull(q.Detail),
		Kind:         orNull(string(q.Kind)),
		ExternalID:   orNull(q.ExternalID),
		OrderID:      orNull(q.OrderID),
		BuyerName:    orNull(q.BuyerName),
		BuyerEmail:   orNull(q.BuyerEmail),
		Subject:      orNull(q.Subject),
		Bytes:        q.Raw.Size,
		ReceivedAt:   timeOrNull(q.ReceivedAt),
		StoredAt:     q.StoredAt.UTC(),
	}
}

// quarantineQuery reads {id}. What cannot be an id names nothing that exists.
func quarantineQuery(r *http.Request, tenant domain.TenantID) (app.QuarantineQuery, error) {
	id, err := domain.ParseID[domain.QuarantineID](mux.Vars(r)["id"])
	if err != nil {
		return app.QuarantineQuery{}, domain.Errorf(domain.ErrNotFound, "there is no such message in quarantine")
	}
	return app.QuarantineQuery{Tenant: tenant, ID: id}, nil
}

func (s *Server) listQuarantine(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	p, err := parametersOf(r)
	if err != nil {
		return err
	}
	q := app.ListQuarantineQuery{Tenant: tenant}
	if q.After, q.Limit, err = p.paging(quarantineList); err != nil {
		return err
	}
	found, next, err := s.app.ListQuarantine.Run(r.Context(), q)
	if err != nil {
		return err
	}
	return writeJSON(w, newPage(quarantineList, found, next, showQuarantined))
}

func (s *Server) getQuarantined(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	q, err := quarantineQuery(r, tenant)
	if err != nil {
		return err
	}
	found, m, err := s.app.GetQuarantined.Run(r.Context(), q)
	if err != nil {
		return err
	}
	return writeJSON(w, quarantinedDetail{showQuarantined(found), showReading(m)})
}

func (s *Server) getQuarantinedRaw(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	q, err := quarantineQuery(r, tenant)
	if err != nil {
		return err
	}
	_, raw, err := s.app.GetQuarantined.Raw(r.Context(), q)
	if err != nil {
		return err
	}
	// Only a mail is called one: a source's own bytes are bytes.
	contentType, name := unknownType, q.ID.String()+".bin"
	if baseType(raw.MediaType) == mailType {
		contentType, name = mailType, q.ID.String()+".eml"
	}
	w.Header().Set("ETag", `"`+domain.DigestOf(raw.Bytes).String()+`"`)
	writeFile(w, contentType, name, raw.Bytes)
	return nil
}

// assignBody names a ticket.
type assignBody struct {
	TicketID string `json:"ticketId"`
}

type assignAnswer struct {
	TicketID  uuid.UUID  `json:"ticketId"`
	MessageID *uuid.UUID `json:"messageId"` // null when it became an event
}

func (s *Server) assignQuarantined(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	q, err := quarantineQuery(r, tenant)
	if err != nil {
		return err
	}
	var body assignBody
	if err := readBody(w, r, &body); err != nil {
		return err
	}
	ticket, err := domain.ParseID[domain.TicketID](body.TicketID)
	if err != nil {
		return wrongField(http.StatusBadRequest, "ticketId", domain.Message(err))
	}
	message, err := s.app.Assign.Run(r.Context(), app.AssignCommand{Tenant: tenant, ID: q.ID, Ticket: ticket, By: exchangeOf(r).subject})
	if err != nil {
		return err
	}
	return writeJSON(w, assignAnswer{ticket.UUID, idOrNull(message.UUID)})
}

func (s *Server) dismissQuarantined(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	q, err := quarantineQuery(r, tenant)
	if err != nil {
		return err
	}
	if err := noBody(w, r); err != nil {
		return err
	}
	if err := s.app.Dismiss.Run(r.Context(), app.DismissCommand{Tenant: tenant, ID: q.ID, By: exchangeOf(r).subject}); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) replayQuarantined(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	q, err := quarantineQuery(r, tenant)
	if err != nil {
		return err
	}
	if err := noBody(w, r); err != nil {
		return err
	}
	result, differences, err := s.app.ReplayQuarantined.Run(r.Context(), app.ReplayQuarantinedCommand{
		Tenant: tenant, ID: q.ID, By: exchangeOf(r).subject,
	})
	if err != nil {
		return err
	}
	return writeJSON(w, showReplay(result, differences))
}
