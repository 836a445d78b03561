package httpapi

import (
	"net/http"

	"github.com/keybuzzio/marketplaces/domain"
)

type healthAnswer struct {
	Status string `json:"status"`
}

// healthz says that the process answers, whatever it depends on.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, healthAnswer{"ok"})
}

// readyz says whether requests can be served now.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) error {
	if err := s.ready(r.Context()); err != nil {
		return domain.Wrap(domain.ErrUnavailable, err, "not ready: the database does not answer, or its schema is not the one of this build")
	}
	return writeJSON(w, healthAnswer{"ready"})
}
