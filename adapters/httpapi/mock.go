package httpapi

import (
	"net/http"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
)

type mockAnswer struct {
	Message      string `json:"message"`
	ConnectionID string `json:"connectionId"`
	Status       string `json:"status"`
}

func (s *Server) connectMock(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	if err := noBody(w, r); err != nil {
		return err
	}
	c, _, err := s.app.ConnectMock.Run(r.Context(), app.ConnectMockCommand{Tenant: tenant, By: exchangeOf(r).subject})
	if err != nil {
		return err
	}
	return writeJSON(w, mockAnswer{
		Message: "Mock Amazon connection created and polled", ConnectionID: c.ID.String(), Status: string(c.Status),
	})
}
