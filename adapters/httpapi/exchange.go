package httpapi

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/mux"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// exchange is one request and its answer, as far as the access log, the metrics and problems need to know.
type exchange struct {
	http.ResponseWriter
	caller        // zero until authenticated
	id     string // of the request
	route  string // template of the route; otherRoute when none matched
	status int    // 0 until the header is written
	bytes  int64  // of the body
}

// otherRoute stands for every path that is no route, so that nobody can fill logs and metrics with names.
const otherRoute = "other"

type exchangeKey struct{}

// exchangeOf returns the exchange that ServeHTTP began for r.
func exchangeOf(r *http.Request) *exchange {
	x, _ := r.Context().Value(exchangeKey{}).(*exchange)
	return x
}

// WriteHeader notes the final status.
func (x *exchange) WriteHeader(status int) {
	if x.status == 0 && status >= 200 {
		x.status = status
	}
	x.ResponseWriter.WriteHeader(status)
}

// Write counts what the body has.
func (x *exchange) Write(b []byte) (int, error) {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	n, err := x.ResponseWriter.Write(b)
	x.bytes += int64(n)
	return n, err
}

// ServeHTTP answers one request, whatever happens, and notes it once in the access log and the metrics.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	x := &exchange{ResponseWriter: w, id: requestID(r), route: otherRoute}
	ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), exchangeKey{}, x), s.timeout)
	defer cancel()
	r = r.WithContext(ctx)

	h := x.Header()
	h.Set("X-Request-Id", x.id)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")

	defer s.note(r, x, start)
	defer s.survive(x, r)
	s.router.ServeHTTP(x, r)
}

// survive turns a panic into a problem. What was panicked with may hold a buyer's text: its type and the stack do not.
func (s *Server) survive(x *exchange, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler {
		panic(p)
	}
	s.log.ErrorContext(r.Context(), "request panicked", "request_id", x.id, "route", x.route,
		"panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
	if x.status != 0 {
		panic(http.ErrAbortHandler) // half an answer must not look like a whole one
	}
	writeProblem(x, r, newProblem(http.StatusInternalServerError, internalDetail))
}

// note writes the access log's line, counts the request, and names the span that somebody may have begun for it. Nothing in
// these comes from the client but its request id: neither path nor query, header or body.
func (s *Server) note(r *http.Request, x *exchange, start time.Time) {
	if x.status == 0 {
		x.status = http.StatusOK // what net/http sends for a handler that wrote nothing
	}
	took := time.Since(start)
	s.metrics.observe(x.route, r.Method, x.status, took)
	span := trace.SpanFromContext(r.Context())
	span.SetName(methodName(r.Method) + " " + x.route)
	span.SetAttributes(attribute.String("http.route", x.route))
	attrs := []slog.Attr{
		slog.String("method", methodName(r.Method)), slog.String("route", x.route), slog.Int("status", x.status),
		slog.Int64("bytes", x.bytes), slog.Duration("duration", took), slog.String("request_id", x.id),
	}
	if !x.tenant.IsZero() {
		attrs = append(attrs, slog.String("tenant", x.tenant.String()))
	}
	s.log.LogAttrs(r.Context(), slog.LevelInfo, "request", attrs...)
}

// noteRoute writes down which route was found.
func noteRoute(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The route of a path whose method is wrong is the one above it, which has no handler.
		if route := mux.CurrentRoute(r); route != nil && route.GetHandler() != nil {
			if template, err := route.GetPathTemplate(); err == nil {
				exchangeOf(r).route = template
			}
		}
		next.ServeHTTP(w, r)
	})
}

// methodName is the request's method if it is one that HTTP has, so that nobody can fill logs and metrics with names.
func methodName(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return m
	}
	return "other"
}

// maxRequestID bounds a request id that a client chose, in bytes.
const maxRequestID = 64

// requestID is the client's request id if it is a short token of letters, digits, '.', '_' and '-'; else a fresh one.
func requestID(r *http.Request) string {
	id := r.Header.Get("X-Request-Id")
	if id == "" || len(id) > maxRequestID {
		return newRequestID()
	}
	for i := range len(id) {
		switch c := id[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '_', c == '-':
		default:
			return newRequestID()
		}
	}
	return id
}

func newRequestID() string { return uuid.Must(uuid.NewV7()).String() }
