package httpapi

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/keybuzzio/marketplaces/domain"
)

type messageAnswer struct {
	ID                uuid.UUID    `json:"id"`
	TicketID          uuid.UUID    `json:"ticketId"`
	ExternalMessageID *uuid.UUID   `json:"externalMessageId"`
	SenderType        string       `json:"senderType"`
	SenderName        *string      `json:"senderName"`
	Body              string       `json:"body"`
	Source            string       `json:"source"`
	IsInternal        bool         `json:"isInternal"`
	SafetyFlags       []flagAnswer `json:"safetyFlags"`
	SentAt            time.Time    `json:"sentAt"`
}

func showMessage(m domain.TicketMessage) messageAnswer {
	return messageAnswer{
		ID:                m.ID.UUID,
		TicketID:          m.Ticket.UUID,
		ExternalMessageID: idOrNull(m.ExternalMessage.UUID),
		SenderType:        string(m.SenderType),
		SenderName:        orNull(m.SenderName),
		Body:              m.Body,
		Source:            string(m.Source),
		IsInternal:        m.Internal,
		SafetyFlags:       showFlags(m.SafetyFlags),
		SentAt:            m.SentAt.UTC(),
	}
}

func (s *Server) listMessages(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	q, err := conversationQuery(r, tenant, messageList)
	if err != nil {
		return err
	}
	messages, next, err := s.app.ListMessages.Run(r.Context(), q)
	if err != nil {
		return err
	}
	return writeJSON(w, newPage(messageList, messages, next, showMessage))
}
