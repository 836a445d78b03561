package httpapi

import (
	"net/http"

	"github.com/gorilla/mux"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
)

type textAnswer struct {
	Text string `json:"text"`
}

func (s *Server) getText(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	q := app.TextQuery{TicketQuery: app.TicketQuery{Tenant: tenant}}
	var err error
	if q.Ticket, err = ticketOf(r); err != nil {
		return err
	}
	if q.Message, err = domain.ParseID[domain.TicketMessageID](mux.Vars(r)["messageId"]); err != nil {
		return domain.Errorf(domain.ErrNotFound, "there is no such message")
	}
	text, err := s.app.GetText.Run(r.Context(), q)
	if err != nil {
		return err
	}
	return writeJSON(w, textAnswer{text})
}
