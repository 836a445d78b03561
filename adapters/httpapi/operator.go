package httpapi

import (
	"log/slog"
	"net/http"

	"github.com/google/uuid"
	"github.com/gorilla/mux"

	"github.com/keybuzzio/marketplaces/domain"
)

// operatorRole is the role of those who keep the whole installation running. It reaches every tenant, so no role that a
// tenant can give stands for it.
const operatorRole = "super_admin"

// operator returns who of the operators a caller is: the subject, which the audit keeps.
func (c caller) operator() (subject string, err error) {
	switch {
	case c.role != operatorRole:
		return "", domain.Errorf(domain.ErrForbidden, "this is for operators: the token's role must be %s", operatorRole)
	case c.subject == "":
		return "", domain.Errorf(domain.ErrForbidden, "the token must name the operator: it has no claim sub that can be recorded")
	}
	return c.subject, nil
}

// operatorHandler is a handler that works for an operator, whatever tenant the token names.
type operatorHandler func(w http.ResponseWriter, r *http.Request, operator string) error

// operatorOnly hands h the operator whose token it is, and refuses to run it for anybody else. Who looked at what, or tried
// to, is a line in the log.
func (s *Server) operatorOnly(h operatorHandler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		x := exchangeOf(r)
		operator, err := x.operator()
		s.noteOperator(r, x.caller, err == nil)
		if err != nil {
			return err
		}
		return h(w, r, operator)
	}
}

// noteOperator writes who asks for what only operators may have. It holds ids and nothing else that a client chose.
func (s *Server) noteOperator(r *http.Request, c caller, allowed bool, more ...slog.Attr) {
	x := exchangeOf(r)
	attrs := []slog.Attr{
		slog.String("operator", c.subject), slog.Bool("allowed", allowed), slog.String("method", methodName(r.Method)),
		slog.String("route", x.route), slog.String("request_id", x.id),
	}
	if id, err := uuid.Parse(mux.Vars(r)["id"]); err == nil {
		attrs = append(attrs, slog.String("id", id.String()))
	}
	level := slog.LevelInfo
	if !allowed {
		level = slog.LevelWarn
	}
	s.log.LogAttrs(r.Context(), level, "operator request", append(attrs, more...)...)
}
