package httpapi

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/keybuzzio/marketplaces/domain"
)

type messageAnswer struct {
	ID                uuid.UUID          `json:"id"`
	TicketID          uuid.UUID          `json:"ticketId"`
	ExternalMessageID *uuid.UUID         `json:"externalMessageId"`
	SenderType        string             `json:"senderType"`
	SenderName        *string            `json:"senderName"`
	Body              string             `json:"body"`
	Quoted            *string            `json:"quoted"`
	Source            string             `json:"source"`
	IsInternal        bool               `json:"isInternal"`
	Delivery          *string            `json:"delivery"`
	SafetyFlags       []flagAnswer       `json:"safetyFlags"`
	Attachments       []attachmentAnswer `json:"attachments"`
	SentAt            time.Time          `json:"sentAt"`
}

func showMessage(m domain.TicketMessage) messageAnswer {
	return messageAnswer{
		ID:                m.ID.UUID,
		TicketID:          m.Ticket.UUID,
		ExternalMessageID: idOrNull(m.ExternalMessage.UUID),
		SenderType:        string(m.SenderType),
		SenderName:        orNull(m.SenderName),
		Body:              m.Body,
		Quoted:            orNull(m.Quoted),
		Source:            string(m.Source),
		IsInternal:        m.Internal,
		Delivery:          orNull(string(m.Delivery)),
		SafetyFlags:       showFlags(m.SafetyFlags),
		Attachments:       showAttachments(m.Ticket, m.Files),
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
