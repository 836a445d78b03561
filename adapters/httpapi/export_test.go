package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"github.com/keybuzzio/marketplaces/ports"
)

// Walk visits every route.
func (s *Server) Walk(visit mux.WalkFunc) error { return s.router.Walk(visit) }

// SetTimeout changes how long a request may take.
func (s *Server) SetTimeout(d time.Duration) { s.timeout = d }

// Handle adds a route under /api/v1.
func (s *Server) Handle(path string, h func(http.ResponseWriter, *http.Request) error) {
	_ = s.router.Walk(func(_ *mux.Route, r *mux.Router, above []*mux.Route) error {
		if len(above) == 0 {
			return nil
		}
		r.Handle(path, s.answer(h))
		return errors.New("found the API's router")
	})
}

// ServeQuickly is Serve for clients that have only d for a header and twice d for a body, and requests that have d to
// finish when it stops.
func ServeQuickly(ctx context.Context, l net.Listener, h http.Handler, d time.Duration) error {
	s := newHTTPServer(h, slog.New(slog.DiscardHandler))
	s.ReadHeaderTimeout, s.ReadTimeout = d, 2*d
	return serve(ctx, l, s, d)
}

// ProblemTypes returns the name of each kind of problem by its status.
func ProblemTypes() map[int]string {
	names := map[int]string{}
	for status, t := range problemTypes {
		names[status] = t.name
	}
	return names
}

// Cursors, as the list of tickets writes and reads them.
func WriteCursor(p ports.Position) *string { return writeCursor(ticketList, p) }

func ReadCursor(text string) (ports.Position, error) { return readCursor(ticketList, text) }
