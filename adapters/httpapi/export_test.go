package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/gorilla/mux"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Walk visits every route.
func (s *Server) Walk(visit mux.WalkFunc) error { return s.router.Walk(visit) }

// SetTimeout changes how long a request may take.
func (s *Server) SetTimeout(d time.Duration) { s.timeout = d }

// HoldUnsigned takes all the memory that mails may have which nobody has signed yet.
func (s *Server) HoldUnsigned() (release func()) {
	if !s.unsigned.TryAcquire(maxUnsigned) {
		panic("somebody has some of it")
	}
	return func() { s.unsigned.Release(maxUnsigned) }
}

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

// TellStep returns a next step in a language, en or fr.
func TellStep(n domain.NextStep, in string) string {
	t := english
	if in == "fr" {
		t = french
	}
	return tellStep(domain.Amazon, n, t)
}

// NextSteps are the steps that have a sentence.
func NextSteps() []domain.Step { return slices.Collect(maps.Keys(nextSteps)) }

// ConsentProblems are the statuses that the page of consents has a sentence for.
func ConsentProblems() []int { return slices.Collect(maps.Keys(consentProblems)) }

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
